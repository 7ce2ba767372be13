"""Inputs by numpy alone are those that torch makes."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from fringewatch.errors import BadInputError
from insar_models.encoders.inputs import inputs_of_codes
from insar_models.encoders.phasor_inputs import PATCHES_AT_ONCE, phasor_inputs
from insar_models.encoders.spec import EncoderSpec
from tests.insar_models.encoder_detectors import random_codes

KINDS = ["grey", "phasor", "coherent"]


def spec(inputs: str, size: int = 32) -> EncoderSpec:
    return EncoderSpec.parse({"architecture": "compact", "inputs": inputs, "size": size})


def held_against_torch(codes: np.ndarray, of: EncoderSpec) -> None:
    found = phasor_inputs(codes, of)
    expected = inputs_of_codes(torch.from_numpy(codes), of).numpy()
    assert (found.dtype, found.flags.c_contiguous) == (np.dtype(np.float32), True)
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("inputs", KINDS)
@pytest.mark.parametrize("side", [32, 64, 96])
def test_they_are_those_of_torch(inputs: str, side: int) -> None:
    held_against_torch(random_codes(PATCHES_AT_ONCE + 3, side), spec(inputs))


@given(arrays(np.uint8, (2, 64, 64)), st.sampled_from(KINDS), st.sampled_from([32, 64]))
def test_so_are_those_of_any_bytes(codes: np.ndarray, inputs: str, size: int) -> None:
    held_against_torch(codes, spec(inputs, size))


@pytest.mark.parametrize("inputs", KINDS)
def test_patches_cut_out_of_a_window(inputs: str) -> None:
    """They lie apart in memory."""
    window = random_codes(1, side=128)[0]
    cut = np.lib.stride_tricks.sliding_window_view(window, (64, 64))[::32, ::32].reshape(-1, 64, 64)
    held_against_torch(cut, spec(inputs))
    np.testing.assert_array_equal(
        phasor_inputs(window[np.newaxis, 1:65, 1:65], spec(inputs)),
        phasor_inputs(window[np.newaxis, 1:65, 1:65].copy(), spec(inputs)),
    )


def test_no_patches_are_no_inputs() -> None:
    assert phasor_inputs(np.empty((0, 64, 64), np.uint8), spec("phasor")).shape == (0, 3, 32, 32)


@pytest.mark.parametrize("shape", [(1, 40, 40), (1, 64, 32), (0, 16, 16)])
def test_sizes_that_cannot_be_seen(shape: tuple[int, ...]) -> None:
    with pytest.raises(BadInputError, match="cannot be reduced to 32 x 32"):
        phasor_inputs(np.zeros(shape, np.uint8), spec("coherent"))
