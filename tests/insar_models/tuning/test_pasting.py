"""Pasted deformation: the phase of the motion, wrapped, on what was there, and no more."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from fringewatch.errors import BadInputError
from fringewatch.numbers import WAVELENGTH_M
from insar_models.encoders.inputs import Phasors
from insar_models.simulation.source_pool import make_pool
from insar_models.tuning.pasting import draw_deformation, paste, visible_share

POOL = make_pool(6, 0, size=48)
CPU = torch.device("cpu")


def still(count: int, size: int = 32) -> Phasors:
    field = torch.zeros(count, 2, size, size)
    field[:, 0] = 1.0
    return Phasors(field, torch.ones(count, 1, size, size, dtype=torch.bool))


@settings(max_examples=20, deadline=None)
@given(st.floats(0.001, 0.05), st.integers(0, 10_000))
def test_the_peak_is_the_one_that_was_drawn(peak_m: float, seed: int) -> None:
    drawn = draw_deformation(POOL, 3, (peak_m, peak_m), np.random.default_rng(seed), CPU)
    expected = 4 * math.pi / WAVELENGTH_M * peak_m
    assert drawn.phase_rad.shape == (3, 1, 32, 32)
    assert drawn.phase_rad.abs().amax((1, 2, 3)).numpy() == pytest.approx(expected, rel=2e-3)


def test_what_is_pasted_on_still_ground_is_the_motion() -> None:
    drawn = draw_deformation(POOL, 4, (0.005, 0.005), np.random.default_rng(3), CPU)
    pasted = paste(still(4), drawn)
    angle = torch.atan2(pasted.field[:, 1:], pasted.field[:, :1])
    difference = torch.polar(torch.ones_like(angle), angle - drawn.phase_rad).angle()
    assert float(difference.abs().max()) < 1e-4
    assert float(visible_share(pasted, drawn).min()) > 0.9


def test_no_data_stays_no_data() -> None:
    ground = still(2)
    ground.valid[:, :, :10] = False
    ground.field[:, :, :10] = 0.0
    pasted = paste(ground, draw_deformation(POOL, 2, (0.1, 0.1), np.random.default_rng(1), CPU))
    assert not pasted.field[:, :, :10].any()
    assert torch.equal(pasted.valid, ground.valid)


def test_noise_stays_noise_and_dense_fringes_drown() -> None:
    generator = torch.Generator().manual_seed(1)
    angle = torch.rand(2, 1, 32, 32, generator=generator) * 2 * math.pi
    noise = Phasors(torch.cat([angle.cos(), angle.sin()], 1), still(2).valid)
    motion = draw_deformation(POOL, 2, (0.02, 0.02), np.random.default_rng(1), CPU)
    assert float(visible_share(paste(noise, motion), motion).max()) < 0.6
    dense = draw_deformation(POOL, 2, (5.0, 5.0), np.random.default_rng(1), CPU)
    few = draw_deformation(POOL, 2, (0.005, 0.005), np.random.default_rng(1), CPU)
    assert (
        paste(still(2), dense).field.square().sum()
        < 0.7 * paste(still(2), few).field.square().sum()
    )


def test_deformation_is_enlarged_to_larger_patches() -> None:
    drawn = draw_deformation(POOL, 1, (0.01, 0.01), np.random.default_rng(2), CPU)
    pasted = paste(still(1, 64), drawn)
    assert pasted.field.shape == (1, 2, 64, 64)


@pytest.mark.parametrize("peaks", [(0.0, 0.1), (0.2, 0.1), (-0.1, 0.1)])
def test_impossible_peaks_are_refused(peaks: tuple[float, float]) -> None:
    with pytest.raises(BadInputError, match="peaks of deformation"):
        draw_deformation(POOL, 1, peaks, np.random.default_rng(0), CPU)


def test_as_many_deformations_as_patches() -> None:
    drawn = draw_deformation(POOL, 2, (0.1, 0.1), np.random.default_rng(0), CPU)
    with pytest.raises(BadInputError, match="2 deformations do not go with 3 patches"):
        paste(still(3), drawn)
