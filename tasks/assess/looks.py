"""What rates are found from: the pairs of one frame in cells, kept beside their scores."""

import datetime as dt
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from catalogs.cubes.pair_tile import PairTile
from catalogs.rasters.grid import Window
from fringewatch.atomic import write_atomically
from fringewatch.errors import BadInputError
from insar_models.onset.slow_motion import METRES_PER_DEGREE, PlaceRate
from insar_models.phase.window_patches import coherent_patches, mask_water
from insar_models.rates.looks import CELL_PIXELS, cell_phasors
from insar_models.rates.rate_of_date import rate_of_date
from insar_models.rates.stack import PairStack, seen_pairs

_MM: Final = 1e3


@dataclass(frozen=True, eq=False)
class FrameLooks:
    """The pairs of one frame in a volcano's window, as rates see them."""

    frame: str
    window: Window
    phasors: NDArray[np.complex64]
    """Shape (pairs, rows, columns), from `cell_phasors`."""
    dates: tuple[tuple[dt.date, dt.date], ...]
    """Primary and secondary of each."""
    usable: tuple[bool, ...]
    """Of each whether it has ground that is coherent enough for a score."""

    @classmethod
    def of_tiles(
        cls,
        frame: str,
        window: Window,
        tiles: Sequence[PairTile],
        water: NDArray[np.bool_] | None = None,
        least_coherence: float = 0.1,
    ) -> "FrameLooks":
        """Return the looks of tiles of a window.

        Which are usable depends on the setting `water_coherence`, by default as there.
        """
        cells = [cell_phasors(tile.phase, tile.coherence, water) for tile in tiles]
        dates = tuple((tile.pair.primary, tile.pair.secondary) for tile in tiles)
        usable = tuple(_is_usable(tile, water, least_coherence) for tile in tiles)
        return cls(frame, window, _stacked(cells), dates, usable)

    @classmethod
    def joined(cls, frame: str, window: Window, parts: Sequence["FrameLooks"]) -> "FrameLooks":
        """Return the looks of several lots of pairs as one."""
        dates = tuple(pair for part in parts for pair in part.dates)
        usable = tuple(one for part in parts for one in part.usable)
        cells = [cell for part in parts for cell in part.phasors]
        return cls(frame, window, _stacked(cells), dates, usable)

    @classmethod
    def read(cls, path: Path, frame: str, window: Window) -> "FrameLooks":
        """Return what `write` has written.

        Raises
        ------
        BadInputError
            If the file is no such file.
        """
        try:
            with np.load(path) as file:
                days = file["primary"].tolist(), file["secondary"].tolist()
                phasors, usable = file["phasors"], tuple(map(bool, file["usable"]))
        except (OSError, ValueError, KeyError, EOFError) as error:
            message = f"{path} holds no pairs in cells ({error}): remove it"
            raise BadInputError(message) from error
        ends = (map(dt.date.fromordinal, own) for own in days)
        return cls(frame, window, phasors, tuple(zip(*ends, strict=True)), usable)

    def write(self, path: Path) -> None:
        """Write them as ``.npz``, whole or not at all."""
        stream = io.BytesIO()
        primary, secondary = ([pair[k].toordinal() for pair in self.dates] for k in (0, 1))
        np.savez(
            stream,
            phasors=self.phasors,
            primary=np.array(primary, dtype=np.int64),
            secondary=np.array(secondary, dtype=np.int64),
            usable=np.array(self.usable, dtype=np.bool_),
        )
        write_atomically(path, stream.getvalue())

    @property
    def cell_m(self) -> tuple[float, float]:
        """Height and width of a cell on the ground."""
        grid = self.window.grid
        side = CELL_PIXELS * METRES_PER_DEGREE
        narrow = float(np.cos(np.radians(self.window.latitudes.mean())))
        return side * grid.step_y, side * grid.step_x * narrow

    def windows(self, days: int) -> Iterator[tuple[dt.date, PairStack]]:
        """Yield each date on which a usable pair ends, and the pairs of the `days` up to it.

        Acquisitions whose pairs in these days are all noise are left out.
        """
        whole = PairStack(self.phasors, self.dates, self.cell_m)
        usable = dict(zip(self.dates, self.usable, strict=True))
        for date in sorted({pair[1] for pair, is_it in usable.items() if is_it}):
            stack = whole.within(date - dt.timedelta(days), date)
            seen = seen_pairs(stack.dates, [usable[pair] for pair in stack.dates])
            yield date, stack.chosen(seen)

    def rates(self, days: int) -> tuple[PlaceRate, ...]:
        """Return the rate of each date that has one, as the watch finds it but without heights."""
        found = []
        for date, stack in self.windows(days):
            rate = rate_of_date(stack)
            motion = rate.motion if rate else None
            if rate is None or motion is None or not 0 < motion.deviation_m < np.inf:
                continue
            recent = rate.recent_deviations
            found.append(
                PlaceRate(
                    self.frame.partition("_")[0],
                    date,
                    stack.acquisitions[0],
                    motion.motion_m * _MM,
                    motion.deviation_m * _MM,
                    motion.coherence,
                    *self.coordinates(motion.row, motion.column),
                    float("nan") if recent is None else recent,
                    motion.low_m * _MM,
                    motion.high_m * _MM,
                )
            )
        return tuple(found)

    def coordinates(self, row: int, column: int) -> tuple[float, float]:
        """Return latitude and longitude of the middle of a cell."""
        found = []
        for axis, number in ((self.window.latitudes, row), (self.window.longitudes, column)):
            cell = axis[number * CELL_PIXELS : (number + 1) * CELL_PIXELS]
            found.append(float(cell.mean()))
        return found[0], found[1]

    def cell_of(self, latitude: float, longitude: float) -> tuple[int, int]:
        """Return row and column of the cell in whose middle a place lies."""
        axes = (self.window.latitudes, latitude), (self.window.longitudes, longitude)
        row, column = (int(np.abs(axis - at).argmin()) // CELL_PIXELS for axis, at in axes)
        return row, column


def _stacked(cells: Sequence[NDArray[np.complex64]]) -> NDArray[np.complex64]:
    return np.stack(cells) if cells else np.zeros((0, 0, 0), dtype=np.complex64)


def _is_usable(tile: PairTile, water: NDArray[np.bool_] | None, least_coherence: float) -> bool:
    codes = tile.phase if water is None else mask_water(tile.phase, water)
    return bool(coherent_patches(codes, tile.coherence, least_coherence).any())
