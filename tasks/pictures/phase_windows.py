"""Windows of a volcano's cubes as a model saw them: what the pictures are made of."""

from dataclasses import dataclass, field

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from catalogs.cubes.cube import pairs_of, read_cube
from catalogs.home.home import Home
from catalogs.records import DatePair, FrameId
from fringewatch.errors import StoreError
from fringewatch.numbers import WINDOW_SIZE
from insar_models.detectors.protocol import Detector
from insar_models.phase.codes import decode_phase
from insar_models.phase.window_patches import PATCH_ORIGINS, mask_water
from tasks.judge.patches import water_of
from tasks.pictures.contact_strip import PhaseWindow


def window_activation(phase_rad: NDArray[np.float32], model: Detector) -> NDArray[np.float32]:
    """Return where in a window the model looks: the largest of its maps of the nine patches.

    Parameters
    ----------
    phase_rad
        Shape (500, 500), radians, NaN = no data.
    model
        Its maps of patches are on one scale, whatever the patch.

    Returns
    -------
    numpy.ndarray
        float32 (500, 500), not negative; NaN at no data.
    """
    found = np.full((WINDOW_SIZE, WINDOW_SIZE), np.nan, dtype=np.float32)
    for origin in PATCH_ORIGINS:
        patch = phase_rad[origin.slices]
        if np.isfinite(patch).any():
            found[origin.slices] = np.fmax(found[origin.slices], model.activation(patch))
    return found


@dataclass(frozen=True)
class SeenPair:
    """A pair of a frame, and what the model said of it."""

    frame: FrameId
    pair: DatePair
    probability: float
    """NaN where it was not scored."""
    positive: bool


@dataclass(frozen=True)
class WindowReader:
    """Reads windows of one volcano; each cube is opened once."""

    home: Home
    volcano: str
    model: Detector
    water_coherence: float
    _cubes: dict[FrameId, tuple[xr.Dataset, NDArray[np.bool_]]] = field(default_factory=dict)

    def read(self, seen: SeenPair) -> PhaseWindow:
        """Return the pair's window without water, of a positive one with where the model looks.

        Raises
        ------
        StoreError
            If the cube is damaged, or does not hold the pair.
        """
        cube, water = self._cube(seen.frame)
        pairs = pairs_of(cube)
        if seen.pair not in pairs:
            message = (
                f"the cube of {self.volcano} and {seen.frame} does not hold {seen.pair}, which the "
                "ledger says it does: run `fringewatch verify --repair`"
            )
            raise StoreError(message)
        one = cube["phase"].isel(pair=pairs.index(seen.pair))
        phase_rad = decode_phase(mask_water(one.to_numpy(), water))
        return PhaseWindow(
            seen.pair,
            phase_rad,
            seen.probability,
            seen.positive,
            str(seen.frame).partition("_")[0],
            window_activation(phase_rad, self.model) if seen.positive else None,
        )

    def _cube(self, frame: FrameId) -> tuple[xr.Dataset, NDArray[np.bool_]]:
        if frame not in self._cubes:
            cube = read_cube(self.home.cube(self.volcano, frame), with_dask=False)
            self._cubes[frame] = cube, water_of(cube, self.water_coherence)
        return self._cubes[frame]
