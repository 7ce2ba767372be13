"""A small detector of an encoder and a probe, with chance for weights."""

import math

import numpy as np
from numpy.typing import NDArray
from torch import nn

from insar_models.detectors.calibration import Calibration
from insar_models.detectors.encoder import EncoderDetector
from insar_models.detectors.linear import LinearWeights
from insar_models.encoders.encoder import Encoder, make_encoder
from insar_models.encoders.spec import EncoderSpec
from tests.insar_models.small_encoders import TINY


def seasoned_encoder(spec: EncoderSpec = TINY) -> Encoder:
    """An encoder whose batch norms have seen something, so that they matter; it learns."""
    encoder = make_encoder(spec, seed=3)
    chance = np.random.default_rng(4)
    for part in encoder.modules():
        if isinstance(part, nn.BatchNorm2d):
            for tensor, low, high in (
                (part.running_mean, -0.2, 0.2),
                (part.running_var, 0.5, 2.0),
                (part.weight.data, 0.5, 1.5),
                (part.bias.data, -0.2, 0.2),
            ):
                assert tensor is not None
                tensor.copy_(tensor.new_tensor(chance.uniform(low, high, tensor.shape)))
    return encoder.train()


def chance_probe(dimension: int) -> LinearWeights:
    """A probe that looks at all features."""
    chance = np.random.default_rng(5)
    return LinearWeights(
        mean=chance.normal(size=dimension),
        scale=chance.uniform(0.5, 2.0, dimension),
        coefficients=chance.normal(size=dimension) * 0.2,
        intercept=0.3,
        clip_deviations=math.inf,
    )


def small_detector(
    spec: EncoderSpec = TINY, *, name: str = "small", half: bool = False
) -> EncoderDetector:
    """A detector that is always the same."""
    encoder = seasoned_encoder(spec)
    probe = chance_probe(encoder.dimension)
    return EncoderDetector(name, "", 0.25, Calibration(0.5, -1.0, 0.2), encoder, probe, half=half)


def random_codes(count: int, side: int = 64) -> NDArray[np.uint8]:
    """Smooth patches of phase bytes, with a corner of no data; always the same."""
    chance = np.random.default_rng(6)
    rows, columns = np.mgrid[0:side, 0:side] / side
    slopes = chance.uniform(-8.0, 8.0, (2, count, 1, 1))
    turns = slopes[0] * rows + slopes[1] * columns + chance.uniform(0, 0.3, (count, side, side))
    codes: NDArray[np.uint8] = (1 + (turns * 254.0) % 254.0).astype(np.uint8)
    codes[:, : side // 8, : side // 4] = 0
    return codes
