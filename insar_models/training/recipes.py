"""What the recipes of all that learns have in common: how they are read, and checked."""

import math
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from fringewatch.errors import BadInputError

RecipeOf = TypeVar("RecipeOf")


@dataclass(frozen=True)
class NumberLimits:
    """Which numbers the settings of a kind of recipe may be."""

    kind: str
    """For messages, such as ``a tuning recipe``."""
    least: Mapping[str, int]
    """Whole numbers, by setting."""
    between: Mapping[str, tuple[float, float]]
    """Least and greatest of other numbers, by setting."""
    optional: tuple[str, ...] = ()
    """Settings that may be None."""

    def check(self, recipe: object) -> None:
        """Pass a recipe of which all these settings are such numbers.

        Raises
        ------
        BadInputError
            Naming the setting, its value, and what it may be.
        """
        for name in (*self.least, *self.between):
            value = getattr(recipe, name)
            if value is None and name in self.optional:
                continue
            if name in self.least:
                fits = isinstance(value, int) and value >= self.least[name]
                wanted = f"a whole number of at least {self.least[name]}"
            else:
                low, high = self.between[name]
                fits = isinstance(value, int | float) and math.isfinite(value)
                fits = fits and low <= value <= high
                wanted = f"a number from {low:g} to {high:g}"
            if not fits or isinstance(value, bool):
                message = f"{name} of {self.kind} cannot be {value!r}: use {wanted}"
                raise BadInputError(message)


def named_or_read(
    name: str,
    named: Mapping[str, RecipeOf],
    parse: Callable[[Mapping[str, Any]], RecipeOf],
) -> RecipeOf:
    """Return the recipe of that name, or the one that a TOML file holds.

    Raises
    ------
    BadInputError
        If there is no such file, it is no TOML, or it makes no recipe.
    """
    if name in named:
        return named[name]
    try:
        return parse(tomllib.loads(Path(name).read_text(encoding="utf-8")))
    except OSError as error:
        *others, last = (f"'{known}'" for known in named)
        message = (
            f"the recipe {name} cannot be read ({error.strerror}): give a TOML file, or "
            f"{', '.join(others)} or {last}"
        )
        raise BadInputError(message) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        message = f"the recipe {name} is no TOML ({error}): correct it"
        raise BadInputError(message) from error
