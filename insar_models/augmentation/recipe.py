"""Recipes: which pieces make a view, how often and how strongly."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Literal, Self

from fringewatch.checked_fields import CheckedRecord
from fringewatch.errors import BadInputError
from insar_models.augmentation.blur import Blur
from insar_models.augmentation.fringes import OverWrap, SignFlip
from insar_models.augmentation.geometry import Geometry
from insar_models.augmentation.losses_of_signal import Cutout, Incoherence, Sea
from insar_models.augmentation.paper import PaperRecipe
from insar_models.augmentation.piece import Piece
from insar_models.augmentation.screens import Noise, Offset, Ramp
from insar_models.augmentation.symmetry import FlipsAndTurns
from insar_models.augmentation.turbulence import Turbulence

Lengths = Literal["kept", "unit"]


@dataclass(frozen=True, kw_only=True)
class Recipe(CheckedRecord):
    """What is done to a patch for a view, in this order; None leaves a piece out.

    The order is that of nature: the ground and its motion, then the delays on the way, then what
    is lost, then how the product was averaged, then what we hide.

    Raises
    ------
    BadInputError
        If there is no such way to treat lengths.
    """

    symmetry: FlipsAndTurns | None = field(default_factory=FlipsAndTurns)
    sign: SignFlip | None = field(default_factory=SignFlip)
    overwrap: OverWrap | None = field(default_factory=OverWrap)
    geometry: Geometry | None = field(default_factory=Geometry)
    offset: Offset | None = field(default_factory=Offset)
    ramp: Ramp | None = field(default_factory=Ramp)
    turbulence: Turbulence | None = field(default_factory=Turbulence)
    incoherence: Incoherence | None = field(default_factory=Incoherence)
    noise: Noise | None = field(default_factory=Noise)
    sea: Sea | None = field(default_factory=Sea)
    blur: Blur | None = field(default_factory=Blur)
    cutout: Cutout | None = field(default_factory=Cutout)
    lengths: Lengths = "unit"
    """Of the phasors of a view. ``unit``: all 1, as in patches at full size. ``kept``: as they
    came out, 1 or less, for patches that were reduced before: theirs are, too."""

    @classmethod
    def parse(cls, settings: Mapping[str, Any]) -> Self:
        """Return the recipe of a table of settings, such as one that a TOML file holds.

        Parameters
        ----------
        settings
            By piece a table of its settings, or False to leave it out. What is not named is as in
            the default recipe.

        Raises
        ------
        BadInputError
            If a piece or a setting is unknown, or a value cannot be one.
        """
        refuse_unknown("a recipe", settings, [one.name for one in fields(cls)])
        default = cls()
        chosen: dict[str, Any] = {
            name: _piece_of(name, value, getattr(default, name))
            for name, value in settings.items()
            if name != "lengths"
        }
        return cls(**chosen, lengths=settings.get("lengths", default.lengths))

    def settings(self) -> dict[str, Any]:
        """Return all settings as plain values, which `parse` turns into this recipe again."""
        return {key: False if one is None else one for key, one in asdict(self).items()}


def find_recipe(recipe: str | Mapping[str, Any]) -> Recipe | PaperRecipe:
    """Return a recipe by its name, ``default`` or ``paper``, or that of a table of settings.

    Raises
    ------
    BadInputError
        If there is none of that name, or the settings make none.
    """
    if recipe == "default":
        return Recipe()
    if recipe == "paper":
        return PaperRecipe()
    if isinstance(recipe, Mapping):
        return Recipe.parse(recipe)
    message = f"there is no augmentation '{recipe}': choose default, paper, or give settings"
    raise BadInputError(message)


def _piece_of(name: str, value: object, default: Piece) -> Piece | None:
    if value is False:
        return None
    if not isinstance(value, Mapping):
        message = f"'{name}' of a recipe must be a table of settings, or false, not {value!r}"
        raise BadInputError(message)
    refuse_unknown(f"'{name}' of a recipe", value, [one.name for one in fields(default)])
    given: dict[str, Any] = {
        key: tuple(one) if isinstance(one, list) else one for key, one in value.items()
    }
    return replace(default, **given)


def refuse_unknown(what: str, given: Mapping[str, Any], known: Iterable[str]) -> None:
    """Pass settings of which all are known.

    Raises
    ------
    BadInputError
        Naming those that are not, and what there is.
    """
    known = tuple(known)
    unknown = [str(name) for name in given if name not in known]
    if unknown:
        message = f"{what} has no '{', '.join(unknown)}': choose among {', '.join(known)}"
        raise BadInputError(message)
