"""The pairs of a cube as stacks of cells, and the motion that a stack tells of its dates."""

import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from catalogs.cubes.cube import pairs_of, read_cube
from catalogs.home.home import home_of
from catalogs.ledger.ledger import Ledger
from catalogs.ledger.measures import DateMeasure
from catalogs.ledger.rows import PairAir
from catalogs.rasters.grid import usual_longitude
from catalogs.records import DatePair, FrameId
from catalogs.settings import Settings
from insar_models.onset.slow_motion import METRES_PER_DEGREE
from insar_models.rates.air_dates import disturbed_air
from insar_models.rates.courses import STEADY, Course
from insar_models.rates.estimate import PlaceMap, PlaceMotion, best_course, place_map, place_motion
from insar_models.rates.field import motion_field
from insar_models.rates.looks import CELL_PIXELS, cell_phasors
from insar_models.rates.rate_of_date import FEWEST_ACQUISITIONS, rate_of_date
from insar_models.rates.stack import PairStack, seen_pairs
from tasks.judge.air import CubeAir, corrected_codes, read_air
from tasks.judge.patches import find_water_mask

MEASURING: Final = 2
"""Raised by one whenever the same pairs would give another rate: all are then found anew. 1 took
places in the corners of what is known, and displacements of fewer than five acquisitions."""

_DIGITS: Final = 4
_MM: Final = 1e3


@dataclass(frozen=True)
class Episode:
    """An episode of unrest, as it is known on a date."""

    since: dt.date
    """Its first date."""
    is_seen: bool
    """Whether a pair was positive in it: else a rate alone says that the ground moves."""


@dataclass(frozen=True, eq=False)
class CubeWindows:
    """The pairs of a cube as stacks of cells; use `open`."""

    cube: xr.Dataset
    water: NDArray[np.bool_]
    water_sha256: str
    known_air: CubeAir
    air: Mapping[DatePair, PairAir]
    unusable: frozenset[DatePair]
    """Pairs without a score, for want of coherent ground."""
    _place: Mapping[DatePair, int]
    _cells: dict[DatePair, NDArray[np.complex64]] = field(default_factory=dict)

    @classmethod
    def open(
        cls, ledger: Ledger, volcano: str, frame: FrameId, settings: Settings
    ) -> "CubeWindows":
        """Return the windows of the volcano's cube of a frame.

        Raises
        ------
        StoreError
            If the cube is damaged.
        """
        place = home_of(settings).cube(volcano, frame)
        cube = read_cube(place, with_dask=False)
        mask = find_water_mask(cube, settings.water_coherence)
        index = {pair: number for number, pair in enumerate(pairs_of(cube))}
        known, air = read_air(place, cube, settings), ledger.corrections(volcano, frame)
        unusable = ledger.unusable_pairs(volcano, frame)
        return cls(cube, mask.water, mask.sha256, known, air, unusable, index)

    def pairs_between(
        self, pairs: Iterable[DatePair], first: dt.date, last: dt.date
    ) -> tuple[DatePair, ...]:
        """Return those of which both dates lie between two, that the cube holds, and that count.

        Acquisitions all of whose pairs among them are noise are left out, with their pairs.
        """
        there = [
            pair
            for pair in sorted(pairs)
            if first <= pair.primary and pair.secondary <= last and pair in self._place
        ]
        dates = [(pair.primary, pair.secondary) for pair in there]
        seen = seen_pairs(dates, [pair not in self.unusable for pair in there])
        return tuple(there[k] for k in seen)

    def made_from(
        self, pairs: Sequence[DatePair], made_of: Mapping[DatePair, str], episode: Episode | None
    ) -> str:
        """Return the hash of all that a measure of these pairs depends on."""
        content = [[str(pair), made_of[pair]] for pair in pairs]
        text = json.dumps([MEASURING, self.water_sha256, str(episode), content])
        return hashlib.sha256(text.encode()).hexdigest()

    def rate(self, end: dt.date, pairs: Sequence[DatePair], made_from: str) -> DateMeasure:
        """Return the rate on a date, from these pairs."""
        if not _tells(pairs):
            return DateMeasure(end, None, made_from, pairs=len(pairs))
        stack = self.stack(pairs)
        found = rate_of_date(stack)
        if found is None:
            return DateMeasure(end, None, made_from, pairs=len(pairs))
        disturbed = disturbed_air(stack, stack.days, found.field).get(end)
        recent = found.recent_deviations
        measure = DateMeasure(
            end, None, made_from, stack.acquisitions[0], len(pairs),
            recent_deviations=None if recent is None else round(recent, _DIGITS),
            air_disturbed=None if disturbed is None else round(disturbed, _DIGITS),
        )  # fmt: skip
        motion = found.motion
        if motion is None:
            return measure
        return self._with_motion(measure, motion)

    def displacement(
        self, end: dt.date, episode: Episode, pairs: Sequence[DatePair], made_from: str
    ) -> DateMeasure:
        """Return the displacement until a date of an episode.

        It began after the acquisition before its first day, of which no pair says that the ground
        moved. Of fewer than five acquisitions none is told: it would be their air.
        """
        since = episode.since
        known = sorted({date for pair in pairs for date in (pair.primary, pair.secondary)})
        begin = max((date for date in known if date < since), default=known[0] if known else None)
        used = [pair for pair in pairs if begin is not None and pair.primary >= begin]
        measure = DateMeasure(end, since, made_from, begin, len(used))
        if begin is None or begin >= end or not _tells(used):
            return measure
        stack = self.stack(used)
        shares = Course(begin, end, STEADY).shares(stack)
        rough = place_motion(stack, shares, motion_field(stack, shares))
        if rough is None:
            return measure
        shares = best_course(stack, begin, end, (rough.row, rough.column)).shares(stack)
        # Where pairs say that the ground moved, only how far is asked of the place that moved most.
        found = place_motion(stack, shares, motion_field(stack, shares), picked=not episode.is_seen)
        return measure if found is None else self._with_motion(measure, found)

    def map_of(self, pairs: Sequence[DatePair]) -> PlaceMap | None:
        """Return the rates of all places, metres a day; None of too few pairs."""
        if not _tells(pairs):
            return None
        stack = self.stack(pairs)
        return place_map(motion_field(stack, stack.days), stack.cell_m)

    def stack(self, pairs: Sequence[DatePair]) -> PairStack:
        """Return pairs of the cube in cells, less their air; each is read once."""
        for pair in [pair for pair in self._cells if pair.secondary < pairs[0].primary]:
            del self._cells[pair]
        for pair in pairs:
            if pair not in self._cells:
                one = self.cube.isel(pair=self._place[pair])
                codes = corrected_codes(
                    one["phase"].to_numpy(), self.air.get(pair), self.known_air, pair
                )
                cells = cell_phasors(codes, one["coherence"].to_numpy(), self.water)
                self._cells[pair] = cells
        looks = np.stack([self._cells[pair] for pair in pairs])
        dates = tuple((pair.primary, pair.secondary) for pair in pairs)
        return PairStack(looks, dates, self.cell_m)

    @property
    def cell_m(self) -> tuple[float, float]:
        """Height and width of a cell on the ground."""
        y, x = (self.cube[name].to_numpy() for name in ("y", "x"))
        side = CELL_PIXELS * METRES_PER_DEGREE
        high, wide = abs(float(y[1] - y[0])), abs(float(x[1] - x[0]))
        return side * high, side * wide * float(np.cos(np.radians(y.mean())))

    def coordinates(self, row: int, column: int) -> tuple[float, float]:
        """Return latitude and longitude of the middle of a cell."""
        found = []
        for name, number in (("y", row), ("x", column)):
            axis = self.cube[name].to_numpy()
            cell = axis[number * CELL_PIXELS : (number + 1) * CELL_PIXELS]
            found.append(round(float(cell.mean()), _DIGITS))
        return found[0], usual_longitude(found[1])

    def _with_motion(self, measure: DateMeasure, found: PlaceMotion) -> DateMeasure:
        latitude, longitude = self.coordinates(found.row, found.column)
        return replace(
            measure,
            motion_mm=_known(found.motion_m * _MM),
            deviation_mm=_known(found.deviation_m * _MM),
            low_mm=_known(found.low_m * _MM),
            high_mm=_known(found.high_m * _MM),
            coherence=_known(found.coherence),
            latitude=latitude,
            longitude=longitude,
        )


def _known(value: float) -> float | None:
    return round(value, _DIGITS) if np.isfinite(value) else None


def _tells(pairs: Sequence[DatePair]) -> bool:
    return len({d for pair in pairs for d in (pair.primary, pair.secondary)}) >= FEWEST_ACQUISITIONS
