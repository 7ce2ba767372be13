"""Encoders: from a batch of patches to rows of features, of several architectures."""

from pathlib import Path
from typing import Final, Literal

import torch
from torch import nn
from typing_extensions import override

from fringewatch.errors import BadInputError, ModelError
from insar_models.encoders.backbones import Backbone, make_backbone
from insar_models.encoders.phasor_inputs import CHANNELS
from insar_models.encoders.spec import EncoderSpec
from insar_models.encoders.weights import (
    fill,
    imagenet_tensors,
    read_encoder_folder,
    tensors_of_file,
)

__all__ = ["Encoder", "EncoderSpec", "make_encoder"]

_LARGEST_SEED: Final = 2**63 - 1


class Encoder(nn.Module):
    """A net that makes features of patches; `insar_models.encoders.inputs` makes its inputs.

    Parameters
    ----------
    spec
        What it is.
    backbone
        The net, made for `spec`.
    """

    def __init__(self, spec: EncoderSpec, backbone: Backbone) -> None:
        super().__init__()
        self.spec = spec
        self.backbone = backbone

    @property
    def dimension(self) -> int:
        """Features of a patch."""
        return self.backbone.dimension

    @override
    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Return features: float, (n, 3, size, size) to (n, dimension).

        Raises
        ------
        BadInputError
            If the inputs have another shape than the encoder was made for.
        """
        features: torch.Tensor = self.backbone(self._checked(inputs))
        return features

    def maps(self, inputs: torch.Tensor) -> torch.Tensor:
        """Return features by place: float, (n, 3, size, size) to (n, dimension, h, w).

        Their mean over h and w are the features, except of ``vit_b_16``.

        Raises
        ------
        BadInputError
            If the inputs have another shape than the encoder was made for.
        """
        return self.backbone.maps(self._checked(inputs))

    def _checked(self, inputs: torch.Tensor) -> torch.Tensor:
        size = self.spec.size
        if inputs.shape[1:] != (CHANNELS, size, size):
            message = (
                f"inputs of shape {tuple(inputs.shape)} do not fit this {self.spec.architecture}, "
                f"which sees (n, {CHANNELS}, {size}, {size}): make them with codes_to_inputs"
            )
            raise BadInputError(message)
        return inputs


def make_encoder(
    spec: EncoderSpec, *, seed: int, weights: Literal["random", "imagenet"] | Path = "random"
) -> Encoder:
    """Return a new encoder, on the CPU, ready to learn; torch's generators are as they were.

    Parameters
    ----------
    spec
        What it is.
    seed
        From 0; the same seed gives the same random weights.
    weights
        What it begins with: random numbers, what torchvision learned of ImageNet, the folder of
        another encoder of the same architecture, width and inputs, or a file of tensors by
        torchvision's names (``.safetensors``, or ``.pth`` of torchvision).

    Raises
    ------
    BadInputError
        If the seed cannot be one, or there are no ImageNet weights for such an encoder.
    ModelError
        If the weights cannot be had or read, or do not fit.
    """
    if not 0 <= seed <= _LARGEST_SEED:
        message = f"the seed {seed} cannot be: use 0 to {_LARGEST_SEED}"
        raise BadInputError(message)
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        backbone = make_backbone(spec)
    if weights == "imagenet":
        fill(backbone, imagenet_tensors(spec), source="ImageNet", size=spec.size)
    elif isinstance(weights, Path):
        fill(backbone, _tensors(spec, weights), source=str(weights), size=spec.size)
    elif weights != "random":
        message = f"weights cannot be {weights!r}: use 'random', 'imagenet', or a path"
        raise BadInputError(message)
    return Encoder(spec, backbone)


def _tensors(spec: EncoderSpec, path: Path) -> dict[str, torch.Tensor]:
    """The weights that a path holds, if they are of such an encoder."""
    if not path.is_dir():
        return tensors_of_file(path)
    other, tensors = read_encoder_folder(path)
    for key in ("architecture", "width", "inputs"):
        found, wanted = getattr(other, key), getattr(spec, key)
        if found != wanted:
            message = (
                f"the encoder in {path} has the {key} {found!r}, not {wanted!r}: choose another, "
                f"or set the {key} to {found!r}"
            )
            raise ModelError(message)
    return tensors
