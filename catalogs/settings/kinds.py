"""Kinds of values that several settings have, each with its check."""

import datetime as dt
import re
from typing import Annotated, Final, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, SecretStr

T = TypeVar("T")

_WEB_ADDRESS: Final = re.compile(r"https?://[^\s@]+")


class SettingGroup(BaseModel):
    """Settings of one subject; `Settings` unites the groups under their flat names."""

    model_config = ConfigDict(frozen=True)


def _none_if_empty(value: object) -> object:
    return None if isinstance(value, str) and not value.strip() else value


def _hour_in_utc(value: dt.time | None) -> dt.time | None:
    if value is not None and value.tzinfo is not None:
        # Also what a bare number becomes: seconds of a day in UTC.
        message = 'write an hour of the day, UTC, as "HH:MM", such as "06:00", without a zone'
        raise ValueError(message)
    return value


def _each_once(names: tuple[T, ...]) -> tuple[T, ...]:
    if len(set(names)) < len(names):
        message = "name each once"
        raise ValueError(message)
    return names


def _web_address(url: str) -> str:
    if url and not _WEB_ADDRESS.fullmatch(url):
        message = "give an address that begins with http:// or https://, without a user name"
        raise ValueError(message)
    return url


def _secret_address(url: SecretStr | None) -> SecretStr | None:
    if url is not None:
        _web_address(url.get_secret_value())
    return url


EmptyIsNone = Annotated[T | None, BeforeValidator(_none_if_empty)]
"""None where the text is empty: the environment has no other way to say it."""
HourUtc = Annotated[EmptyIsNone[dt.time], AfterValidator(_hour_in_utc)]
EachOnce = Annotated[tuple[T, ...], AfterValidator(_each_once)]
WebAddress = Annotated[
    str, AfterValidator(_web_address), AfterValidator(lambda url: url.rstrip("/"))
]
SecretAddress = Annotated[EmptyIsNone[SecretStr], AfterValidator(_secret_address)]
