"""What is wrong with settings, in the words of whoever wrote them: the entry, and what to write."""

import difflib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pydantic_core import ErrorDetails

HIDDEN: Final = "(not shown)"

_UNITS: Final = ("days", "hours", "minutes", "mb", "gb", "deviations")


@dataclass(frozen=True)
class KnownNames:
    """Which entries there are."""

    settings: Collection[str]
    place: Collection[str]
    """Of a table ``[volcano.NAME]``."""
    secrets: Collection[str]
    """Settings whose values are shown nowhere."""


def words_of_errors(errors: Sequence[ErrorDetails], known: KnownNames) -> list[str]:
    """Return what is wrong, a fact an item, each once; a value that may be a secret is not shown.

    Parameters
    ----------
    errors
        As Pydantic has them.
    known
        The entries that there are, for suggestions.
    """
    places = [_names(error["loc"]) for error in errors]
    # Of a value that may be a number or a table, what is wrong within the table is said alone.
    said = (
        _words_of(error, known)
        for error, names in zip(errors, places, strict=True)
        if not any(len(names) < len(other) and other[: len(names)] == names for other in places)
    )
    return list(dict.fromkeys(said))


def _names(place: Sequence[int | str]) -> list[int | str]:
    """Where an entry stands, without the kinds that Pydantic tried where there are several."""
    names = [name for name in place if not str(name).startswith("dict[")]
    if len(names) > 1 and names[-1] in {"bool", "int", "float", "tuple"}:
        names.pop()
    return names


def _words_of(error: ErrorDetails, known: KnownNames) -> str:
    place = error["loc"]
    if not place:  # of several settings together
        return _plain(error["msg"])
    if error["type"] == "extra_forbidden":
        return _unknown(place, known, error["input"])
    names = _names(place)
    name = _place(names)
    if isinstance(error["input"], Mapping) and names[0] not in known.secrets:
        return f"{name}: {_plain(error['msg'])}"  # a whole table: its message says what in it
    is_secret = names[0] in known.secrets
    shown = HIDDEN if is_secret else repr(error["input"])
    return f"{name} = {shown}: {_advice(names, error, is_secret=is_secret)}"


def _place(names: Sequence[int | str]) -> str:
    """Where an entry stands; those of a list are counted from 1."""
    parts = (f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in names)
    return "".join(parts).removeprefix(".")


def _unknown(place: Sequence[int | str], known: KnownNames, value: Any) -> str:
    """What is said of an entry that there is not; its value may be a misspelt secret's."""
    name = str(place[-1])
    in_place = len(place) > 1
    near = difflib.get_close_matches(name, known.place if in_place else known.settings, n=1)
    whose = f"[{'.'.join(map(str, place[:-1]))}] {name}" if in_place else name
    if not in_place and isinstance(value, Mapping) and near:
        inner = next((key for key, each in value.items() if isinstance(each, Mapping)), "")
        tail = f".{inner}" if inner else ""
        return f"[{name}{tail}] is no table of the settings: write [{near[0]}{tail}]"
    if near:
        return f"{whose}: there is no such setting; did you mean {near[0]}?"
    if in_place:
        return f"{whose}: there is no such setting; one of {', '.join(sorted(known.place))}"
    return f"{whose}: there is no such setting; docs/operate.md lists all"


def _advice(names: Sequence[int | str], error: ErrorDetails, *, is_secret: bool) -> str:
    kind, value = error["type"], error["input"]
    if value != value:  # noqa: PLR0124 - NaN alone differs from itself
        return "it is no number: give one"
    if "method_options" in names[:-1]:
        return "write a number, or true or false"
    is_shown = isinstance(value, str) and not is_secret
    unit = next((unit for unit in _UNITS if str(names[-1]).endswith(f"_{unit}")), None)
    of_unit = f" of {unit}, without the unit" if unit else ""
    advice = {
        "tuple": f"write a list: {names[-1]} = " + (f'["{value}"]' if is_shown else '["..."]'),
        "time": 'write an hour of the day, UTC, as "HH:MM", such as "06:00"',
        "bool": "write true or false",
        "model": f"write a table: [{_place(names)}]",
        "dict": "write a table: { name = value }",
        "string": "write it in quotes",
        "int": f"write a whole number{of_unit}",
        "float": f"write a number{of_unit}",
        "finite": f"write a number{of_unit}",
    }
    is_of_kind = kind.endswith(("_type", "_parsing", "_from_float", "_number"))
    if kind in {"too_short", "string_too_short"}:
        return "it is empty: leave the entry out, or write something"
    found = advice.get(kind.partition("_")[0]) if is_of_kind else None
    return found or _plain(error["msg"])


def _plain(message: str) -> str:
    return message.removeprefix("Value error, ").replace("Input should be", "it should be")
