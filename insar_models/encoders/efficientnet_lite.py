"""EfficientNet-lite0: a small net for small machines, of which ImageNet weights are at hand.

Tan and Le (2019), "EfficientNet", and Google's "lite" variant of it: no squeeze and excitation,
and cut-off rectifiers. Padding and norms are TensorFlow's, which the published weights learned
with. Its tensors have the names of the published PyTorch file, without their leading underscores.
"""

from typing import Final

import torch
from torch import nn
from torch.nn import functional
from typing_extensions import override

DIMENSION: Final = 1280

_STEM: Final = 32
_CHANNELS: Final = 3
_STAGES: Final = (
    # blocks, side of the filters, stride of the first, times the channels inside, channels
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)


class EfficientNetLite0(nn.Module):
    """The layers before the classes: (n, 3, size, size) to (n, 1280, size / 32, size / 32)."""

    def __init__(self) -> None:
        super().__init__()
        self.conv_stem = _convolution(_CHANNELS, _STEM, 3, stride=2)
        self.bn0 = _norm(_STEM)
        blocks, before = [], _STEM
        for count, side, first_stride, times, channels in _STAGES:
            for at in range(count):
                stride = first_stride if at == 0 else 1
                blocks.append(_Block(before, channels, side, stride=stride, times=times))
                before = channels
        self.blocks = nn.ModuleList(blocks)
        self.conv_head = _convolution(before, DIMENSION, 1)
        self.bn1 = _norm(DIMENSION)

    @override
    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        seen = functional.relu6(self.bn0(self.conv_stem(inputs)))
        for block in self.blocks:
            seen = block(seen)
        return functional.relu6(self.bn1(self.conv_head(seen)))


class _Block(nn.Module):
    """More channels, a filter for each, fewer channels; what came in is added where it fits."""

    def __init__(self, before: int, after: int, side: int, *, stride: int, times: int) -> None:
        super().__init__()
        inside = before * times
        if times > 1:
            self.expand_conv: nn.Module = _convolution(before, inside, 1)
            self.bn0: nn.Module = _norm(inside)
        self.depthwise_conv = _convolution(inside, inside, side, stride=stride, groups=inside)
        self.bn1 = _norm(inside)
        self.project_conv = _convolution(inside, after, 1)
        self.bn2 = _norm(after)
        self._expands, self._adds = times > 1, stride == 1 and before == after

    @override
    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        seen: torch.Tensor = inputs
        if self._expands:
            seen = functional.relu6(self.bn0(self.expand_conv(seen)))
        seen = functional.relu6(self.bn1(self.depthwise_conv(seen)))
        seen = self.bn2(self.project_conv(seen))
        return seen + inputs if self._adds else seen


class _EvenlyPadded(nn.Conv2d):
    """A convolution with TensorFlow's padding, of which an odd pixel goes to the far edges."""

    @override
    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        (side, _), (stride, _) = self.kernel_size, self.stride
        edges = []
        for length in (inputs.shape[-1], inputs.shape[-2]):  # columns first, as torch pads
            missing = max((-(-length // stride) - 1) * stride + side - length, 0)
            edges += [missing // 2, missing - missing // 2]
        return super().forward(functional.pad(inputs, edges))


def _convolution(
    before: int, after: int, side: int, *, stride: int = 1, groups: int = 1
) -> nn.Conv2d:
    if stride == 1:
        return nn.Conv2d(before, after, side, padding=side // 2, groups=groups, bias=False)
    return _EvenlyPadded(before, after, side, stride=stride, groups=groups, bias=False)


def _norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=1e-3, momentum=0.01)
