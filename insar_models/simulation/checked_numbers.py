"""One check for the numbers that a person writes into a source or a time course."""

import math
from dataclasses import dataclass
from numbers import Real

from fringewatch.errors import BadInputError


@dataclass(frozen=True)
class Limits:
    """Between which two numbers a value lies, and what it counts."""

    low: float
    high: float
    meaning: str
    """Unit or nature, for the message: ``metres below the ground``."""
    above_low: bool = False
    """Whether `low` itself is refused."""

    def __str__(self) -> str:
        low = f"above {self.low:g}" if self.above_low else f"from {self.low:g}"
        if math.isinf(self.high):
            return f"{self.meaning}, {low}"
        return f"{self.meaning}, {low} up to {self.high:g}"


def check_number(owner: str, key: str, value: object, limits: Limits) -> None:
    """Pass a finite number within its limits.

    Raises
    ------
    BadInputError
        If `value` is no number (a truth value is none), not finite, or outside of `limits`.

    Examples
    --------
    >>> check_number("Mogi", "depth_m", -2.0, Limits(0.0, 1e6, "metres", above_low=True))
    Traceback (most recent call last):
    fringewatch.errors.BadInputError: Mogi: depth_m=-2.0: give metres, above 0 up to 1e+06
    """
    if not _is_within(value, limits):
        message = f"{owner}: {key}={value!r}: give {limits}"
        raise BadInputError(message)


def _is_within(value: object, limits: Limits) -> bool:
    if isinstance(value, bool) or not isinstance(value, Real) or not math.isfinite(value):
        return False
    if limits.above_low and value <= limits.low:
        return False
    return limits.low <= float(value) <= limits.high
