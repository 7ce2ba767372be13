"""Turbulence, blur, and what is lost: regions, sea and holes."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from insar_models.augmentation.blur import Blur
from insar_models.augmentation.draws import Stream
from insar_models.augmentation.losses_of_signal import Cutout, Incoherence, Sea
from insar_models.augmentation.piece import Piece
from insar_models.augmentation.regions import blobs, coasts
from insar_models.augmentation.turbulence import Turbulence, random_field
from tests.insar_models.augmentation.batches import (
    SIDE,
    assert_phasors,
    complex_of,
    draws_for,
    noise,
    phase_between,
    phasors_from,
    rings,
)


@pytest.mark.parametrize("exponent", [-8 / 3, -11 / 3, -2.0])
def test_the_power_of_a_field_falls_with_its_slope(exponent: float) -> None:
    field = random_field(draws_for(200), 128, exponents=(exponent, exponent)).numpy()[:, 0]
    # A window, since the field does not repeat at the edges of the patch.
    window = np.hanning(128)[:, None] * np.hanning(128)
    power = (np.abs(np.fft.fft2(field * window)) ** 2).mean(axis=0)
    frequency = np.hypot(np.fft.fftfreq(128)[:, None], np.fft.fftfreq(128)[None])
    used = (frequency > 5 / 128) & (frequency < 0.3)
    slope = np.polyfit(np.log(frequency[used]), np.log(power[used]), 1)[0]
    assert slope == pytest.approx(exponent, abs=0.1)


def test_the_slope_changes_at_a_quarter_of_the_side() -> None:
    field = random_field(draws_for(200), 128, exponents=(0.0, -6.0)).numpy()[:, 0]
    power = (np.abs(np.fft.fft2(field)) ** 2).mean(axis=0)
    assert power[0, 3] < 3 * power[0, 2]
    assert power[0, 16] < 1e-2 * power[0, 3]


def test_a_field_has_mean_0_and_spread_1_and_no_preferred_direction() -> None:
    field = random_field(draws_for(400), SIDE, exponents=(-1.0, -1.0)).numpy()[:, 0]
    assert abs(field.mean()) < 0.05
    assert field.std() == pytest.approx(1.0, abs=0.05)
    down, across = (np.diff(field, axis=axis).std() for axis in (1, 2))
    assert down == pytest.approx(across, rel=0.03)


@pytest.mark.parametrize("side", [32, 63, 64, 112])
def test_turbulence_has_its_spread_at_any_side(side: int) -> None:
    added = Turbulence(spread_rad=(0.5, 0.5)).phase_rad(draws_for(200), side).numpy()
    assert added.shape == (200, 1, side, side)
    assert np.sqrt((added**2).mean()) == pytest.approx(0.5, rel=0.12)


def test_turbulence_is_multiplied_in() -> None:
    patches, piece = noise(3), Turbulence(probability=1.0)
    made = piece(patches, draws_for(3))
    added = piece.phase_rad(draws_for(3).stream(piece.stream), SIDE).numpy()[:, 0]
    error = np.exp(1j * (phase_between(patches, made) - added)) - 1
    assert np.abs(error[patches.valid[:, 0].numpy()]).max() < 1e-5


def test_a_blur_keeps_fringes_and_the_ends_of_the_cycle() -> None:
    ramp = phasors_from(np.arange(SIDE) * 0.4 * np.ones((2, SIDE, 1)))
    made = Blur(probability=1.0, sigma_pixels=(3.0, 3.0))(ramp, draws_for(2))
    inner = (slice(None), slice(None), slice(6, -6))
    assert np.abs(phase_between(ramp, made)[inner]).max() < 1e-3
    # A Gaussian of 3 * 64 / 224 pixels shortens these fringes by exp(-(0.4 sigma)^2 / 2).
    expected = np.exp(-((0.4 * 3 * SIDE / 224) ** 2) / 2)
    assert np.abs(complex_of(made)[inner]).mean() == pytest.approx(expected, abs=0.02)


def test_a_blur_shortens_noise_and_takes_nothing_from_no_data() -> None:
    patches = noise(4)
    made = Blur(probability=1.0, sigma_pixels=(4.0, 4.0))(patches, draws_for(4))
    assert torch.equal(made.valid, patches.valid)
    assert_phasors(made)
    assert np.abs(complex_of(made))[made.valid[:, 0].numpy()].mean() < 0.5
    flat = phasors_from(np.ones((4, SIDE, SIDE)), patches.valid[:, 0].numpy())
    same = Blur(probability=1.0)(flat, draws_for(4))
    assert torch.allclose(same.field, flat.field, atol=1e-5)


@pytest.mark.parametrize("regions", [blobs, coasts])
def test_a_region_holds_the_share_that_was_asked_for(regions: object) -> None:
    share = np.linspace(0.05, 0.6, 12)
    found = regions(draws_for(12), 112, share)  # type: ignore[operator]
    assert np.abs(found.float().mean((1, 2, 3)).numpy() - share).max() < 0.05


def test_a_coast_lies_at_an_edge() -> None:
    sea = coasts(draws_for(30), SIDE, np.full(30, 0.2))[:, 0].numpy()
    assert (~sea[:, 24:40, 24:40]).mean() > 0.95
    assert np.logical_or.reduce([sea[:, 0], sea[:, -1], sea[:, :, 0], sea[:, :, -1]]).any(1).all()


def test_incoherence_changes_the_region_and_nothing_else() -> None:
    piece = Incoherence(probability=1.0, share=(0.2, 0.2))
    patches = rings(10)
    made = piece(patches, draws_for(10))
    changed = (made.field != patches.field).any(1).numpy()
    assert changed.mean() == pytest.approx(0.2, abs=0.05)
    assert torch.equal(made.valid, patches.valid)
    random = complex_of(made)[changed]
    assert np.abs(np.abs(random) - 1).max() < 1e-5
    assert abs(random.mean()) < 0.03


def test_the_sea_is_either_no_data_or_speckle() -> None:
    patches = rings(60)
    made = Sea(probability=1.0, share=(0.2, 0.2), masked=0.5)(patches, draws_for(60))
    lost = (~made.valid).flatten(1).float().mean(1).numpy()
    changed = (made.field != patches.field).any(1).flatten(1).float().mean(1).numpy()
    masked = lost > 0
    assert 15 < masked.sum() < 45
    assert np.abs(changed - 0.2).max() < 0.06
    assert np.abs(lost[masked] - changed[masked]).max() < 1e-6
    assert_phasors(made)


def test_holes_are_squares_of_no_data() -> None:
    made = Cutout(probability=1.0, most=1, side_share=(0.25, 0.25))(rings(30), draws_for(30))
    hole = (~made.valid[:, 0]).numpy()
    assert hole.any(axis=(1, 2)).all()
    assert hole.sum(axis=(1, 2)).max() == 16**2
    rows, columns = hole.any(axis=2).sum(1), hole.any(axis=1).sum(1)
    assert (rows * columns == hole.sum(axis=(1, 2))).all()


@pytest.mark.parametrize(
    "piece",
    [
        Cutout(probability=1.0, most=3, side_share=(0.9, 1.0), least_kept=0.5),
        Sea(probability=1.0, share=(0.3, 0.9), masked=1.0, least_kept=0.5),
    ],
)
def test_enough_data_is_left(piece: Piece) -> None:
    patches = noise(80)
    made = piece(patches, draws_for(80))
    before, after = (each.valid.flatten(1).sum(1) for each in (patches, made))
    assert (after >= 0.5 * before).all()
    assert (after < before).any()


@given(
    piece=st.sampled_from([Turbulence, Blur, Incoherence, Sea, Cutout]), seed=st.integers(0, 10_000)
)
@settings(max_examples=40)
def test_no_data_stays_no_data(piece: type[Piece], seed: int) -> None:
    patches = noise(2)
    made = piece(probability=1.0)(patches, draws_for(2, seed))
    assert not (made.valid & ~patches.valid).any()
    assert_phasors(made)


def test_purposes_have_numbers_of_their_own() -> None:
    assert len({stream.value for stream in Stream}) == len(Stream)
