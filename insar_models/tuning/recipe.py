"""What a tuning run learns and how: everything that its weights depend on."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Annotated, Any, Final, Self

from fringewatch.checked_fields import Count, Limits, Share, WholeFromZero, check_fields
from fringewatch.errors import BadInputError
from insar_models.augmentation.blur import Blur
from insar_models.augmentation.losses_of_signal import Incoherence, Sea
from insar_models.augmentation.recipe import Recipe, refuse_unknown
from insar_models.augmentation.screens import Noise, Ramp
from insar_models.augmentation.turbulence import Turbulence
from insar_models.training.recipes import BatchSize, Kept, LearningRate, PartOfSteps, named_or_read

WHOLE: Final = "all"
"""In `TuneRecipe.unfreeze`: the whole encoder."""

_BOTH_CLASSES: Final = Recipe(
    turbulence=Turbulence(probability=0.7, spread_rad=(0.1, 1.5)),
    ramp=Ramp(probability=0.6, greatest_cycles=2.0),
    incoherence=Incoherence(probability=0.3, share=(0.03, 0.35)),
    sea=Sea(probability=0.3, share=(0.05, 0.5)),
    noise=Noise(probability=0.5, spread_rad=(0.05, 0.5)),
    blur=Blur(probability=0.2),
    lengths="kept",
)
"""Stronger than in pretraining: what stands for neither class must be seen in both."""

_KIND: Final = "a tuning recipe"
_SPANS: Final = ("peak_m", "spacing_m", "stratified_rad", "cones_rad")
_Most = Annotated[float, Limits(0.0, 0.9, "a share")]
_Span = Annotated[tuple[float, float], Limits(0.0, above_low=True)]


@dataclass(frozen=True, kw_only=True)
class TuneRecipe:
    """A way to teach an encoder to tell deformation from the rest.

    A step sees a batch of which the share `pasted` are quiet patches with simulated deformation,
    the share `labelled` are patches that persons called deforming, and the rest are quiet.

    Raises
    ------
    BadInputError
        If a value cannot be, or two do not go together.
    """

    unfreeze: tuple[str, ...] = (WHOLE,)
    """Parts of the encoder that learn, by name (``layer3``, ``layer4``), or ``all``; others stay
    as they are, with the statistics of their norms."""
    pasted: Share = 0.5
    labelled: Share = 0.0
    still: Share = 0.15
    """Share of the quiet patches that are replaced by ground without any phase of its own."""
    relief: Share = 0.35
    """How often a delay as rough as terrain is added, to either class."""
    relief_rad: Annotated[float, Limits(0.0, 100.0)] = 2.0
    """The largest standard deviation of that."""
    windows: Share = 0.0
    """Share of the quiet ground that is cut from whole windows, anywhere; the rest are patches."""
    coarse: Share = 0.0
    """Share of that which is cut from larger squares and reduced as far as the others: pixels of
    one and a half times and twice the size, as pictures of whole frames have them."""
    held_out_volcanoes: _Most = 0.4
    """Share of the windows' volcanoes that nothing is learned from."""
    stratified: Share = 0.0
    """How often a delay that follows real relief is added, to either class."""
    stratified_rad: _Span = (0.3, 4.0)
    """Least and greatest standard deviation of that."""
    weather: Share = 0.0
    """How often the difference of a weather model's delays at two dates is added."""
    cones: Share = 0.0
    """How often a delay round one or two steep cones is added."""
    cones_rad: _Span = (1.5, 18.0)
    """Least and greatest peak of that."""
    transplant: Share = 0.0
    """How often a patch gets the places without data and without coherence of another one, so that
    a scene's layout stands for neither class."""
    peak_m: _Span = (0.012, 0.3)
    """Least and greatest peak in the line of sight that is pasted."""
    spacing_m: _Span = (150.0, 800.0)
    """Least and greatest height of a pixel of what the encoder sees, of the sources: patches of
    0.001 degree that are reduced to 112 pixels have 220 m, LiCSAR's quicklooks as much as 740."""
    least_visible: Share = 0.3
    """Share of where a source moves the ground that must show it; below, the patch has no say."""
    sources: Count = 4000
    """Simulated sources to draw from."""
    augmentation: Recipe | None = _BOTH_CLASSES
    held_out: _Most = 0.15
    """Share of the quiet areas that are kept to measure by."""
    batch_size: BatchSize = 64
    steps: Count = 6000
    epochs: Annotated[float, Limits(1e-6, 1e6)] | None = None
    """Times the patches that are learned from, in place of steps."""
    learning_rate: LearningRate = 7e-4
    weight_decay: Share = 1e-2
    warm_up: PartOfSteps = 0.05
    """Share of the steps in which the rate rises."""
    constant_rate: bool = False
    """Whether the rate stays after that; else it falls with a cosine."""
    average: Kept | None = 0.998
    """Share that the mean of the weights over steps keeps of itself; it is what is delivered."""
    seed: WholeFromZero = 0

    def __post_init__(self) -> None:
        check_fields(self, _KIND)
        names: object = self.unfreeze
        if not isinstance(names, tuple) or {str} != set(map(type, names)):
            message = (
                f"unfreeze of a tuning recipe cannot be {self.unfreeze!r}: name parts of the "
                "encoder such as layer4, or all"
            )
            raise BadInputError(message)
        if not 0 < self.pasted + self.labelled < 1:
            message = (
                f"pasted ({self.pasted}) and labelled ({self.labelled}) must make more than 0 and "
                "less than 1 together: the rest is quiet"
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
        for name in ("unfreeze", *_SPANS):
            if isinstance(given.get(name), list):
                given[name] = tuple(given[name])
        if isinstance(given.get("augmentation"), Mapping):
            given["augmentation"] = Recipe.parse(given["augmentation"])
        elif given.get("augmentation") is False:
            given["augmentation"] = None
        elif "augmentation" in given:
            message = (
                f"augmentation of a tuning recipe cannot be {given['augmentation']!r}: give a "
                "table of settings, or false"
            )
            raise BadInputError(message)
        return cls(**given)

    def settings(self) -> dict[str, Any]:
        """Return all settings as JSON holds them; `parse` makes the same recipe of them."""
        views = False if self.augmentation is None else self.augmentation.settings()
        plain = {**asdict(self), "augmentation": views}
        settings: dict[str, Any] = json.loads(json.dumps(plain))
        return settings


OPERATIONAL: Final = TuneRecipe(
    unfreeze=("layer3", "layer4"),
    pasted=0.0,
    labelled=6 / 11,
    still=0.0,
    relief=0.0,
    augmentation=None,
    held_out=0.0,
    batch_size=112,
    epochs=2.0,
    learning_rate=5e-4,
    weight_decay=0.0,
    warm_up=0.0,
    constant_rate=True,
    average=None,
)
"""The operational variant of Bountos et al. (2022), section IV: the last two stages and the
classifier learn from all labels, in two epochs at 5e-4. The class is drawn first, then the patch;
6/11 is how often their code draws deformation. Views are none: their code makes them and discards
them here."""


FIELD: Final = TuneRecipe(
    pasted=0.44,
    labelled=0.1,
    still=0.05,
    peak_m=(0.015, 0.4),
    spacing_m=(150.0, 600.0),
    held_out=0.25,
    windows=0.6,
    stratified=0.35,
    stratified_rad=(0.3, 4.5),
    cones=0.12,
    weather=0.15,
    relief=0.2,
    transplant=0.3,
    steps=4200,
    learning_rate=5e-4,
)
"""On whole real windows beside a corpus, with the air of real relief and real weather in both
classes, and layouts that go from scene to scene: what keeps a watch from taking air for motion."""


def find_tune_recipe(name: str, *, steps: int | None = None) -> TuneRecipe:
    """Return ``default``, ``field``, ``operational``, or the recipe of a TOML file.

    With other `steps` where they are given.

    Raises
    ------
    BadInputError
        If there is no such file, it is no TOML, or it makes no recipe.
    """
    named = {"default": TuneRecipe(), "field": FIELD, "operational": OPERATIONAL}
    recipe = named_or_read(name, named, TuneRecipe.parse)
    return recipe if steps is None else replace(recipe, steps=steps, epochs=None)
