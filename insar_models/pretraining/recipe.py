"""What a pretraining run learns and how: everything that its weights depend on."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Final, Literal, Self, get_args

from fringewatch.errors import BadInputError
from insar_models.augmentation import PaperRecipe, Recipe, find_recipe
from insar_models.augmentation.recipe import refuse_unknown
from insar_models.encoders.spec import EncoderSpec
from insar_models.training.optimisers import OptimiserName
from insar_models.training.recipes import NumberLimits, named_or_read

Method = Literal["simclr", "dcl", "moco"]
Schedule = Literal["cosine", "paper"]

_WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "method": get_args(Method),
    "optimiser": get_args(OptimiserName),
    "schedule": get_args(Schedule),
}
_LIMITS: Final = NumberLimits(
    "a pretraining recipe",
    least={
        "outputs": 1,
        "hidden": 1,
        "queue": 1,
        "batch_size": 2,
        "accumulate": 1,
        "epochs": 1,
        "steps": 1,
        "seed": 0,
    },
    between={
        "temperature": (1e-3, 100.0),
        "learning_rate": (1e-9, 1e3),
        "weight_decay": (0.0, 1.0),
        "warm_up": (0.0, 0.9),
        "momentum": (0.0, 0.999999),
        "average": (0.0, 0.999999),
    },
    optional=("hidden", "steps", "average"),
)


@dataclass(frozen=True, kw_only=True)
class PretrainRecipe:
    """A way to learn an encoder without labels. The same recipe and corpus give the same weights.

    Raises
    ------
    BadInputError
        If a value cannot be, or two do not go together.
    """

    encoder: EncoderSpec = EncoderSpec()  # noqa: RUF009 - frozen, too
    weights: str = "random"
    """What the encoder begins with: ``random``, ``imagenet``, or a path."""
    augmentation: Recipe | PaperRecipe = Recipe()  # noqa: RUF009 - frozen, too
    method: Method = "simclr"
    temperature: float = 0.5
    hidden: int | None = None
    """Numbers of the projection's hidden layer; as many as features if None."""
    outputs: int = 128
    """Numbers that are compared."""
    queue: int = 4096
    """Keys that ``moco`` remembers."""
    momentum: float = 0.99
    """Of ``moco``'s slow copy."""
    batch_size: int = 256
    """Patches that are compared with each other, all processes together."""
    accumulate: int = 1
    """Batches of which the gradients make one step. Their patches do not meet."""
    epochs: int = 200
    steps: int | None = None
    """Steps of the whole run, in place of epochs."""
    optimiser: OptimiserName = "adamw"
    learning_rate: float = 1e-3
    weight_decay: float = 1e-4
    schedule: Schedule = "cosine"
    warm_up: float = 0.05
    """Share of the steps in which the cosine's rate rises."""
    average: float | None = None
    """Share that the mean of the weights over steps keeps of itself; it is what is delivered then.
    No mean if None."""
    spare_groups: bool = True
    """Not to hold patches of one group against each other: they show the same ground."""
    seed: int = 0

    def __post_init__(self) -> None:
        for name, known in _WORDS.items():
            if getattr(self, name) not in known:
                message = f"{name} cannot be {getattr(self, name)!r}: choose {', '.join(known)}"
                raise BadInputError(message)
        _LIMITS.check(self)
        for name, kind in (("weights", str), ("spare_groups", bool)):
            if not isinstance(getattr(self, name), kind):
                message = f"{name} of a pretraining recipe cannot be {getattr(self, name)!r}"
                raise BadInputError(message)
        if isinstance(self.augmentation, PaperRecipe) and self.encoder.inputs != "grey":
            message = (
                "the paper's augmentation makes grey levels, but the encoder's inputs are "
                f"'{self.encoder.inputs}': set them to 'grey', or choose another augmentation"
            )
            raise BadInputError(message)

    @classmethod
    def parse(cls, settings: Mapping[str, Any]) -> Self:
        """Return the recipe of a table of settings; what it leaves out is as usual.

        Raises
        ------
        BadInputError
            If a setting is unknown, or cannot be.
        """
        refuse_unknown(_LIMITS.kind, settings, (field.name for field in fields(cls)))
        given = dict(settings)
        if "encoder" in given:
            if not isinstance(given["encoder"], Mapping):
                message = f"'encoder' must be a table of settings, not {given['encoder']!r}"
                raise BadInputError(message)
            given["encoder"] = EncoderSpec.parse(given["encoder"])
        if "augmentation" in given:
            given["augmentation"] = find_recipe(given["augmentation"])
        return cls(**given)

    def settings(self) -> dict[str, Any]:
        """Return all settings as JSON holds them; `parse` makes the same recipe of them."""
        known = self.augmentation
        plain = {
            **asdict(self),
            "encoder": self.encoder.as_dict(),
            "augmentation": "paper" if isinstance(known, PaperRecipe) else known.settings(),
        }
        settings: dict[str, Any] = json.loads(json.dumps(plain))
        return settings


PAPER: Final = PretrainRecipe(
    encoder=EncoderSpec(architecture="resnet18", inputs="grey"),
    weights="imagenet",
    augmentation=PaperRecipe(),
    outputs=1000,  # the last layer of the head was ImageNet's own; here it begins at random
    batch_size=112,
    optimiser="adam",
    weight_decay=0.0,
    schedule="paper",
    spare_groups=False,
)
"""Bountos et al. (2022), as their code had it."""


def find_pretrain_recipe(
    name: str,
    *,
    steps: int | None = None,
    weights: str | None = None,
    architecture: str | None = None,
) -> PretrainRecipe:
    """Return a recipe; what is given beside its name takes the place of what it says.

    Parameters
    ----------
    name
        ``default``, ``paper``, or a TOML file.
    steps
        Of the whole run.
    weights
        What the encoder begins with: ``random``, ``imagenet``, or a path.
    architecture
        Of the encoder; its width, inputs and size stay the recipe's.

    Raises
    ------
    BadInputError
        If there is no such file, it is no TOML, or it makes no recipe.
    """
    recipe = named_or_read(
        name, {"default": PretrainRecipe(), "paper": PAPER}, PretrainRecipe.parse
    )
    given: dict[str, Any] = {"steps": steps, "weights": weights}
    if architecture is not None:
        encoder = {**recipe.encoder.as_dict(), "architecture": architecture}
        given["encoder"] = EncoderSpec.parse(encoder)
    return replace(recipe, **{key: value for key, value in given.items() if value is not None})
