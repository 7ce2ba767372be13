"""What an encoder is: enough to build it again, and nothing about how it was trained."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Final, Literal, get_args

from fringewatch.errors import BadInputError
from fringewatch.numbers import PATCH_SIZE

Architecture = Literal[
    "compact",
    "resnet18",
    "resnet34",
    "resnet50",
    "alexnet",
    "vgg16",
    "densenet121",
    "vit_b_16",
    "inception_v4",
    "efficientnet_lite0",
]
Inputs = Literal["grey", "phasor", "coherent"]

WIDENED: Final = ("compact", "resnet18", "resnet34", "resnet50")
"""Architectures whose channels can be made fewer or more."""

TOKEN_SIZE: Final = 16
"""Side in pixels of what is one token to ``vit_b_16``."""

_SMALLEST: Final = {"alexnet": 64, "inception_v4": 96}  # below, nothing is left to pool
_SMALLEST_OF_OTHERS: Final = 32
_LARGEST: Final = 1024
_WIDTHS: Final = (0.125, 4.0)


@dataclass(frozen=True)
class EncoderSpec:
    """A kind of encoder.

    Raises
    ------
    BadInputError
        If the architecture or the inputs are unknown, the net cannot see patches of that size, or
        cannot have that width.
    """

    architecture: Architecture = "resnet18"
    """``compact`` is a residual net of 1.4 million parameters for machines without a GPU;
    ``inception_v4`` needs the package timm."""
    width: float = 1.0
    """Channels as a multiple of the usual ones, rounded to whole eights; ResNets and compact."""
    inputs: Inputs = "phasor"
    """``phasor``: cosine, sine, and where there is data; ``coherent``: the same without noise;
    ``grey``: the phase as a grey level."""
    size: int = PATCH_SIZE
    """Side in pixels of what the net sees; larger patches are reduced to it by averaging."""

    def __post_init__(self) -> None:
        _check_word("architecture", self.architecture, get_args(Architecture))
        _check_word("inputs", self.inputs, get_args(Inputs))
        object.__setattr__(self, "width", _check_width(self.width, self.architecture))
        _check_size(self.size, self.architecture)

    @classmethod
    def parse(cls, entries: Mapping[str, Any]) -> "EncoderSpec":
        """Return the spec that a mapping describes; what it leaves out is as usual.

        Raises
        ------
        BadInputError
            If it has an unknown key, or a value that cannot be.
        """
        known = [field.name for field in fields(cls)]
        strange = sorted(str(key) for key in entries if key not in known)
        if strange:
            message = (
                f"an encoder has no '{strange[0]}': it is described by {', '.join(known)}; correct "
                "the spelling, or leave it out"
            )
            raise BadInputError(message)
        return cls(**entries)

    def as_dict(self) -> dict[str, str | float | int]:
        """Return what `parse` reads, as JSON and TOML can hold it."""
        return asdict(self)


def _check_word(key: str, value: object, known: tuple[str, ...]) -> None:
    if value not in known:
        message = f"an encoder's {key} cannot be {value!r}: choose among {', '.join(known)}"
        raise BadInputError(message)


def _check_width(width: object, architecture: str) -> float:
    """The width as a float, if the architecture can have it."""
    least, most = _WIDTHS
    if isinstance(width, bool) or not isinstance(width, int | float) or not least <= width <= most:
        message = f"an encoder's width cannot be {width!r}: use a number from {least} to {most}"
        raise BadInputError(message)
    if width != 1.0 and architecture not in WIDENED:
        message = (
            f"{architecture} has one width, 1.0, not {width}: leave the width out, or choose "
            f"among {', '.join(WIDENED)}"
        )
        raise BadInputError(message)
    return float(width)


def _check_size(size: object, architecture: str) -> None:
    """Pass a size of patches that the architecture can see."""
    least = _SMALLEST.get(architecture, _SMALLEST_OF_OTHERS)
    if not isinstance(size, int) or not least <= size <= _LARGEST:
        message = (
            f"{architecture} cannot see patches of {size!r} pixels: use a whole number from "
            f"{least} to {_LARGEST}"
        )
        raise BadInputError(message)
    if architecture == "vit_b_16" and size % TOKEN_SIZE:
        message = (
            f"vit_b_16 cannot see patches of {size} pixels: use a multiple of {TOKEN_SIZE}, such "
            f"as {size - size % TOKEN_SIZE}"
        )
        raise BadInputError(message)
