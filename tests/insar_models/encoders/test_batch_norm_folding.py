"""Folding of batch norms: the same results, and nothing is left that learns."""

import pytest
import torch
from torch import nn

from insar_models.encoders.batch_norm_folding import fold_batch_norms
from insar_models.encoders.spec import EncoderSpec
from tests.insar_models.encoder_detectors import seasoned_encoder
from tests.insar_models.small_encoders import TINY, inputs_for, same_weights

SPECS = [
    TINY,
    EncoderSpec("compact", width=0.25, size=32),
    EncoderSpec("resnet50", width=0.125, size=32),
    EncoderSpec("densenet121", size=32),
    EncoderSpec("alexnet", size=64),
]


def norms(net: nn.Module) -> int:
    return sum(isinstance(part, nn.BatchNorm2d) for part in net.modules())


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.architecture)
def test_a_folded_encoder_gives_the_same(spec: EncoderSpec) -> None:
    encoder = seasoned_encoder(spec)
    folded = fold_batch_norms(encoder)
    inputs = inputs_for(spec)
    with torch.no_grad():
        expected, maps = encoder.eval()(inputs), encoder.maps(inputs)
        for found, wanted in ((folded(inputs), expected), (folded.maps(inputs), maps)):
            limit = 2e-5 * float(wanted.abs().max())
            torch.testing.assert_close(found, wanted, rtol=0, atol=limit)


@pytest.mark.parametrize("spec", SPECS[:3], ids=lambda spec: spec.architecture)
def test_residual_nets_have_none_left(spec: EncoderSpec) -> None:
    encoder = seasoned_encoder(spec)
    assert norms(encoder) > 0
    assert norms(fold_batch_norms(encoder)) == 0


def test_norms_that_follow_something_else_stay() -> None:
    encoder = seasoned_encoder(SPECS[3])
    assert 0 < norms(fold_batch_norms(encoder)) < norms(encoder)


def test_the_encoder_is_left_as_it_is() -> None:
    encoder, other = seasoned_encoder(), seasoned_encoder()
    folded = fold_batch_norms(encoder)
    assert encoder.training
    assert not folded.training
    assert same_weights(encoder, other)


def test_a_batch_norm_of_a_package_that_does_more_is_not_touched() -> None:
    class Activated(nn.BatchNorm2d):
        """As in timm: with an activation inside."""

    net = nn.Sequential(nn.Conv2d(3, 4, 1), Activated(4))
    assert isinstance(fold_batch_norms(net)[1], Activated)
