"""Options of a method, checked where they come in."""

from collections.abc import Mapping
from dataclasses import fields
from numbers import Integral, Real
from typing import TYPE_CHECKING, Final

from fringewatch.errors import BadInputError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

NEARLY_0: Final = 1e-6
NEARLY_1: Final = 1 - NEARLY_0
"""A probability of 0 or 1 could not be changed by any evidence."""
MANY: Final = 100_000
"""More dates, days or standard deviations than any option needs."""


def check_options(method: "DataclassInstance", ranges: Mapping[str, tuple[float, float]]) -> None:
    """Refuse options that are no numbers, or outside their ranges.

    Parameters
    ----------
    method
        Has a field, `int` or `float`, for each key of `ranges`, and a `name`.
    ranges
        Least and largest value, both allowed.

    Raises
    ------
    BadInputError
        Naming the method, the option, its value and its range.
    """
    kinds = {field.name: field.type for field in fields(method)}
    for key, (least, largest) in ranges.items():
        value = getattr(method, key)
        whole = kinds[key] is int
        fits = isinstance(value, Integral if whole else Real) and not isinstance(value, bool)
        if not (fits and least <= value <= largest):
            kind = "a whole number" if whole else "a number"
            message = (
                f"method '{getattr(method, 'name', '')}': option {key} is {value!r}; "
                f"{kind} from {least:g} to {largest:g} is needed"
            )
            raise BadInputError(message)
