"""What a pretraining run learns and how: everything that its weights depend on."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Annotated, Any, Final, Literal, Self

from fringewatch.checked_fields import Count, Limits, Share, WholeFromZero, check_fields
from fringewatch.errors import BadInputError
from insar_models.augmentation import PaperRecipe, Recipe, find_recipe
from insar_models.augmentation.recipe import refuse_unknown
from insar_models.encoders.spec import EncoderSpec
from insar_models.training.optimisers import OptimiserName
from insar_models.training.recipes import BatchSize, Kept, LearningRate, PartOfSteps, named_or_read

Method = Literal["simclr", "dcl", "moco"]
Schedule = Literal["cosine", "paper"]

_KIND: Final = "a pretraining recipe"


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
    temperature: Annotated[float, Limits(1e-3, 100.0)] = 0.5
    hidden: Count | None = None
    """Numbers of the projection's hidden layer; as many as features if None."""
    outputs: Count = 128
    """Numbers that are compared."""
    queue: Count = 4096
    """Keys that ``moco`` remembers."""
    momentum: Kept = 0.99
    """Of ``moco``'s slow copy."""
    batch_size: BatchSize = 256
    """Patches that are compared with each other, all processes together."""
    accumulate: Count = 1
    """Batches of which the gradients make one step. Their patches do not meet."""
    epochs: Count = 200
    steps: Count | None = None
    """Steps of the whole run, in place of epochs."""
    optimiser: OptimiserName = "adamw"
    learning_rate: LearningRate = 1e-3
    weight_decay: Share = 1e-4
    schedule: Schedule = "cosine"
    warm_up: PartOfSteps = 0.05
    """Share of the steps in which the cosine's rate rises."""
    average: Kept | None = None
    """Share that the mean of the weights over steps keeps of itself; it is what is delivered then.
    No mean if None."""
    spare_groups: bool = True
    """Not to hold patches of one group against each other: they show the same ground."""
    seed: WholeFromZero = 0

    def __post_init__(self) -> None:
        check_fields(self, _KIND)
        for name, kind in (("weights", str), ("spare_groups", bool)):
            if not isinstance(getattr(self, name), kind):
                message = f"{name} of {_KIND} cannot be {getattr(self, name)!r}"
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
        refuse_unknown(_KIND, settings, (field.name for field in fields(cls)))
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
    steps: Count | None = None,
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
