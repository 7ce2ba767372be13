"""The nets inside encoders, without the layers that tell ImageNet's classes apart.

Their tensors have torchvision's names, so that what was trained with torchvision fits. All start
from the same kind of random numbers, He's, except for the transformer, which keeps its own.
"""

import importlib
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal

import torch
import torchvision.models
from torch import nn
from torchvision.models.resnet import BasicBlock, Bottleneck
from typing_extensions import override

from fringewatch.errors import ModelError
from insar_models.encoders.efficientnet_lite import DIMENSION, EfficientNetLite0
from insar_models.encoders.spec import TOKEN_SIZE, EncoderSpec

_CHANNELS: Final = 3
_EIGHT: Final = 8


class Backbone(nn.Module, ABC):
    """A net that makes a map of features of a patch, and one row of features."""

    dimension: int
    """Features of a patch."""

    @abstractmethod
    def maps(self, inputs: torch.Tensor) -> torch.Tensor:
        """Return features by place: (n, 3, size, size) to (n, dimension, h, w)."""

    @override
    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Return the features of each patch: (n, 3, size, size) to (n, dimension)."""
        return self.maps(inputs).mean(dim=(2, 3))


@dataclass(frozen=True)
class _Plan:
    """A residual net at width 1."""

    block: type[BasicBlock] | type[Bottleneck]
    depths: tuple[int, int, int, int]
    """Blocks in each stage."""
    channels: tuple[int, int, int, int] = (64, 128, 256, 512)
    """Of each stage; a bottleneck has four times as many at its end."""
    strides: tuple[int, int, int, int] = (1, 2, 2, 2)
    stem: int = 7
    """Side of the first filters in pixels."""


_PLANS: Final = {
    # As deep as it is cheap: a quarter of the work of resnet18. The last stage keeps its
    # resolution, so that patches of 112 pixels have maps of 7 x 7.
    "compact": _Plan(BasicBlock, (2, 2, 2, 1), (32, 64, 128, 224), (1, 2, 2, 1), stem=5),
    "resnet18": _Plan(BasicBlock, (2, 2, 2, 2)),
    "resnet34": _Plan(BasicBlock, (3, 4, 6, 3)),
    "resnet50": _Plan(Bottleneck, (3, 4, 6, 3)),
}


class ResidualNet(Backbone):
    """A ResNet of any width; at width 1 those of torchvision, tensor by tensor."""

    def __init__(self, plan: _Plan, width: float) -> None:
        super().__init__()
        channels = [_EIGHT * max(1, round(width * count / _EIGHT)) for count in plan.channels]
        self.conv1 = nn.Conv2d(
            _CHANNELS, channels[0], plan.stem, stride=2, padding=plan.stem // 2, bias=False
        )
        self.bn1 = nn.BatchNorm2d(channels[0])
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        before = channels[0]
        stages = []
        for count, depth, stride in zip(channels, plan.depths, plan.strides, strict=True):
            stages.append(_stage(plan.block, before, count, depth=depth, stride=stride))
            before = count * plan.block.expansion
        self.layer1, self.layer2, self.layer3, self.layer4 = stages
        self.dimension = before
        initialise(self)

    @override
    def maps(self, inputs: torch.Tensor) -> torch.Tensor:
        seen = self.maxpool(self.relu(self.bn1(self.conv1(inputs))))
        maps: torch.Tensor = self.layer4(self.layer3(self.layer2(self.layer1(seen))))
        return maps


def _stage(
    block: type[BasicBlock] | type[Bottleneck],
    before: int,
    channels: int,
    *,
    depth: int,
    stride: int,
) -> nn.Sequential:
    """Blocks of a stage of a ResNet, the first of which reduces the side by `stride`."""
    after = channels * block.expansion
    shortcut = None
    if stride != 1 or before != after:
        shortcut = nn.Sequential(
            nn.Conv2d(before, after, 1, stride=stride, bias=False), nn.BatchNorm2d(after)
        )
    blocks = [block(before, channels, stride, shortcut)]
    blocks.extend(block(after, channels) for _ in range(1, depth))
    return nn.Sequential(*blocks)


class PlainNet(Backbone):
    """The layers before another net's classes, and the mean of what they give."""

    def __init__(self, features: nn.Module, dimension: int, *, rectified: bool = False) -> None:
        super().__init__()
        self.features = features
        self.dimension = dimension
        self._rectified = rectified
        initialise(self)

    @override
    def maps(self, inputs: torch.Tensor) -> torch.Tensor:
        maps: torch.Tensor = self.features(inputs)
        return maps.relu() if self._rectified else maps


class TransformerNet(Backbone):
    """A vision transformer; the features of a patch are those of its class token."""

    def __init__(self, size: int) -> None:
        super().__init__()
        net = torchvision.models.vit_b_16(weights=None, image_size=size)
        self.conv_proj, self.class_token, self.encoder = (
            net.conv_proj,
            net.class_token,
            net.encoder,
        )
        self.dimension = int(net.hidden_dim)

    @override
    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        return self._tokens(inputs)[:, 0]

    @override
    def maps(self, inputs: torch.Tensor) -> torch.Tensor:
        side = inputs.shape[-1] // TOKEN_SIZE
        places = self._tokens(inputs)[:, 1:].transpose(1, 2)
        return places.reshape(len(places), self.dimension, side, side)

    def _tokens(self, inputs: torch.Tensor) -> torch.Tensor:
        places = self.conv_proj(inputs).flatten(2).transpose(1, 2)
        heads = self.class_token.expand(len(places), -1, -1)
        tokens: torch.Tensor = self.encoder(torch.cat([heads, places], dim=1))
        return tokens


def make_backbone(spec: EncoderSpec) -> Backbone:
    """Return the net of a spec with random numbers of torch's generator, on the CPU.

    Raises
    ------
    ModelError
        If it needs a package that is not installed.
    """
    if spec.architecture in _PLANS:
        return ResidualNet(_PLANS[spec.architecture], spec.width)
    if spec.architecture == "vit_b_16":
        return TransformerNet(spec.size)
    return _PLAIN[spec.architecture]()


def initialise(net: nn.Module) -> None:
    """Set all tensors of a net of convolutions anew, wherever they come from."""
    for part in net.modules():
        if isinstance(part, nn.Conv2d):
            # torch counts the outputs of all groups: of a channel of its own that is far too many.
            mode: Literal["fan_in", "fan_out"] = "fan_in" if part.groups > 1 else "fan_out"
            nn.init.kaiming_normal_(part.weight, mode=mode, nonlinearity="relu")
            if part.bias is not None:
                nn.init.zeros_(part.bias)
        elif isinstance(part, nn.BatchNorm2d):
            part.reset_parameters()


def _of_torchvision(name: str, dimension: int, *, rectified: bool = False) -> PlainNet:
    # Without memory at first: vgg16's classes alone would take half a gigabyte.
    with torch.device("meta"):
        net = torchvision.models.get_model(name, weights=None)
    return PlainNet(net.features.to_empty(device="cpu"), dimension, rectified=rectified)


def _inception_v4() -> PlainNet:
    return PlainNet(import_timm().create_model("inception_v4").features, 1536)


def import_timm() -> Any:
    """Return the package timm.

    Raises
    ------
    ModelError
        If it is not installed.
    """
    try:
        return importlib.import_module("timm")
    except ImportError as error:
        message = (
            f"the encoder inception_v4 needs the package timm ({error}): install it (pip install "
            "timm), or choose another architecture"
        )
        raise ModelError(message) from error


_PLAIN: Final[dict[str, Callable[[], PlainNet]]] = {
    "alexnet": lambda: _of_torchvision("alexnet", 256),
    "vgg16": lambda: _of_torchvision("vgg16", 512),
    "densenet121": lambda: _of_torchvision("densenet121", 1024, rectified=True),
    "inception_v4": _inception_v4,
    "efficientnet_lite0": lambda: PlainNet(EfficientNetLite0(), DIMENSION),
}
