"""The settings of a run: one frozen model, from arguments, environment and a file, in that order.

``FRINGEWATCH_<FIELD>`` sets a field from the environment; ``fringewatch.toml`` in the home sets
the rest. A misspelt name is refused in both.
"""

import difflib
import os
import re
import tomllib
from pathlib import Path
from typing import Any, Final, Self, get_origin

from pydantic import ValidationError, ValidationInfo, field_validator
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)
from typing_extensions import override

from catalogs.settings.judging import JudgingSettings
from catalogs.settings.outputs import OutputSettings
from catalogs.settings.portal import PortalSettings
from catalogs.settings.runs import RunSettings
from catalogs.settings.volcano import PlaceSettings
from catalogs.settings.words import HIDDEN, KnownNames, words_of_errors
from fringewatch.errors import BadInputError

_PREFIX: Final = "FRINGEWATCH_"
_NEXT_ADDRESS: Final = re.compile(r"[\s,]+(?=[A-Za-z][A-Za-z0-9+.-]*://)")
_SECRETS: Final = frozenset({"notify", "heartbeat_url"})
"""Settings whose values are shown nowhere."""


class Settings(OutputSettings, JudgingSettings, PortalSettings, RunSettings, BaseSettings):
    """Everything that a run can be told."""

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX,
        extra="forbid",
        frozen=True,
        validate_default=True,
        allow_inf_nan=False,
        hide_input_in_errors=True,  # addresses of channels are secrets, also in a traceback
    )

    @field_validator("*", mode="before")
    @classmethod
    def _no_truth_for_numbers(cls, value: object, info: ValidationInfo) -> object:
        kind = cls.model_fields[str(info.field_name)].annotation
        if isinstance(value, bool) and kind in {int, float, float | None}:
            message = "write a number"
            raise ValueError(message)
        return value

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
        path = home / "fringewatch.toml"
        if path.is_dir():
            message = f"{path} is a folder: a file with the settings belongs there, or nothing"
            raise BadInputError(message)
        file = _File(settings_cls, toml_file=path)
        if "home" in file():
            message = (
                f"{path}: home = '{file()['home']}': the home is the folder that this file lies "
                "in: remove the entry, and name another home with --home or FRINGEWATCH_HOME"
            )
            raise BadInputError(message)
        return init_settings, environment, file


class _File(TomlConfigSettingsSource):
    """The file in the home, also as an editor of Windows writes it."""

    @override
    def _read_file(self, file_path: Any) -> dict[str, Any]:
        try:
            return tomllib.loads(file_path.read_text("utf-8-sig"))
        except OSError as error:
            message = f"{file_path} cannot be read ({error.strerror}): change its owner or mode"
            raise BadInputError(message) from error


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
            shown = HIDDEN if is_secret else value
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
        known = KnownNames(Settings.model_fields, PlaceSettings.model_fields, _SECRETS)
        wrong = "; ".join(words_of_errors(error.errors(), known))
        message = f"settings are wrong: {wrong}"
        raise BadInputError(message) from None  # its own words could hold an address
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
