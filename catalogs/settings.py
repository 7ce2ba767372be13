"""The settings of a run: one frozen model, from arguments, environment and a file, in that order.

``FRINGEWATCH_<FIELD>`` sets a field from the environment; ``fringewatch.toml`` in the home sets
the rest. A misspelt name is refused in both.
"""

import datetime as dt
import difflib
import os
import re
import tomllib
from pathlib import Path
from typing import Any, Final, Literal, Self, get_origin

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)
from typing_extensions import override

from catalogs.place_settings import PlaceSettings
from catalogs.portal.allowed_hosts import AllowedHosts
from catalogs.portal.roots import DEFAULT_ROOTS, DEFAULT_USER_AGENT, parse_root
from catalogs.records import Product
from catalogs.world.volcanoes import find_volcano, is_slug, plain_spelling
from fringewatch.errors import BadInputError
from fringewatch.plugins import DATE_METHODS, plugin_names

_PREFIX = "FRINGEWATCH_"

NO_SENDER: Final = "fringewatch.invalid"
"""Of CAP messages of which nobody has said who sends them."""
_ADDRESS: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://\S+")
_NEXT_ADDRESS: Final = re.compile(r"[\s,]+(?=[A-Za-z][A-Za-z0-9+.-]*://)")

DATE_METHOD_NAMES: Final = ("rule", "cumulative-sum", "deconvolution", "early", "quiet")
"""The methods and presets that come with Fringewatch; a test holds them against those there are."""


class Settings(BaseSettings):
    """Everything that a run can be told."""

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX,
        extra="forbid",
        frozen=True,
        validate_default=True,
        hide_input_in_errors=True,  # addresses of channels are secrets, also in a traceback
    )

    home: Path = Field(
        default=Path("fringewatch-data"), description="folder that holds everything that is kept"
    )
    portal: tuple[str, ...] = Field(
        default=DEFAULT_ROOTS,
        min_length=1,
        description="addresses or folders that hold the track folders, best first; listings are "
        "united",
    )
    product: Literal["diff_pha", "unw", "diff_unfiltered_pha"] = Field(
        default="diff_pha",
        description="the phase that is read: filtered, unwrapped (it is wrapped again), unfiltered",
    )
    model: str = Field(default="simclr-compact-2", description="the detector, by name")
    method: str = Field(
        default="deconvolution",
        description="how the scores of pairs become a verdict for each date: rule, "
        "cumulative-sum, deconvolution, the presets early and quiet, or one of another package",
    )
    method_options: dict[str, bool | int | float] = Field(
        default={}, description="the method's own settings, where its defaults will not do"
    )
    rate_days: int = Field(
        default=72,
        ge=0,
        le=1000,
        description="days before each date whose pairs tell how fast places move; 0 for not at all",
    )
    slow_deviations: float = Field(
        default=4.0,
        ge=0.0,
        le=1000.0,
        description="standard deviations of a place's rate that are slow motion on two dates in a "
        "row; 0: rates are told, and change no state",
    )
    watch: tuple[str, ...] = Field(default=(), description="volcanoes that nightly looks after")
    lookback_days: int = Field(
        default=90, ge=1, le=3650, description="how far back nightly looks for pairs it has not"
    )
    retry_until: dt.time | None = Field(
        default=dt.time(6),
        description="hour (UTC) until which nightly asks again for volcanoes that got nothing; "
        "empty for not at all",
    )
    retry_pause_minutes: float = Field(
        default=15.0, gt=0.0, le=720.0, description="pause before nightly asks for them again"
    )
    busy_wait_minutes: float = Field(
        default=30.0,
        ge=0.0,
        le=1440.0,
        description="how long a run waits for another that writes to its home",
    )
    pairs_per_batch: int = Field(
        default=24, ge=1, le=500, description="pairs downloaded before they are tiled together"
    )
    connections: int = Field(
        default=4, ge=1, le=8, description="connections to one host at the same time"
    )
    requests_per_second: float = Field(
        default=5.0, gt=0.0, le=1000.0, description="requests to one host, at the most"
    )
    retries: int = Field(
        default=4, ge=0, le=20, description="repetitions of a request that gets no good answer"
    )
    user_agent: str = Field(
        default=DEFAULT_USER_AGENT,
        min_length=1,
        description="how we present ourselves to the portal; add your observatory's address",
    )
    portal_hosts: tuple[str, ...] = Field(
        default=(),
        description="further hosts that links and redirects of the portal may lead to, as name or "
        "name:port; they may lie in a private network",
    )
    netrc: bool = Field(
        default=False, description="send hosts the credentials that ~/.netrc has for them"
    )
    largest_page_mb: float = Field(
        default=8.0, gt=0.0, le=1024.0, description="a listing that is longer is refused"
    )
    largest_file_mb: float = Field(
        default=1024.0, gt=0.0, le=1e6, description="an interferogram that is larger is refused"
    )
    footnote: str = Field(default="", description="words to put under every picture")
    site: bool = Field(
        default=True, description="make the pages for people, in site/, after every run"
    )
    whole_files: bool = Field(
        default=False, description="download whole files, where only the window's bytes are needed"
    )
    keep_granules: bool = Field(
        default=False, description="keep the downloaded files after they are in the cube"
    )
    storage: str = Field(
        default="",
        description="where cubes, corpora, models and tables lie, if not in the home: a folder, or "
        "s3://bucket/prefix; the ledger always lies in the home",
    )
    workers: int = Field(
        default=0,
        ge=0,
        le=1024,
        description="processes that share large work; 0: one for each processor, 1: this one",
    )
    worker_memory_gb: float = Field(
        default=2.0, gt=0.0, description="memory at which an embedded worker is stopped"
    )
    scheduler: str = Field(
        default="", description="address of a Dask scheduler, instead of embedded workers"
    )
    air: tuple[Literal["heights", "gacos", "icams"], ...] = Field(
        default=("heights",),
        description="what layered air is taken from the phase along, before it is scored, the most "
        "trusted first: the frame's heights, and the delays that two weather models have of its "
        "dates; empty for nothing",
    )
    deforming_share: float | None = Field(
        default=None,
        ge=0.0001,
        le=0.9,
        description="share of windows that deform, as the observatory knows its volcanoes: what "
        "probabilities assume; moves neither scores nor verdicts. By default what the model's card "
        "states",
    )
    water_coherence: float = Field(
        default=0.1,
        ge=0.0,
        lt=1.0,
        description="what counts as coherent: where there is no landmask, pixels that reach it in "
        "no pair are water (over open sea it is under 0.08), and a patch of which less than half "
        "reaches it in a pair has no score",
    )

    exports: tuple[Literal["geojson", "atom", "cog", "kmz", "stac", "cap", "vona"], ...] = Field(
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
    volcano: dict[str, PlaceSettings] = Field(
        default={}, description="single volcanoes: places of one's own, and changes to known ones"
    )

    def for_volcano(self, slug: str) -> Self:
        """Return the settings as they are for one volcano: its own, and those of no other."""
        place = self.volcano.get(slug)
        if place is None:
            return self.model_copy(update={"volcano": {}}) if self.volcano else self
        options = place.method_options
        if place.own_method is None:
            options = {**self.method_options, **options}
        own = {"method": place.own_method or self.method, "method_options": options}
        return self.model_copy(update={"volcano": {slug: place}, **own})

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
    notify_digest: dt.time | None = Field(
        default=None,
        description="hour (UTC) at which all but new unrest is told in one message; empty for at "
        "once",
    )
    stale_days: int = Field(
        default=30, ge=1, le=3650, description="age of the newest data at which a volcano is stale"
    )
    night_hours: float = Field(
        default=26.0,
        gt=0.0,
        le=8760.0,
        description="a night that is longer ago than this did not run when it should have",
    )
    disk_days: float = Field(
        default=30.0,
        ge=0.0,
        le=3650.0,
        description="health warns when the disk will be full within so many days, at its growth",
    )
    site_url: str = Field(
        default="", description="address of the pages, for links in messages and in Prefect"
    )
    heartbeat_url: SecretStr | None = Field(
        default=None, description="address that is asked for after each good night"
    )
    metrics_file: Path | None = Field(
        default=None, description="text file for Prometheus, written after each run"
    )

    @property
    def phase(self) -> Product:
        """The product that `product` names."""
        return Product(self.product)

    @field_validator("retry_until", "notify_digest", mode="before")
    @classmethod
    def _no_hour(cls, value: object) -> object:
        return None if isinstance(value, str) and not value.strip() else value

    @field_validator("retry_until", "notify_digest")
    @classmethod
    def _hour_in_utc(cls, value: dt.time | None) -> dt.time | None:
        if value is not None and value.tzinfo is not None:
            message = "give the hour in UTC, without a zone"
            raise ValueError(message)
        return value

    @field_validator("exports")
    @classmethod
    def _each_export_once(cls, exports: tuple[str, ...]) -> tuple[str, ...]:
        return cls._each_once(exports)

    @model_validator(mode="after")
    def _check_sender(self) -> Self:
        if self.cap_status == "Actual" and self.cap_sender == NO_SENDER:
            message = "cap_status = 'Actual' alerts people: say who sends it (cap_sender)"
            raise ValueError(message)
        return self

    @field_validator("volcano")
    @classmethod
    def _by_slug(cls, given: dict[str, PlaceSettings]) -> dict[str, PlaceSettings]:
        found: dict[str, PlaceSettings] = {}
        for name, place in given.items():
            slug = _slug_of(name, place)
            if slug in found:
                message = f"[volcano.{name}]: there is another entry for {slug}: make them one"
                raise ValueError(message)
            if place.method is not None:
                try:
                    cls._check_method(place.method)
                except ValueError as error:
                    message = f"volcano.{name}.method = '{place.method}': {error}"
                    raise ValueError(message) from error
            found[slug] = place
        return found

    @field_validator("heartbeat_url", "metrics_file", mode="before")
    @classmethod
    def _nothing(cls, value: object) -> object:
        return None if isinstance(value, str) and not value.strip() else value

    @field_validator("notify")
    @classmethod
    def _check_channels(cls, channels: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        for number, channel in enumerate(channels, 1):
            if not _ADDRESS.fullmatch(channel.get_secret_value().strip()):
                message = f"number {number} is no address of a channel: write scheme://..."
                raise ValueError(message)
        return channels

    @field_validator("heartbeat_url")
    @classmethod
    def _check_heartbeat(cls, url: SecretStr | None) -> SecretStr | None:
        if url is not None and not re.fullmatch(r"https?://[^\s@]+", url.get_secret_value()):
            message = "give an address that begins with http:// or https://, without a user name"
            raise ValueError(message)
        return url

    @field_validator("site_url")
    @classmethod
    def _check_site(cls, url: str) -> str:
        if url and not re.fullmatch(r"https?://[^\s@]+", url):
            message = "give an address that begins with http:// or https://, without a user name"
            raise ValueError(message)
        return url.rstrip("/")

    @field_validator("method")
    @classmethod
    def _check_method(cls, name: str) -> str:
        if name not in DATE_METHOD_NAMES:  # else no package is asked what it adds
            known = (*DATE_METHOD_NAMES, *plugin_names(DATE_METHODS))
            if name not in known:
                message = f"no such method: one of {', '.join(known)}"
                raise ValueError(message)
        return name

    @field_validator("air")
    @classmethod
    def _each_once(cls, fields: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(fields)) < len(fields):
            message = "name each once"
            raise ValueError(message)
        return fields

    @field_validator("portal")
    @classmethod
    def _check_roots(cls, roots: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(parse_root(root) for root in roots)

    @field_validator("portal_hosts")
    @classmethod
    def _check_hosts(cls, hosts: tuple[str, ...]) -> tuple[str, ...]:
        AllowedHosts(hosts)
        return hosts

    @classmethod
    @override
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Order the sources; the file lies in the home, which only the first two can name."""
        environment = _Environment(settings_cls)
        named = {**environment(), **init_settings()}
        home = Path(named.get("home", cls.model_fields["home"].default))
        file = TomlConfigSettingsSource(settings_cls, toml_file=home / "fringewatch.toml")
        return init_settings, environment, file


def _slug_of(name: str, place: PlaceSettings) -> str:
    """Return the slug of an entry: the catalogue's where it knows the name, else its own."""
    try:
        return find_volcano(name).slug
    except BadInputError as error:
        if not place.is_placed:
            message = f"[volcano.{name}]: {error}; a place of your own needs latitude and longitude"
            raise ValueError(message) from error
    slug = plain_spelling(name)
    if is_slug(slug):
        return slug
    message = (
        f"[volcano.{name}]: call the entry by lower-case letters, digits and hyphens, such as "
        'laguna-azul, and give the full name as name = "..."'
    )
    raise ValueError(message)


_SECRETS: Final = frozenset({"notify", "heartbeat_url"})
"""Settings whose values are shown nowhere."""
_HIDDEN: Final = "(not shown)"


class _Environment(EnvSettingsSource):
    """The environment, where a list may also be words with commas between them."""

    @override
    def decode_complex_value(self, field_name: str, field: FieldInfo, value: Any) -> Any:
        is_list = get_origin(field.annotation) in {tuple, list, frozenset, set}
        is_secret = field_name in _SECRETS
        if is_secret and not str(value).lstrip().startswith(("[", '"')):
            return _NEXT_ADDRESS.split(str(value).strip(" ,")) if str(value).strip(" ,") else []
        if is_list and not str(value).lstrip().startswith(("[", '"')):
            return [word for word in map(str.strip, str(value).split(",")) if word]
        try:
            found = super().decode_complex_value(field_name, field, value)
        except ValueError as error:
            shown = _HIDDEN if is_secret else value
            message = f"{_PREFIX}{field_name.upper()}={shown}: it is no JSON ({error})"
            raise BadInputError(message) from (None if is_secret else error)
        return [found] if is_list and isinstance(found, str) else found


def load_settings(**given: Any) -> Settings:
    """Return the settings, `given` first; None means not given.

    Raises
    ------
    BadInputError
        If a name is unknown or a value out of range; the message names each of them.
    """
    _refuse_unknown_variables()
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        wrong = "; ".join(map(_words_of, error.errors()))
        message = f"settings are wrong: {wrong}"
        raise BadInputError(message) from None  # its own words could hold an address
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        message = f"fringewatch.toml in the home is no TOML: {error}"
        raise BadInputError(message) from error


def _words_of(item: ErrorDetails) -> str:
    """What is wrong with a setting; a value that may be an address is not repeated.

    Nothing is said of a whole table: its message names what is wrong in it.
    """
    name, place = ".".join(map(str, item["loc"])), item["loc"]
    if not place:  # of several settings together
        return item["msg"]
    if isinstance(item["input"], dict) and place[0] not in _SECRETS:
        return f"{name}: {item['msg']}"
    is_unknown = item["type"] == "extra_forbidden" and len(place) == 1  # a misspelt secret?
    is_secret = place[0] in _SECRETS or is_unknown
    return f"{name} = {_HIDDEN if is_secret else repr(item['input'])}: {item['msg']}"


def _refuse_unknown_variables() -> None:
    known = [f"{_PREFIX}{name.upper()}" for name in Settings.model_fields]
    for name in os.environ:
        if name.upper().startswith(_PREFIX) and name.upper() not in known:
            near = difflib.get_close_matches(name.upper(), known, n=1) or known
            message = f"the environment variable {name} is no setting; known: {', '.join(near)}"
            raise BadInputError(message)
