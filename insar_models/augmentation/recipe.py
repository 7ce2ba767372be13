"""Recipes: which pieces make a view, how often and how strongly."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Final, Literal, Self, get_args

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

_KINDS: Final[Mapping[str, type[Piece]]] = {
    "symmetry": FlipsAndTurns,
    "sign": SignFlip,
    "overwrap": OverWrap,
    "geometry": Geometry,
    "offset": Offset,
    "ramp": Ramp,
    "turbulence": Turbulence,
    "incoherence": Incoherence,
    "noise": Noise,
    "sea": Sea,
    "blur": Blur,
    "cutout": Cutout,
}


@dataclass(frozen=True, kw_only=True)
class Recipe:
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

    def __post_init__(self) -> None:
        if self.lengths not in get_args(Lengths):
            known = " or ".join(get_args(Lengths))
            message = f"lengths of phasors cannot be '{self.lengths}': choose {known}"
            raise BadInputError(message)

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
        refuse_unknown("a recipe", settings, (*_KINDS, "lengths"))
        default = cls()
        chosen: dict[str, Any] = {
            name: _piece_of(name, value, getattr(default, name))
            for name, value in settings.items()
            if name != "lengths"
        }
        return cls(**chosen, lengths=settings.get("lengths", default.lengths))

    def settings(self) -> dict[str, Any]:
        """Return all settings as plain values, which `parse` turns into this recipe again."""
        named = {name: getattr(self, name) for name in _KINDS}
        tables = {name: False if one is None else asdict(one) for name, one in named.items()}
        return {**tables, "lengths": self.lengths}


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
    known = {one.name: getattr(default, one.name) for one in fields(default)}
    refuse_unknown(f"'{name}' of a recipe", value, tuple(known))
    settings = {**known, **{key: _like(name, key, value[key], known[key]) for key in value}}
    return _KINDS[name](**settings)


def _like(name: str, key: str, value: object, known: object) -> object:
    """The value if it is of the kind of the one that it replaces; two numbers may be a list."""
    numbers = value if isinstance(value, list | tuple) else [value]
    wanted = len(known) if isinstance(known, tuple) else 1
    kind = int if isinstance(known, int) else int | float
    are_numbers = all(isinstance(one, kind) and not isinstance(one, bool) for one in numbers)
    if len(numbers) != wanted or isinstance(known, tuple) != (numbers is value) or not are_numbers:
        message = f"'{key}' of '{name}' in a recipe cannot be {value!r}: the default is {known!r}"
        raise BadInputError(message)
    return tuple(numbers) if isinstance(known, tuple) else value


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
