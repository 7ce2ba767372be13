"""Small batches of phasors, and what is measured of them."""

import numpy as np
import torch
from numpy.typing import NDArray

from insar_models.augmentation.draws import Draws
from insar_models.encoders.inputs import Phasors, phasors_of

SIDE = 64
CPU = torch.device("cpu")


def draws_for(count: int, seed: int = 0, view: int = 0) -> Draws:
    return Draws.of_view(seed, 0, np.arange(count), view, CPU)


def noise_codes(count: int, side: int = SIDE, *, holes: bool = True) -> torch.Tensor:
    """Bytes of noise; with a strip and single pixels without data."""
    codes = np.random.default_rng(5).integers(1, 256, (count, side, side), dtype=np.uint8)
    if holes:
        codes[:, :, -9:] = 0
        codes[:, 3, 5] = 0
    return torch.from_numpy(codes)


def noise(count: int, side: int = SIDE, *, holes: bool = True) -> Phasors:
    return phasors_of(noise_codes(count, side, holes=holes))


def phasors_from(phase_rad: NDArray[np.float64], valid: NDArray[np.bool_] | None = None) -> Phasors:
    """Phasors of phases (n, H, W) in radians, not rounded to bytes."""
    here = np.ones(phase_rad.shape, dtype=bool) if valid is None else valid
    field = np.stack([np.cos(phase_rad), np.sin(phase_rad)], axis=1) * here[:, None]
    return Phasors(
        torch.from_numpy(field.astype(np.float32)), torch.from_numpy(here.copy())[:, None]
    )


def rings(count: int, side: int = SIDE, cycles: float = 3.0) -> Phasors:
    """Smooth closed fringes around a place that differs from patch to patch."""
    y, x = np.mgrid[:side, :side] / side
    middles = np.random.default_rng(3).uniform(0.35, 0.65, (count, 2))
    radius = np.stack([np.hypot(y - a, x - b) for a, b in middles])
    return phasors_from(2 * np.pi * cycles * np.exp(-((radius / 0.3) ** 2)))


def complex_of(phasors: Phasors) -> NDArray[np.complex64]:
    """Shape (n, H, W)."""
    return torch.complex(phasors.field[:, 0], phasors.field[:, 1]).numpy()


def phase_between(one: Phasors, other: Phasors) -> NDArray[np.float32]:
    """Phase of `other` less that of `one`, wrapped: (n, H, W)."""
    difference: NDArray[np.float32] = np.angle(complex_of(other) * complex_of(one).conj())
    return difference


def assert_phasors(phasors: Phasors) -> None:
    """Lengths are at most 1, and exactly 0 where there is no data; all is finite."""
    length = np.abs(complex_of(phasors))
    valid = phasors.valid[:, 0].numpy()
    assert phasors.field.dtype == torch.float32
    assert phasors.valid.dtype == torch.bool
    assert np.isfinite(length).all()
    assert length.max(initial=0.0) <= 1 + 1e-5
    assert (length[~valid] == 0).all()
