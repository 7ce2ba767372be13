"""Encoders: which there can be, what they give, and the random numbers they begin with."""

import pytest
import torch

from fringewatch.errors import BadInputError
from insar_models.encoders.encoder import EncoderSpec, make_encoder
from tests.insar_models.small_encoders import TINY, inputs_for, same_weights

SMALL = [
    EncoderSpec("compact", size=64),
    EncoderSpec("compact", width=0.25, size=32),
    TINY,
    EncoderSpec("resnet34", width=0.25, size=32),
    EncoderSpec("resnet50", width=0.125, size=32),
    EncoderSpec("alexnet", size=64),
    EncoderSpec("densenet121", size=32),
    EncoderSpec("efficientnet_lite0", size=32),
]
LARGE = [
    EncoderSpec("vgg16", size=32),
    pytest.param(EncoderSpec("vit_b_16", size=32), marks=pytest.mark.long),
]


@pytest.mark.parametrize(
    ("entries", "problem"),
    [
        ({"architecture": "resnet19"}, "architecture cannot be 'resnet19': choose among compact"),
        ({"inputs": "colour"}, "inputs cannot be 'colour'"),
        ({"widht": 2}, "no 'widht'"),
        ({"width": 0}, "width cannot be 0"),
        ({"width": float("nan")}, "width cannot be nan"),
        ({"width": True}, "width cannot be True"),
        ({"width": "1"}, "width cannot be '1'"),
        ({"architecture": "vgg16", "width": 0.5}, "vgg16 has one width"),
        ({"size": 16}, "patches of 16 pixels"),
        ({"size": 64.0}, r"patches of 64\.0 pixels"),
        ({"size": True}, "patches of True pixels"),
        ({"architecture": "alexnet", "size": 32}, "from 64"),
        ({"architecture": "vit_b_16", "size": 100}, "such as 96"),
        ({"architecture": ["resnet18"]}, "architecture cannot be"),
    ],
)
def test_impossible_encoders_are_refused(entries: dict[str, object], problem: str) -> None:
    with pytest.raises(BadInputError, match=problem):
        EncoderSpec.parse(entries)


def test_a_spec_goes_through_its_mapping() -> None:
    assert EncoderSpec.parse({}) == EncoderSpec()
    for spec in SMALL:
        assert EncoderSpec.parse(spec.as_dict()) == spec
    assert EncoderSpec.parse({"width": 1}).as_dict()["width"] == 1.0


@pytest.mark.parametrize("spec", SMALL, ids=lambda spec: f"{spec.architecture}-{spec.width}")
def test_features_are_the_mean_of_the_maps(spec: EncoderSpec) -> None:
    encoder = make_encoder(spec, seed=0).eval()
    with torch.inference_mode():
        features, maps = encoder(inputs_for(spec)), encoder.maps(inputs_for(spec))
    assert features.shape == (2, encoder.dimension)
    assert maps.shape[:2] == (2, encoder.dimension)
    assert torch.allclose(features, maps.mean(dim=(2, 3)), atol=1e-6)
    assert features.isfinite().all()
    assert not torch.allclose(features[0], features[1])


@pytest.mark.parametrize("spec", LARGE, ids=["vgg16", "vit_b_16"])
def test_large_nets_give_features_and_maps(spec: EncoderSpec) -> None:
    encoder = make_encoder(spec, seed=0).eval()
    with torch.inference_mode():
        features, maps = encoder(inputs_for(spec)), encoder.maps(inputs_for(spec))
    assert features.shape == (2, encoder.dimension)
    assert maps.shape[:2] == (2, encoder.dimension)
    assert features.isfinite().all()


def test_the_compact_net_is_small_and_has_maps_of_seven() -> None:
    spec = EncoderSpec("compact", size=112)
    encoder = make_encoder(spec, seed=0).eval()
    assert 1.3e6 < sum(weight.numel() for weight in encoder.parameters()) < 1.5e6
    with torch.inference_mode():
        assert encoder.maps(inputs_for(spec, 1)).shape[2:] == (7, 7)


def test_width_scales_channels_in_eights() -> None:
    assert make_encoder(TINY, seed=0).dimension == 128
    assert make_encoder(EncoderSpec("compact", width=0.3, size=32), seed=0).dimension == 64
    assert make_encoder(EncoderSpec("compact", width=0.125, size=32), seed=0).dimension == 32


@pytest.mark.parametrize("spec", [SMALL[1], SMALL[5], SMALL[6]], ids=lambda spec: spec.architecture)
def test_the_seed_makes_the_weights(spec: EncoderSpec) -> None:
    first = make_encoder(spec, seed=3)
    torch.rand(7)
    assert same_weights(first, make_encoder(spec, seed=3))
    assert not same_weights(first, make_encoder(spec, seed=4))
    assert first.training


def test_the_generators_of_others_stay_as_they_were() -> None:
    before = torch.random.get_rng_state()
    make_encoder(TINY, seed=3)
    assert torch.equal(torch.random.get_rng_state(), before)


@pytest.mark.parametrize("seed", [-1, 2**63])
def test_a_seed_out_of_range_is_refused(seed: int) -> None:
    with pytest.raises(BadInputError, match="seed"):
        make_encoder(TINY, seed=seed)


def test_inputs_of_another_size_are_refused() -> None:
    encoder = make_encoder(TINY, seed=0)
    for shape in ((1, 3, 64, 64), (1, 2, 32, 32), (3, 32, 32)):
        with pytest.raises(BadInputError, match="codes_to_inputs"):
            encoder(torch.zeros(shape))
        with pytest.raises(BadInputError, match="codes_to_inputs"):
            encoder.maps(torch.zeros(shape))


def test_every_weight_learns() -> None:
    encoder = make_encoder(SMALL[1], seed=0)
    encoder(inputs_for(SMALL[1], 4)).square().sum().backward()
    assert all(weight.grad is not None and weight.grad.any() for weight in encoder.parameters())
