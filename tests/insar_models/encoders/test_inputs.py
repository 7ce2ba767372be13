"""From phase bytes to inputs: exact to the byte, and averages of phasors, never of bytes."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from fringewatch.errors import BadInputError
from insar_models.encoders import inputs as encoder_inputs
from insar_models.encoders.inputs import (
    Phasors,
    codes_to_inputs,
    inputs_of_codes,
    phasors_of,
    reduce_phasors,
    reduced_phasors_of,
    signal_weight,
)
from insar_models.encoders.phasor_inputs import GREY_MEAN, GREY_SPREAD
from insar_models.encoders.spec import EncoderSpec
from insar_models.phase.codes import decode_phase, phasor

ALL_CODES = torch.arange(256, dtype=torch.uint8).reshape(1, 16, 16)
SMALL_CODES = arrays(np.uint8, (2, 32, 32))


def spec(**entries: object) -> EncoderSpec:
    return EncoderSpec.parse({"architecture": "compact", "size": 32, **entries})


def test_phasors_are_those_of_the_numpy_side() -> None:
    found = phasors_of(ALL_CODES)
    expected = phasor(decode_phase(ALL_CODES.numpy()))
    np.testing.assert_allclose(found.field[:, 0].numpy(), expected.real, atol=5e-7)
    np.testing.assert_allclose(found.field[:, 1].numpy(), expected.imag, atol=5e-7)
    assert found.field.dtype == torch.float32
    assert found.valid.flatten().tolist() == [False] + [True] * 255
    assert found.field[0, :, 0, 0].tolist() == [0.0, 0.0]
    assert len(found) == 1


@pytest.mark.parametrize(
    "codes", [torch.zeros(1, 4, 4), torch.zeros(4, 4, dtype=torch.uint8)], ids=["float", "flat"]
)
def test_what_is_no_batch_of_bytes_is_refused(codes: torch.Tensor) -> None:
    with pytest.raises(BadInputError, match="no batch of phase bytes"):
        phasors_of(codes)


@pytest.mark.parametrize(
    ("field", "valid"),
    [
        (torch.zeros(1, 3, 4, 4), torch.ones(1, 1, 4, 4, dtype=torch.bool)),
        (torch.zeros(1, 2, 4, 4), torch.ones(1, 1, 4, 4)),
        (torch.zeros(1, 2, 4, 4), torch.ones(1, 1, 4, 5, dtype=torch.bool)),
        (torch.zeros(1, 2, 4, 4, dtype=torch.int32), torch.ones(1, 1, 4, 4, dtype=torch.bool)),
    ],
)
def test_parts_of_phasors_must_fit(field: torch.Tensor, valid: torch.Tensor) -> None:
    with pytest.raises(BadInputError, match="phasors of"):
        Phasors(field, valid)


@given(SMALL_CODES)
def test_grey_at_full_size_is_the_byte(codes: np.ndarray) -> None:
    inputs = codes_to_inputs(phasors_of(torch.from_numpy(codes)), spec(inputs="grey"))
    assert inputs.shape == (2, 3, 32, 32)
    for channel in range(3):
        grey = inputs[:, channel] * GREY_SPREAD + GREY_MEAN
        np.testing.assert_allclose(grey.numpy(), codes, atol=1e-3)


def test_phasor_inputs_are_cosine_sine_and_validity() -> None:
    codes = torch.randint(0, 256, (2, 32, 32), dtype=torch.uint8)
    codes[:, :5] = 0
    phasors = phasors_of(codes)
    inputs = codes_to_inputs(phasors, spec())
    assert inputs.shape == (2, 3, 32, 32)
    assert torch.equal(inputs[:, :2], phasors.field)
    assert torch.equal(inputs[:, 2], (codes != 0).float())


@given(SMALL_CODES)
def test_reduction_is_the_mean_of_valid_phasors(codes: np.ndarray) -> None:
    codes[:, :7] = np.where(codes[:, :7] < 128, 0, codes[:, :7])  # much without data
    found = reduce_phasors(phasors_of(torch.from_numpy(codes)), 8)
    unit = phasor(decode_phase(codes)).reshape(2, 8, 4, 8, 4).swapaxes(2, 3).reshape(2, 8, 8, 16)
    count = (codes != 0).reshape(2, 8, 4, 8, 4).sum(axis=(2, 4))
    enough = count >= 8
    expected = np.where(enough, unit.sum(axis=-1) / np.maximum(count, 1), 0)
    assert np.array_equal(found.valid[:, 0].numpy(), enough)
    np.testing.assert_allclose(found.field[:, 0].numpy(), expected.real, atol=1e-5)
    np.testing.assert_allclose(found.field[:, 1].numpy(), expected.imag, atol=1e-5)


def test_phases_on_both_sides_of_the_wrap_average_to_the_wrap() -> None:
    """Bytes 1 and 255 are the same phase: the mean of the bytes would be the opposite one."""
    codes = torch.tensor([[1, 255], [255, 1]], dtype=torch.uint8).repeat(1, 16, 16)
    field = reduce_phasors(phasors_of(codes), 16).field
    angle = torch.atan2(field[:, 1], field[:, 0]).abs()
    assert angle.min() > math.pi - 1e-3
    assert torch.allclose(field.square().sum(1), torch.ones(()), atol=1e-5)


def test_incoherent_boxes_become_short_and_pixels_without_data_do_not_shorten() -> None:
    noise = torch.randint(1, 256, (1, 32, 32), dtype=torch.uint8)
    assert reduce_phasors(phasors_of(noise), 4).field.square().sum(1).sqrt().mean() < 0.3
    half = torch.full((1, 32, 32), 77, dtype=torch.uint8)
    half[:, ::2] = 0
    reduced = reduce_phasors(phasors_of(half), 16)
    assert reduced.valid.all()
    assert torch.allclose(reduced.field.square().sum(1), torch.ones(()), atol=1e-5)


def test_patches_of_the_size_are_given_back() -> None:
    phasors = phasors_of(ALL_CODES)
    assert reduce_phasors(phasors, 16) is phasors


@pytest.mark.parametrize(("height", "width"), [(48, 48), (64, 32), (16, 16)])
def test_sizes_that_do_not_divide_are_refused(height: int, width: int) -> None:
    phasors = phasors_of(torch.ones(1, height, width, dtype=torch.uint8))
    with pytest.raises(BadInputError, match=f"{height} x {width} pixels cannot be reduced to 32"):
        codes_to_inputs(phasors, spec())


@pytest.mark.parametrize("inputs", ["grey", "phasor", "coherent"])
def test_a_patch_without_data_is_finite_and_flat(inputs: str) -> None:
    phasors = phasors_of(torch.zeros(1, 64, 64, dtype=torch.uint8))
    seen = codes_to_inputs(phasors, spec(inputs=inputs))
    assert torch.equal(seen, torch.full_like(seen, seen[0, 0, 0, 0].item()))
    assert seen.isfinite().all()


def test_tables_made_while_scoring_serve_learning() -> None:
    encoder_inputs._table.cache_clear()
    with torch.inference_mode():
        phasors_of(ALL_CODES)
    phasors = phasors_of(ALL_CODES.clone())
    scale = torch.ones(1, requires_grad=True)
    (slope,) = torch.autograd.grad((phasors.field * scale).square().sum(), scale)
    assert slope > 0


@given(st.integers(2, 3), st.sampled_from(["grey", "phasor"]))
def test_inputs_of_a_patch_do_not_depend_on_its_batch(count: int, inputs: str) -> None:
    codes = torch.randint(0, 256, (count, 64, 64), dtype=torch.uint8)
    whole = codes_to_inputs(phasors_of(codes), spec(inputs=inputs))
    alone = codes_to_inputs(phasors_of(codes[1:2]), spec(inputs=inputs))
    assert torch.equal(whole[1:2], alone)


def test_coherent_inputs_hide_noise_and_keep_fringes() -> None:
    generator = np.random.default_rng(4)
    codes = generator.integers(1, 256, (1, 64, 64), dtype=np.uint8)
    fringes = 1 + (np.arange(64) * 16 % 255)  # sixteen pixels a fringe
    codes[:, :, 32:] = fringes[None, :32].astype(np.uint8)
    phasors = phasors_of(torch.from_numpy(codes))
    plain = codes_to_inputs(phasors, spec(inputs="phasor", size=32))
    seen = codes_to_inputs(phasors, spec(inputs="coherent", size=32))
    noise, signal = seen[:, :, 1:-1, 1:15], seen[:, :, 1:-1, 17:-1]
    assert float(noise[:, 2].mean()) < 0.15
    assert float(signal[:, 2].min()) > 0.95
    assert torch.allclose(signal, plain[:, :, 1:-1, 17:-1] * signal[:, 2:], atol=1e-6)


def test_signal_weight_does_not_count_what_has_no_data() -> None:
    codes = torch.ones(1, 8, 8, dtype=torch.uint8)
    codes[:, :, ::2] = 0  # every second column is missing
    weight = signal_weight(phasors_of(codes))
    assert torch.equal(weight, torch.ones_like(weight))
    assert not signal_weight(phasors_of(torch.zeros(1, 8, 8, dtype=torch.uint8))).any()


@given(SMALL_CODES)
def test_halving_bytes_at_once_is_the_reduction_of_their_phasors(codes: np.ndarray) -> None:
    there = torch.from_numpy(codes)
    found, expected = reduced_phasors_of(there, 16), reduce_phasors(phasors_of(there), 16)
    torch.testing.assert_close(found.field, expected.field, atol=3e-7, rtol=0)
    assert torch.equal(found.valid, expected.valid)


@pytest.mark.parametrize("size", [32, 64, 16, 48])
def test_reduced_phasors_of_any_size_and_view(size: int) -> None:
    whole = torch.from_numpy(np.random.default_rng(2).integers(0, 256, (3, 96, 100), np.uint8))
    codes = whole[:, :, 2:98]  # rows that do not lie one after another
    if 96 % size:
        with pytest.raises(BadInputError, match="cannot be reduced"):
            reduced_phasors_of(codes, size)
        return
    found, expected = reduced_phasors_of(codes, size), reduce_phasors(phasors_of(codes), size)
    torch.testing.assert_close(found.field, expected.field, atol=3e-7, rtol=0)
    assert torch.equal(found.valid, expected.valid)


@pytest.mark.parametrize("inputs", ["grey", "phasor", "coherent"])
@pytest.mark.parametrize("count", [0, 1, 8, 19])
@pytest.mark.parametrize("side", [32, 64, 96])
def test_inputs_of_codes_are_those_of_their_phasors(inputs: str, count: int, side: int) -> None:
    made = np.random.default_rng(side).integers(0, 256, (count, side, side), np.uint8)
    made[:, : side // 3] //= 100  # phases that agree, and patches of no data
    codes, of = torch.from_numpy(made), spec(inputs=inputs)
    found, expected = inputs_of_codes(codes, of), codes_to_inputs(phasors_of(codes), of)
    torch.testing.assert_close(found, expected, atol=2e-5 if inputs == "grey" else 1e-6, rtol=0)
    assert found.is_contiguous(memory_format=torch.channels_last) or count == 0


def test_inputs_of_what_are_no_bytes() -> None:
    for codes in (torch.zeros(1, 64, 64), torch.zeros(64, 64, dtype=torch.uint8)):
        with pytest.raises(BadInputError, match="no batch of phase bytes"):
            inputs_of_codes(codes, spec())
    with pytest.raises(BadInputError, match="cannot be reduced"):
        inputs_of_codes(torch.zeros(1, 40, 40, dtype=torch.uint8), spec())
