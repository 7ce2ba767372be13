"""Simulated windows against real LiCSAR ones: the same statistics, within what real ones span."""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import rasterio
import scipy.ndimage
from numpy.typing import NDArray
from rasterio.windows import Window

from insar_models.simulation import Ground, Scene, simulate_pair
from insar_models.simulation.geometry import GroundGrid, LineOfSight
from insar_models.simulation.terrain import Cone, Terrain

# Without the pair that spans an eruption and the one that an unusual sky spoiled.
QUIET_PAIRS = (
    "20240106_20240118",
    "20240106_20240130",
    "20240106_20240211",
    "20240118_20240130",
    "20240130_20240211",
)
VOLCANOES = {
    "Fernandina": (-91.55, -0.37),
    "Alcedo": (-91.12, -0.43),
    "Sierra Negra": (-91.17, -0.83),
}
SIDE = 500
STEPS = {"0.1 km": 1, "0.9 km": 8, "3.6 km": 32}


@dataclass(frozen=True)
class Look:
    """One window; shape (H, W)."""

    phase_rad: NDArray[np.float32]
    coherence: NDArray[np.uint8]


def statistics(look: Look, mask: NDArray[np.bool_]) -> dict[str, float]:
    """Phase differences, local phasor noise and coherence bytes of the pixels of a mask."""
    z = np.where(mask, np.exp(1j * look.phase_rad), 0).astype(np.complex64)
    found = {}
    for name, step in STEPS.items():
        both = mask[:, step:] & mask[:, :-step]
        differences = np.angle(z[:, step:] * z[:, :-step].conj())[both]
        found[f"differences at {name}"] = float(differences.std())
    for side in (3, 7):
        whole = scipy.ndimage.uniform_filter(mask.astype(np.float32), side) > 0.999
        parts = (scipy.ndimage.uniform_filter(part, side) for part in (z.real, z.imag))
        noise = 1 - np.hypot(*parts)[whole]
        found[f"local noise {side} x {side}, median"] = float(np.median(noise))
        found[f"local noise {side} x {side}, highest tenth"] = float(np.percentile(noise, 90))
    for percent in (50, 75, 95):
        found[f"coherence, {percent} %"] = float(np.percentile(look.coherence[mask], percent))
    return found


def real_looks(shared_data: Path, place: tuple[float, float]) -> list[Look]:
    """The window round a place in each quiet pair."""
    folder = shared_data / "licsar" / "106A_09048_000909" / "interferograms"
    looks = []
    for pair in QUIET_PAIRS:
        rasters = []
        for product in ("geo.diff_pha", "geo.cc"):
            with rasterio.open(folder / pair / f"{pair}.{product}.tif") as file:
                row, column = file.index(*place)
                top, left = max(row - SIDE // 2, 0), max(column - SIDE // 2, 0)
                rasters.append(file.read(1, window=Window(left, top, SIDE, SIDE)))
        looks.append(Look(*rasters))
    return looks


def real_masks(looks: list[Look]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Land and open sea of a window: what is coherent in some pair, and what is so in none."""
    best = np.max([look.coherence for look in looks], axis=0)
    seen = np.all([look.phase_rad != 0 for look in looks], axis=0)
    land = scipy.ndimage.uniform_filter((best > 70).astype(np.float32), 9) > 0.5
    sea = scipy.ndimage.uniform_filter((best > 60).astype(np.float32), 25) < 0.01
    return land & seen, sea & seen


@pytest.fixture(scope="module")
def simulated() -> list[tuple[Look, NDArray[np.bool_]]]:
    """Windows of volcanoes at the sea over 12 and 24 days, and where their land is."""
    found = []
    for seed in range(6):
        grid = GroundGrid(-91.8, -0.12, 0.001, SIDE, SIDE)
        cone = Cone(-91.55, -0.37, 1_200.0, 14_000.0, 2_500.0)
        terrain = Terrain(base_m=250.0, roughness_m=250.0, cones=(cone,))
        ground = Ground(sea_level_m=0.0, terrain=terrain, bare_share=0.6)
        scene = Scene(grid, LineOfSight(-12.0, 39.0), ground=ground, seed=seed)
        last = dt.date(2024, 1, 18) + dt.timedelta(12 * (seed % 2))
        pair = simulate_pair(scene, dt.date(2024, 1, 6), last)
        found.append((Look(pair.phase_rad, pair.coherence), scene.is_land))
    return found


@pytest.mark.long
def test_simulated_land_looks_like_real_land(
    shared_data: Path, simulated: list[tuple[Look, NDArray[np.bool_]]]
) -> None:
    real: dict[str, list[float]] = {}
    for place in VOLCANOES.values():
        looks = real_looks(shared_data, place)
        land, _ = real_masks(looks)
        for look in looks:
            for name, value in statistics(look, land).items():
                real.setdefault(name, []).append(value)
    made = [statistics(look, land) for look, land in simulated]
    for name, values in real.items():
        typical = float(np.median([found[name] for found in made]))
        assert 0.9 * min(values) < typical < 1.1 * max(values), (name, typical, sorted(values))


@pytest.mark.long
def test_simulated_sea_looks_like_real_sea(
    shared_data: Path, simulated: list[tuple[Look, NDArray[np.bool_]]]
) -> None:
    looks = real_looks(shared_data, VOLCANOES["Alcedo"])
    _, real_sea = real_masks(looks)
    real = statistics(looks[0], real_sea)
    look, land = simulated[0]
    made = statistics(look, ~land)
    for name, value in real.items():
        if name.startswith("local noise 7"):
            continue  # real noise shows some stripes at that size
        assert made[name] == pytest.approx(value, rel=0.12, abs=1.1), name
