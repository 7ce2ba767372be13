"""Frozen dataclasses from the tables of a TOML file: every wrong key or value named by its path.

The keys of a table are the fields of its record, so that the science's own records (a source, a
time course, the weather) are the format, with the checks that they make themselves.

Pydantic could read them, but not say where: it takes the errors of a record's own checks for its
own only if they are `ValueError`s, and gives others without the path of the key.
"""

import dataclasses
import datetime as dt
import difflib
import math
import re
import types
import typing
from collections.abc import Callable, Mapping
from typing import Any, Final, NoReturn, TypeVar

from catalogs.records import FrameId, Volcano
from catalogs.world.volcanoes import find_volcano
from fringewatch.errors import BadInputError
from insar_models.simulation.sources import Dyke, Mogi, Rectangle, Sill, Source
from insar_models.simulation.terrain import GivenTerrain, Terrain
from insar_models.simulation.time_courses import (
    Eruption,
    ExponentialInflation,
    Ramp,
    Step,
    TimeCourse,
)

T = TypeVar("T")

_WORDS: Final[Mapping[object, Callable[[str], Any]]] = types.MappingProxyType(
    {FrameId: FrameId.parse, Volcano: find_volcano, str: str}
)
"""What a piece of text can stand for."""
_CHOICES: Final[Mapping[object, Mapping[str, type]]] = types.MappingProxyType(
    {
        Source: {"mogi": Mogi, "dyke": Dyke, "sill": Sill, "rectangle": Rectangle},
        TimeCourse: {
            "step": Step,
            "ramp": Ramp,
            "exponential": ExponentialInflation,
            "eruption": Eruption,
        },
        Terrain | GivenTerrain: {"terrain": Terrain},
    }
)
"""By the type of a field, the records that it can be, by the word for each in the key ``type``."""


def read_record(kind: type[T], table: object, path: str) -> T:
    """Return the record of type `kind` that a table of a TOML file holds.

    Parameters
    ----------
    kind
        A frozen dataclass. Its fields are numbers, truth values, texts, dates, records, or tuples
        of these; where one may be of several records, the key ``type`` says which.
    table
        What the TOML parser gave.
    path
        Where it stands, such as ``episodes[1].source``; empty for the whole file. Entries of a
        list are counted from 1.

    Raises
    ------
    BadInputError
        If a key is unknown or missing, or a value is wrong; the message begins with the key's path.
    """
    if not isinstance(table, dict):
        _refuse(path, table, "a table of keys")
    hints = typing.get_type_hints(kind)
    known = {field.name: field for field in dataclasses.fields(typing.cast("Any", kind))}
    for key in table:
        if key not in known:
            _refuse_key(join(path, key), key, known)
    required = (name for name, field in known.items() if _is_required(field))
    for name in required:
        if name not in table:
            message = f"{join(path, name)} is missing"
            raise BadInputError(message)
    values = {key: _convert(hints[key], value, join(path, key)) for key, value in table.items()}
    try:
        return kind(**values)
    except BadInputError as error:
        raise BadInputError(_located(str(error), list(known), path)) from error


def join(path: str, key: str) -> str:
    """Return the path of a key in the table at `path`."""
    return f"{path}.{key}" if path else key


def _convert(hint: Any, value: object, path: str) -> Any:
    """Return what `value` means where `hint` is expected."""
    if hint in _CHOICES:
        return _chosen(_CHOICES[hint], value, path)
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in {types.UnionType, typing.Union}:  # TOML has no null: what stands there is meant
        (given,) = (argument for argument in arguments if argument is not types.NoneType)
        return _convert(given, value, path)
    if origin is tuple:
        return _convert_list(arguments, value, path)
    if origin is typing.Literal:
        if value not in arguments:
            _refuse(path, value, f"one of {', '.join(arguments)}")
        return value
    if dataclasses.is_dataclass(hint) and hint not in _WORDS:
        return read_record(typing.cast("Any", hint), value, path)
    return _convert_plain(hint, value, path)


def _convert_plain(hint: Any, value: object, path: str) -> Any:
    """A text, a truth value, a date or a number of the wanted type."""
    if hint in _WORDS:
        if not isinstance(value, str) or not value.strip():
            _refuse(path, value, "a text")
        try:
            return _WORDS[hint](value)
        except BadInputError as error:
            message = f"{path}: {error}"
            raise BadInputError(message) from error
    if hint is bool:
        return value if isinstance(value, bool) else _refuse(path, value, "true or false")
    if hint is dt.date:
        # A date with a time of day is a date for Python too.
        is_day = isinstance(value, dt.date) and not isinstance(value, dt.datetime)
        return value if is_day else _refuse(path, value, "a date without quotes, as 2021-02-24")
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        _refuse(path, value, "a number")
    if hint is float:
        return float(value)
    return value if isinstance(value, int) else _refuse(path, value, "a whole number")


def _convert_list(arguments: tuple[Any, ...], value: object, path: str) -> tuple[Any, ...]:
    if not isinstance(value, list):
        _refuse(path, value, "a list in square brackets")
    many = arguments[-1] is Ellipsis
    if not many and len(value) != len(arguments):
        _refuse(path, value, f"a list of {len(arguments)}")
    hints = arguments[:1] * len(value) if many else arguments
    places = enumerate(zip(hints, value, strict=True), 1)
    return tuple(_convert(hint, item, f"{path}[{number}]") for number, (hint, item) in places)


def _chosen(choices: Mapping[str, type], table: object, path: str) -> Any:
    """Return the record whose kind the table names itself, if there is more than one."""
    if not isinstance(table, dict):
        _refuse(path, table, "a table of keys")
    keys = dict(table)
    named = keys.pop("type", None) if len(choices) > 1 else next(iter(choices))
    if not isinstance(named, str) or named not in choices:
        _refuse(join(path, "type"), named, f"one of {', '.join(choices)}")
    record: Any = read_record(choices[named], keys, path)
    if not isinstance(record, Dyke | Sill):
        return record
    try:
        return record.rectangle()
    except BadInputError as error:
        raise BadInputError(_located(str(error), list(keys), path)) from error


def _is_required(field: dataclasses.Field[Any]) -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def _located(words: str, keys: list[str], path: str) -> str:
    """Return a record's own complaint behind the path of the key that it is about."""
    named = re.match(r"(?:\w+: )?(\w+)\b", words)
    if named and named[1] in keys:
        return f"{join(path, named[1])}: {words}"
    return f"{path}: {words}" if path else words


def _refuse(path: str, value: object, expected: str) -> NoReturn:
    shown = "missing" if value is None else repr(value)
    message = f"{path or 'the scenario'} is {shown}: give {expected}"
    raise BadInputError(message)


def _refuse_key(path: str, key: str, known: Mapping[str, object]) -> NoReturn:
    near = difflib.get_close_matches(key, known, cutoff=0.5)
    advice = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(known)}"
    message = f"{path} is no key: {advice}"
    raise BadInputError(message)
