"""Numbers and words of a record, checked by the annotations of its fields.

The same as pydantic's dataclasses, as far as the science needs it: a training machine has no
pydantic, and every message is one line that names the record, the field and what it may be.
"""

import dataclasses
import math
import types
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from numbers import Integral, Real
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    Literal,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

from fringewatch.errors import BadInputError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


@dataclass(frozen=True)
class Limits:
    """Between which two numbers a value lies, and what it counts."""

    low: float
    high: float = math.inf
    meaning: str = ""
    """Unit or nature, for the message: ``metres below the ground``; a number if empty."""
    above_low: bool = False
    """Whether `low` itself is refused."""

    def __str__(self) -> str:
        low = f"above {self.low:g}" if self.above_low else f"from {self.low:g}"
        high = "" if math.isinf(self.high) else f" up to {self.high:g}"
        return f"{self.meaning}, {low}{high}"

    def hold(self, value: object) -> bool:
        """Return whether it is a finite number within them; a truth value is none."""
        if isinstance(value, bool) or not isinstance(value, Real) or not math.isfinite(value):
            return False
        if self.above_low and value <= self.low:
            return False
        return self.low <= float(value) <= self.high


AboveZero = Annotated[float, Limits(0.0, above_low=True)]
FromZero = Annotated[float, Limits(0.0)]
Share = Annotated[float, Limits(0.0, 1.0, "a share")]
Count = Annotated[int, Limits(1)]
WholeFromZero = Annotated[int, Limits(0)]


def check_fields(record: "DataclassInstance", owner: str = "") -> None:
    """Pass a record whose fields are what their annotations say.

    Looked at are ``Annotated[float, Limits(...)]``, the same of `int` (whole numbers), of
    ``tuple[float, float]`` (the least and the greatest value) and of what may be None, and
    ``Literal``; other fields pass.

    Parameters
    ----------
    record
        A dataclass, from its ``__post_init__``.
    owner
        For the message; the name of its class if empty.

    Raises
    ------
    BadInputError
        Naming the first field that is something else.

    Examples
    --------
    >>> @dataclass
    ... class Mogi:
    ...     depth_m: Annotated[float, Limits(0.0, 1e6, "metres", above_low=True)]
    >>> check_fields(Mogi(-2.0))
    Traceback (most recent call last):
    fringewatch.errors.BadInputError: Mogi: depth_m=-2.0: give metres, above 0 up to 1e+06
    """
    for key, rule in _rules_of(type(record)):
        value = getattr(record, key)
        if not rule.fits(value):
            message = f"{owner or type(record).__name__}: {key}={value!r}: give {rule}"
            raise BadInputError(message)


class CheckedRecord:
    """Base of a dataclass of which `check_fields` is asked, and nothing more."""

    def __post_init__(self: "DataclassInstance") -> None:
        check_fields(self)


@dataclass(frozen=True)
class _Rule:
    """What one field may be."""

    limits: Limits = Limits(0.0)
    words: tuple[object, ...] = ()
    """In place of a number."""
    is_whole: bool = False
    is_span: bool = False
    may_be_none: bool = False

    def __str__(self) -> str:
        if self.words:
            return f"one of {', '.join(map(str, self.words))}"
        if self.is_span:
            return f"the least and the greatest value, each {self.limits}"
        return str(self.limits)

    def fits(self, value: Any) -> bool:
        """Return whether the value may stand in the field."""
        if value is None and self.may_be_none:
            return True
        if self.words:
            return value in self.words
        if self.is_span:
            is_pair = isinstance(value, tuple) and len(value) == 2  # noqa: PLR2004
            return is_pair and all(map(self.limits.hold, value)) and bool(value[0] <= value[1])
        return self.limits.hold(value) and (isinstance(value, Integral) or not self.is_whole)


@cache
def _rules_of(kind: type) -> tuple[tuple[str, _Rule], ...]:
    """Return the fields of a dataclass that have a rule, each with it."""
    hints = get_type_hints(kind, include_extras=True)
    names = (field.name for field in dataclasses.fields(kind))
    return tuple((name, rule) for name in names for rule in _rules_in(hints[name]))


def _rules_in(hint: Any, *, may_be_none: bool = False) -> Iterator[_Rule]:
    """Yield the one rule that an annotation holds, if it holds one."""
    origin, parts = get_origin(hint), get_args(hint)
    if origin in {types.UnionType, Union} and types.NoneType in parts:
        (given, *others) = (part for part in parts if part is not types.NoneType)
        if not others:
            yield from _rules_in(given, may_be_none=True)
    elif origin is Literal:
        yield _Rule(words=parts, may_be_none=may_be_none)
    elif origin is Annotated:
        is_whole, is_span = parts[0] is int, get_origin(parts[0]) is tuple
        for limits in parts[1:]:
            if isinstance(limits, Limits):
                meaning = limits.meaning or ("a whole number" if is_whole else "a number")
                named = dataclasses.replace(limits, meaning=meaning)
                yield _Rule(named, (), is_whole, is_span, may_be_none)
