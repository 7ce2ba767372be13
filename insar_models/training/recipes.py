"""What the recipes of all that learns have in common: how they are read, and their limits."""

import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, TypeVar

from fringewatch.checked_fields import Limits
from fringewatch.errors import BadInputError

RecipeOf = TypeVar("RecipeOf")


LearningRate = Annotated[float, Limits(1e-9, 1e3)]
PartOfSteps = Annotated[float, Limits(0.0, 0.9, "a share of the steps")]
Kept = Annotated[float, Limits(0.0, 0.999999, "a share")]
"""Share that a slow copy or a mean keeps of itself."""
BatchSize = Annotated[int, Limits(2)]


def named_or_read(
    name: str, named: Mapping[str, RecipeOf], parse: Callable[[Mapping[str, Any]], RecipeOf]
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
