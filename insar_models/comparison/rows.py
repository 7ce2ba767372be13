"""The rows of the table: what each one learns, from what, and how it is probed."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from fringewatch.errors import BadInputError
from insar_models.augmentation import PaperRecipe
from insar_models.encoders.spec import Architecture, EncoderSpec, Inputs
from insar_models.pretraining.recipe import Method, PretrainRecipe
from insar_models.probes.linear_probe import LinearProbeSettings, ProbeMethod
from insar_models.tuning.recipe import OPERATIONAL, TuneRecipe

RANDOM: Final = "random"
IMAGENET: Final = "imagenet"
SHIPPED: Final = "shipped "
"""Before the name of a model that is shipped."""

_SIZE: Final = 112
_PAPER_PATCHES: Final = 7536
_PAPER_EPOCHS: Final = 200
BUDGET_PATCHES: Final = _PAPER_PATCHES * _PAPER_EPOCHS
"""That the paper's encoders saw without labels, each twice; no row learns from more."""

SUPERVISED: Final = TuneRecipe(
    pasted=0.0, labelled=6 / 11, still=0.0, relief=0.0, held_out=0.0, batch_size=64
)
"""From labels alone, the whole net, classes drawn as the paper draws them, with our views."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """What one row of the table is made of."""

    name: str
    title: str
    encoder: EncoderSpec | None
    """None for baseline 0, which knows a patch by its 47 numbers."""
    begins: str = RANDOM
    """``random``, ``imagenet``, ``shipped NAME``, or the row whose encoder it goes on with."""
    pretrain: PretrainRecipe | None = None
    """Learning without labels; its steps are planned by the hours."""
    tune: TuneRecipe | None = None
    """Learning with labels; its steps are planned by the hours unless it counts epochs."""
    probe: LinearProbeSettings = LinearProbeSettings()  # noqa: RUF009 - frozen, too
    paper: str = ""
    """The paper's figures of the like: S1 and C1, each accuracy and F1."""

    @property
    def saw_the_areas(self) -> bool:
        """Whether the encoder saw labels of the areas, which then judge nothing."""
        return self.begins.startswith(SHIPPED)

    @property
    def needed_encoder(self) -> EncoderSpec:
        """The net, of a row that has one.

        Raises
        ------
        ValueError
            If it has none.
        """
        if self.encoder is None:
            message = f"the row {self.name} has no net"
            raise ValueError(message)
        return self.encoder


def _spec(architecture: Architecture, inputs: Inputs = "coherent") -> EncoderSpec:
    return EncoderSpec(architecture, inputs=inputs, size=_SIZE)


def _untrained(architecture: Architecture, title: str) -> Row:
    return Row(
        name=f"untrained-{_word(architecture)}",
        title=f"{title}, untrained",
        encoder=_spec(architecture),
    )


def _shipped(name: str) -> Row:
    return Row(
        name=f"shipped-{name}",
        title=f"{name} as shipped (it saw labels of these areas)",
        encoder=_spec("compact"),
        begins=f"{SHIPPED}{name}",
    )


def _imagenet(architecture: Architecture, title: str, paper: str = "") -> Row:
    return Row(
        name=f"imagenet-{_word(architecture)}",
        title=f"{title}, ImageNet",
        encoder=_spec(architecture, "grey"),
        begins=IMAGENET,
        paper=paper,
    )


def _without_labels(
    architecture: Architecture, title: str, batch_size: int, method: Method = "simclr"
) -> Row:
    recipe = PretrainRecipe(encoder=_spec(architecture), method=method, batch_size=batch_size)
    return Row(
        name=f"{method}-{_word(architecture)}", title=title, encoder=recipe.encoder, pretrain=recipe
    )


def _from_imagenet(architecture: Architecture, title: str, batch_size: int, paper: str = "") -> Row:
    """The paper's own recipe: SimCLR that goes on from ImageNet, on grey levels, with its views."""
    recipe = PretrainRecipe(
        encoder=_spec(architecture, "grey"),
        augmentation=PaperRecipe(),
        outputs=1000,
        batch_size=batch_size,
        optimiser="adam",
        weight_decay=0.0,
        schedule="paper",
        spare_groups=False,
    )
    return Row(
        name=f"simclr-imagenet-{_word(architecture)}",
        title=f"{title}, SimCLR from ImageNet, the paper's recipe",
        encoder=recipe.encoder,
        begins=IMAGENET,
        pretrain=recipe,
        paper=paper,
    )


def _supervised(architecture: Architecture, title: str) -> Row:
    return Row(
        name=f"supervised-{_word(architecture)}",
        title=f"{title}, supervised, random weights",
        encoder=_spec(architecture),
        tune=SUPERVISED,
    )


def _operational(architecture: Architecture, title: str) -> Row:
    return Row(
        name=f"operational-{_word(architecture)}",
        title=f"{title}, SimCLR, then layer3, layer4 and head for 2 epochs at 5e-4",
        encoder=_spec(architecture),
        begins=f"simclr-{_word(architecture)}",
        tune=OPERATIONAL,
        paper="operational variant; no figures on these sets",
    )


def _paper_probe(epochs: int) -> Row:
    settings = LinearProbeSettings(method=ProbeMethod.PAPER, draws=epochs * _PAPER_PATCHES)
    return Row(
        name=f"paper-probe-{epochs}",
        title=f"compact, SimCLR, the paper's probe, epochs: {epochs}",
        encoder=_spec("compact"),
        begins="simclr-compact",
        probe=settings,
    )


def _word(architecture: str) -> str:
    return {"vit_b_16": "vit"}.get(architecture, architecture.replace("_", "-"))


_SCRATCH: Final = "SimCLR, random weights"

ROWS: Final[tuple[Row, ...]] = (
    Row(name="baseline-0", title="47 numbers of the phase (baseline-0)", encoder=None),
    _untrained("compact", "compact"),
    _shipped("simclr-compact-1"),
    _shipped("simclr-compact-2"),
    _untrained("resnet18", "ResNet18"),
    _untrained("alexnet", "AlexNet"),
    _untrained("vgg16", "VGG16"),
    _untrained("densenet121", "DenseNet121"),
    _untrained("vit_b_16", "ViT-B/16"),
    _untrained("inception_v4", "Inception-v4"),
    _untrained("efficientnet_lite0", "EfficientNet-lite0"),
    _imagenet("efficientnet_lite0", "EfficientNet-lite0"),
    replace(
        _imagenet("efficientnet_lite0", "EfficientNet-lite0"),
        name="imagenet-efficientnet-lite0-coherent",
        title="EfficientNet-lite0, ImageNet, sees phasors",
        encoder=_spec("efficientnet_lite0"),
    ),
    _from_imagenet("efficientnet_lite0", "EfficientNet-lite0", 112),
    _without_labels("compact", f"compact, {_SCRATCH}", 128),
    _without_labels("compact", "compact, MoCo, random weights", 128, "moco"),
    _without_labels("compact", "compact, DCL, random weights", 128, "dcl"),
    _without_labels("resnet18", f"ResNet18, {_SCRATCH}", 112),
    _without_labels("resnet34", f"ResNet34, {_SCRATCH}", 112),
    replace(
        _without_labels("resnet50", f"ResNet50, {_SCRATCH}", 32),
        paper="85 %, 0.872; 86 %, 0.859 (300 epochs)",
    ),
    _supervised("compact", "compact"),
    _supervised("resnet18", "ResNet18"),
    _operational("compact", "compact"),
    _operational("resnet50", "ResNet50"),
    _paper_probe(1),
    _paper_probe(2),
    _paper_probe(3),
    _imagenet("resnet18", "ResNet18", "81 %, 0.841; 64 %, 0.491"),
    _imagenet("resnet34", "ResNet34", "82 %, 0.848; 70 %, 0.615"),
    _imagenet("resnet50", "ResNet50", "82 %, 0.848; 63 %, 0.471"),
    _imagenet("alexnet", "AlexNet", "82 %, 0.844; 72 %, 0.699"),
    _imagenet("vgg16", "VGG16", "85 %, 0.865; 64 %, 0.556"),
    _imagenet("densenet121", "DenseNet121", "82 %, 0.844; 54 %, 0.231"),
    _imagenet("vit_b_16", "ViT-B/16", "90 %, 0.906; 59 %, 0.343"),
    _imagenet("inception_v4", "Inception-v4", "92 %, 0.924; 69 %, 0.628"),
    _from_imagenet("resnet18", "ResNet18", 112, "84 %, 0.860; 70 %, 0.611"),
    _from_imagenet("resnet34", "ResNet34", 112, "82 %, 0.853; 91 %, 0.907"),
    _from_imagenet("resnet50", "ResNet50", 32, "85 %, 0.872; 91 %, 0.911"),
)
"""Cheap ones first, and each after the row that it goes on with."""


def find_rows(names: Sequence[str]) -> tuple[Row, ...]:
    """Return the rows of these names in the table's order; all of them where none is named.

    Raises
    ------
    BadInputError
        If there is no row of a name.
    """
    known = [row.name for row in ROWS]
    strange = sorted(set(names) - set(known))
    if strange:
        message = f"the table has no row '{strange[0]}': choose among {', '.join(known)}"
        raise BadInputError(message)
    return tuple(row for row in ROWS if not names or row.name in names)
