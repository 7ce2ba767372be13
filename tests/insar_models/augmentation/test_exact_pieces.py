"""What is done to wrapped phase is exact: turns, sign, multiples, and added phase."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from fringewatch.errors import BadInputError
from insar_models.augmentation.fringes import OverWrap, SignFlip
from insar_models.augmentation.screens import Noise, Offset, Ramp, Screen, apply_screens, rotated
from insar_models.augmentation.symmetry import FlipsAndTurns
from insar_models.encoders.inputs import Phasors, phasors_of
from insar_models.phase.symmetries import eight_forms
from tests.insar_models.augmentation.batches import (
    SIDE,
    assert_phasors,
    complex_of,
    draws_for,
    noise,
    noise_codes,
    phase_between,
    phasors_from,
    rings,
)


def test_turns_are_one_of_the_eight_forms_to_the_bit_and_all_occur() -> None:
    codes = noise_codes(64, 16)
    made = FlipsAndTurns()(phasors_of(codes), draws_for(64))
    found = []
    for patch, field, valid in zip(codes.numpy(), made.field, made.valid, strict=True):
        forms = [phasors_of(torch.from_numpy(form.copy()[None])) for form in eight_forms(patch)]
        matches = [
            number
            for number, form in enumerate(forms)
            if torch.equal(form.field[0], field) and torch.equal(form.valid[0], valid)
        ]
        assert len(matches) == 1
        found += matches
    assert set(found) == set(range(8))


def test_the_sign_is_the_conjugate_to_the_bit() -> None:
    patches = noise(4)
    made = SignFlip(probability=1.0)(patches, draws_for(4))
    assert (complex_of(made) == complex_of(patches).conj()).all()
    assert torch.equal(made.valid, patches.valid)


@pytest.mark.parametrize("power", [2, 3, 4])
def test_over_wrapping_multiplies_the_phase(power: int) -> None:
    phase_rad = np.linspace(-math.pi, math.pi, SIDE * SIDE).reshape(1, SIDE, SIDE).repeat(40, 0)
    patches = phasors_from(phase_rad)
    made = OverWrap(probability=1.0, most=4, least_smooth=0.0)(patches, draws_for(40))
    errors = np.abs(complex_of(made) - np.exp(1j * power * phase_rad)).max(axis=(1, 2))
    assert (errors < 1e-5).any()
    all_errors = [
        np.abs(complex_of(made) - np.exp(1j * k * phase_rad)).max(axis=(1, 2)) for k in (2, 3, 4)
    ]
    assert np.min(all_errors, axis=0).max() < 1e-5


def test_over_wrapping_leaves_noise_and_dense_fringes_alone() -> None:
    x = np.arange(SIDE) * np.ones((SIDE, 1))
    dense, wide = phasors_from((x * 1.4)[None]), phasors_from((x * 0.2)[None])
    piece = OverWrap(probability=1.0)
    for patches, changes in ((dense, False), (wide, True), (noise(1), False)):
        made = piece(patches, draws_for(1))
        assert torch.equal(made.field, patches.field) != changes


@given(seed=st.integers(0, 1000))
def test_an_offset_is_one_phase_for_the_whole_patch(seed: int) -> None:
    patches = noise(3, 16)
    made = Offset()(patches, draws_for(3, seed))
    added = phase_between(patches, made)
    for patch, valid in zip(added, patches.valid[:, 0].numpy(), strict=True):
        assert np.abs(np.exp(1j * (patch[valid] - patch[0, 0])) - 1).max() < 1e-5
    assert np.ptp(added[:, 0, 0]) > 1e-3
    assert_phasors(made)


def test_offsets_take_all_values() -> None:
    added = Offset().phase_rad(draws_for(500), 16).numpy().ravel()
    assert np.histogram(added, 8, (-math.pi, math.pi))[0].min() > 40


def test_a_ramp_is_a_plane_within_its_size() -> None:
    ramp = Ramp(probability=1.0, greatest_cycles=1.5)
    added = ramp.phase_rad(draws_for(50), SIDE).numpy()[:, 0]
    assert np.abs(np.diff(added, n=2, axis=1)).max() < 1e-4
    assert np.abs(np.diff(added, n=2, axis=2)).max() < 1e-4
    slope = np.hypot(added[:, -1, 0] - added[:, 0, 0], added[:, 0, -1] - added[:, 0, 0])
    assert slope.max() < 2 * math.pi * 1.5 + 1e-4
    assert slope.max() > 2 * math.pi
    patches = noise(50)
    made = ramp(patches, draws_for(50))
    again = ramp.phase_rad(draws_for(50).stream(ramp.stream), SIDE)
    error = np.exp(1j * (phase_between(patches, made) - again.numpy()[:, 0])) - 1
    assert np.abs(error[patches.valid[:, 0].numpy()]).max() < 1e-5


def test_noise_has_the_spread_that_was_asked_for() -> None:
    made = Noise(probability=1.0, spread_rad=(0.3, 0.3))(rings(4), draws_for(4))
    added = phase_between(rings(4), made)
    assert np.abs(added.std(axis=(1, 2)) - 0.3).max() < 0.02
    assert np.abs(np.abs(complex_of(made)) - 1).max() < 1e-5


def test_screens_together_are_the_screens_one_after_another() -> None:
    screens: list[Screen] = [Offset(probability=0.5), Ramp(probability=0.6), Noise(probability=0.5)]
    patches = noise(12)
    together = apply_screens(patches, screens, draws_for(12))
    apart = patches
    for screen in screens:
        apart = screen(apart, draws_for(12))
    assert torch.allclose(together.field, apart.field, atol=1e-5)
    assert not torch.allclose(together.field, patches.field, atol=1e-2)


@given(phase_rad=st.floats(-1000.0, 1000.0))
def test_rotation_wraps_exactly_and_keeps_no_data(phase_rad: float) -> None:
    patches = noise(2, 8)
    made = rotated(patches, torch.full((2, 1, 1, 1), phase_rad))
    expected = complex_of(patches) * np.exp(1j * np.float32(phase_rad).astype(np.float64))
    assert np.abs(complex_of(made) - expected).max() < 1e-5
    assert (complex_of(made)[~patches.valid[:, 0].numpy()] == 0).all()


@pytest.mark.parametrize(
    "piece", [FlipsAndTurns(), SignFlip(probability=1.0), Offset(), Noise(probability=1.0)]
)
def test_the_patches_are_left_as_they_are(piece: FlipsAndTurns | SignFlip | Screen) -> None:
    patches = noise(3)
    before = Phasors(patches.field.clone(), patches.valid.clone())
    piece(patches, draws_for(3))
    assert torch.equal(patches.field, before.field)
    assert torch.equal(patches.valid, before.valid)


def test_as_many_patches_are_chosen_as_the_probability_says() -> None:
    patches = noise(1000, 4, holes=False)
    made = SignFlip(probability=0.3)(patches, draws_for(1000))
    changed = (made.field != patches.field).flatten(1).any(1).float().mean()
    assert changed == pytest.approx(0.3, abs=0.05)


def test_numbers_that_cannot_be_are_said() -> None:
    with pytest.raises(BadInputError, match=r"SignFlip: probability=1\.5: give"):
        SignFlip(probability=1.5)
    with pytest.raises(BadInputError, match="OverWrap: most=1: give"):
        OverWrap(most=1)
    with pytest.raises(BadInputError, match="Ramp: greatest_cycles=nan: give"):
        Ramp(greatest_cycles=math.nan)
    with pytest.raises(BadInputError, match=r"Noise: spread_rad=\(0\.5, 0\.1\): give the least"):
        Noise(spread_rad=(0.5, 0.1))
    with pytest.raises(BadInputError, match=r"Noise: spread_rad=\(0\.5, inf\): give"):
        Noise(spread_rad=(0.5, math.inf))
