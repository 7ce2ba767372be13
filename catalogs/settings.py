"""The settings of a run: one frozen model, from arguments, environment and a file, in that order.

``FRINGEWATCH_<FIELD>`` sets a field from the environment; ``fringewatch.toml`` in the home sets
the rest. A misspelt name is refused in both.
"""

import datetime as dt
import difflib
import os
import tomllib
from pathlib import Path
from typing import Any, Final, Literal, get_origin

from pydantic import Field, ValidationError, field_validator
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)
from typing_extensions import override

from catalogs.portal.allowed_hosts import AllowedHosts
from catalogs.portal.roots import DEFAULT_ROOTS, DEFAULT_USER_AGENT, parse_root
from catalogs.records import Product
from fringewatch.errors import BadInputError
from fringewatch.plugins import DATE_METHODS, plugin_names

_PREFIX = "FRINGEWATCH_"

DATE_METHOD_NAMES: Final = ("rule", "cumulative-sum", "deconvolution", "early", "quiet")
"""The methods and presets that come with Fringewatch; a test holds them against those there are."""


class Settings(BaseSettings):
    """Everything that a run can be told."""

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX, extra="forbid", frozen=True, validate_default=True
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
    water_coherence: float = Field(
        default=0.1,
        ge=0.0,
        lt=1.0,
        description="what counts as coherent: where there is no landmask, pixels that reach it in "
        "no pair are water (over open sea it is under 0.08), and a patch of which less than half "
        "reaches it in a pair has no score",
    )

    @property
    def phase(self) -> Product:
        """The product that `product` names."""
        return Product(self.product)

    @field_validator("retry_until", mode="before")
    @classmethod
    def _no_hour(cls, value: object) -> object:
        return None if isinstance(value, str) and not value.strip() else value

    @field_validator("retry_until")
    @classmethod
    def _hour_in_utc(cls, value: dt.time | None) -> dt.time | None:
        if value is not None and value.tzinfo is not None:
            message = "give the hour in UTC, without a zone"
            raise ValueError(message)
        return value

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


class _Environment(EnvSettingsSource):
    """The environment, where a list may also be words with commas between them."""

    @override
    def decode_complex_value(self, field_name: str, field: FieldInfo, value: Any) -> Any:
        is_list = get_origin(field.annotation) in {tuple, list, frozenset, set}
        if is_list and not str(value).lstrip().startswith(("[", '"')):
            return [word for word in map(str.strip, str(value).split(",")) if word]
        try:
            found = super().decode_complex_value(field_name, field, value)
        except ValueError as error:
            message = f"{_PREFIX}{field_name.upper()}={value}: it is no JSON ({error})"
            raise BadInputError(message) from error
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
        wrong = "; ".join(
            f"{'.'.join(str(part) for part in item['loc'])} = {item['input']!r}: {item['msg']}"
            for item in error.errors()
        )
        message = f"settings are wrong: {wrong}"
        raise BadInputError(message) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        message = f"fringewatch.toml in the home is no TOML: {error}"
        raise BadInputError(message) from error


def _refuse_unknown_variables() -> None:
    known = [f"{_PREFIX}{name.upper()}" for name in Settings.model_fields]
    for name in os.environ:
        if name.upper().startswith(_PREFIX) and name.upper() not in known:
            near = difflib.get_close_matches(name.upper(), known, n=1) or known
            message = f"the environment variable {name} is no setting; known: {', '.join(near)}"
            raise BadInputError(message)
