"""Windows of a volcano's cubes as a model saw them: what the pictures are made of."""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from catalogs.cubes.cube import pairs_of, read_cube
from catalogs.home.home import Home
from catalogs.ledger.rows import PairAir
from catalogs.records import DatePair, FrameId
from catalogs.settings import Settings
from fringewatch.errors import StoreError
from fringewatch.numbers import WINDOW_SIZE
from insar_models.detectors.protocol import Detector
from insar_models.phase.codes import decode_phase
from insar_models.phase.window_patches import PATCH_ORIGINS, mask_water
from tasks.judge.air import CubeAir, corrected_codes, read_air
from tasks.judge.patches import WaterMask, find_water_mask
from tasks.pictures.contact_strip import PhaseWindow

_LOGGER = logging.getLogger(__name__)


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
    """Whether it is evidence of deformation: one that is left out is not, whatever its score."""
    is_left_out: bool = False
    """Whether a review or the settings say that it is no evidence."""


@dataclass(frozen=True)
class WindowReader:
    """Reads windows of one volcano; each cube is opened once."""

    home: Home
    volcano: str
    model: Detector | None
    """That says where it looks; None where there is none to ask."""
    settings: Settings
    air: Mapping[tuple[FrameId, DatePair], PairAir]
    """What is taken from each pair before the model sees it."""
    _cubes: dict[FrameId, "OpenCube"] = field(default_factory=dict)

    def read(self, seen: SeenPair) -> PhaseWindow:
        """Return the window as scored, without water and air; of a positive one where it looks.

        Raises
        ------
        StoreError
            If the cube is damaged, or does not hold the pair.
        """
        opened = self.opened(seen.frame)
        if seen.pair not in opened.pairs:
            message = (
                f"the cube of {self.volcano} and {seen.frame} does not hold {seen.pair}, which the "
                "ledger says it does: run `fringewatch verify --repair`"
            )
            raise StoreError(message)
        one = opened.cube["phase"].isel(pair=opened.pairs.index(seen.pair))
        air = self.air.get((seen.frame, seen.pair))
        codes = corrected_codes(one.to_numpy(), air, opened.air, seen.pair)
        phase_rad = decode_phase(mask_water(codes, opened.water.water))
        return PhaseWindow(
            seen.pair,
            phase_rad,
            seen.probability,
            seen.positive,
            str(seen.frame).partition("_")[0],
            window_activation(phase_rad, self.model) if seen.positive and self.model else None,
            has_less_air=air is not None and bool(air.removed),
            is_left_out=seen.is_left_out,
        )

    def read_all(self, pairs: Iterable[SeenPair]) -> list[PhaseWindow]:
        """Return the windows of some pairs; one that cannot be read is left out, with a warning.

        A picture less is no reason to end a run whose tables are written.
        """
        windows = []
        for seen in pairs:
            try:
                windows.append(self.read(seen))
            except StoreError as error:
                _LOGGER.warning("%s %s is not drawn: %s", seen.frame, seen.pair, error)
        return windows

    def opened(self, frame: FrameId) -> "OpenCube":
        """Return the cube of a frame, opened once.

        Raises
        ------
        StoreError
            If there is none, or it is damaged.
        """
        if frame not in self._cubes:
            place = self.home.cube(self.volcano, frame)
            cube = read_cube(place, with_dask=False)
            water = find_water_mask(cube, self.settings.water_coherence)
            air = read_air(place, cube, self.settings)
            self._cubes[frame] = OpenCube(cube, pairs_of(cube), water, air)
        return self._cubes[frame]


@dataclass(frozen=True, eq=False)
class OpenCube:
    """A cube, its pairs, where its water is, and what its air may follow."""

    cube: xr.Dataset
    pairs: tuple[DatePair, ...]
    water: WaterMask
    air: CubeAir
