"""What comes out of a run beside its tables: pictures, pages, exports and messages."""

from typing import Final, Literal, Self

from pydantic import Field, SecretStr, model_validator

from catalogs.settings.kinds import EachOnce, HourUtc, SettingGroup, WebAddress

NO_SENDER: Final = "fringewatch.invalid"
"""Of CAP messages of which nobody has said who sends them."""


class OutputSettings(SettingGroup):
    """Pictures, pages, exports for other systems, and messages to people."""

    footnote: str = Field(default="", description="words to put under every picture")
    site: bool = Field(
        default=True, description="make the pages for people, in site/, after every run"
    )
    site_url: WebAddress = Field(
        default="", description="address of the pages, for links in messages and in Prefect"
    )

    exports: EachOnce[Literal["geojson", "atom", "cog", "kmz", "stac", "cap", "vona"]] = Field(
        default=(), description="what is written for other systems after each run"
    )
    cap_status: Literal["Exercise", "Test", "Actual"] = Field(
        default="Test", description="status of the CAP messages; Actual alerts people"
    )
    cap_sender: str = Field(
        default=NO_SENDER,
        pattern=r"^[^\s,<&]+$",
        description="who sends the CAP messages, such as duty@observatory.example",
    )

    notify: tuple[SecretStr, ...] = Field(
        default=(),
        description="where messages go, as addresses of Apprise: mailto://..., ntfy://...; these "
        "are shown nowhere",
    )
    notify_watch: bool = Field(
        default=False, description="whether the state watch is worth a message, too"
    )
    notify_failed_nights: int = Field(
        default=3,
        ge=0,
        description="failed nights in a row after which there is a message, and again after as "
        "many; 0 for none",
    )
    notify_cooldown_days: float = Field(
        default=0.0,
        ge=0.0,
        le=365.0,
        description="after a message on a volcano's state the next one waits for so long; what has "
        "changed back by then is not told",
    )
    notify_rearm_days: float = Field(
        default=0.0,
        ge=0.0,
        le=365.0,
        description="unrest is told at once, without cooldown or digest, unless it was told so "
        "short a time before",
    )
    notify_digest: HourUtc = Field(
        default=None,
        description="hour (UTC) at which all but new unrest is told in one message; empty for at "
        "once",
    )

    @model_validator(mode="after")
    def _check_sender(self) -> Self:
        if self.cap_status == "Actual" and self.cap_sender == NO_SENDER:
            message = "cap_status = 'Actual' alerts people: say who sends it (cap_sender)"
            raise ValueError(message)
        return self
