"""Rates and displacements in words: one form wherever a person reads them."""

import math
from dataclasses import dataclass
from typing import Final

_MOST_DIGITS: Final = 4
TABLE_DIGITS: Final = 3
"""Of what the tables hold, a thousandth of a millimetre: all words are made of that."""


@dataclass(frozen=True)
class Motion:
    """A motion along the line of sight, positive towards the satellite, with its 95 % interval."""

    value: float
    low: float | None
    high: float | None
    unit: str
    digits: int
    """After the point, unless so few would hide on which side of zero the interval lies."""

    @classmethod
    def of_rate(cls, value: float, low: float | None, high: float | None) -> "Motion":
        """Return a rate in mm a day; ends that are None or NaN are not known."""
        return cls(value, _known(low), _known(high), "mm a day", 2)

    @classmethod
    def of_displacement(cls, value: float, low: float | None, high: float | None) -> "Motion":
        """Return a displacement in mm; ends that are None or NaN are not known."""
        return cls(value, _known(low), _known(high), "mm", 0)

    @property
    def holds_zero(self) -> bool:
        """Whether rest is in the interval; False where that is not known."""
        return self.low is not None and self.high is not None and self.low <= 0 <= self.high

    @property
    def direction(self) -> str:
        """Which way, along the line of sight."""
        return "towards the satellite" if self.value >= 0 else "away from the satellite"

    @property
    def words(self) -> str:
        """Size, interval and direction.

        >>> Motion.of_rate(0.425, 0.004, 0.82).words
        '0.425 (0.004 to 0.820) mm a day towards the satellite'
        >>> Motion.of_displacement(-37.6, -80.2, 4.9).words
        '38 (-5 to 80) mm away from the satellite, or none: the interval holds zero'
        """
        sign = 1.0 if self.value >= 0 else -1.0
        digits = self._enough_digits
        said = _number(sign * self.value, digits)
        if self.low is not None and self.high is not None:
            ends = sorted((sign * self.low, sign * self.high))
            said += f" ({_number(ends[0], digits)} to {_number(ends[1], digits)})"
        rest = ", or none: the interval holds zero" if self.holds_zero else ""
        return f"{said} {self.unit} {self.direction}{rest}"

    @property
    def short(self) -> str:
        """The same in the few characters that a telephone shows.

        >>> Motion.of_rate(-3.12, -4.2, -2.0).short
        '3.12 mm/day (2.00 to 4.20) away'
        """
        size, _, rest = self.words.partition(f" {self.unit} ")
        number, _, interval = size.partition(" ")
        unit = self.unit.replace(" a day", "/day")
        return " ".join(filter(None, (number, unit, interval, rest.partition(" ")[0])))

    @property
    def _enough_digits(self) -> int:
        ends = [each for each in (self.value, self.low, self.high) if each]
        if self.holds_zero or not ends:
            return self.digits
        digits = self.digits
        while digits < _MOST_DIGITS and any(round(each, digits) == 0 for each in ends):
            digits += 1
        return digits


def _known(end: float | None) -> float | None:
    return None if end is None or math.isnan(end) else float(end)


def _number(value: float, digits: int) -> str:
    return f"{round(value, digits) + 0.0:.{digits}f}"  # + 0.0: minus zero is zero
