"""Pairs of re-wrapped displacement, scored as a cube's pairs are. They are no LiCSAR products."""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from catalogs.cubes.pair_tile import PairTile
from catalogs.rasters.grid import Window, volcano_window
from catalogs.records import DatePair, Volcano
from catalogs.world.volcanoes import find_volcano, load_volcanoes
from fringewatch.errors import BadInputError
from insar_models.detectors.protocol import Detector
from insar_models.onset.evidence import PairEvidence
from insar_models.onset.scored_pair import evidence_of
from tasks.assess.looks import FrameLooks
from tasks.assess.rewrapped_series import DisplacementSeries
from tasks.assess.windows import cube_in_memory, cut_window
from tasks.judge.score import score_cube
from tasks.progress import report_progress
from tasks.scenarios.frames import PairsRule

PAIRS_RULE: Final = PairsRule(spans=(1, 2, 3))
"""Pairs of 1, 2 and 3 acquisitions, however long: they reach across gaps too."""

_PAIRS_AT_ONCE: Final = 12
_COHERENT: Final = 255  # the file says nothing of coherence: what has phase counts as coherent


@dataclass(frozen=True)
class LocatedPair:
    """A pair, what the model says of it, and where it looks."""

    evidence: PairEvidence
    latitude: float
    """NaN where the pair has no score, as the longitude."""
    longitude: float

    @property
    def pair(self) -> DatePair:
        """Its dates."""
        return DatePair(self.evidence.primary, self.evidence.secondary)


@dataclass(frozen=True)
class RewrappedPairs:
    """The pairs of a series in the window of a volcano."""

    series: DisplacementSeries
    volcano: Volcano

    @property
    def window(self) -> Window:
        """The volcano's window; where it reaches beyond the series, there is no data."""
        return volcano_window(self.series.grid, self.volcano.latitude, self.volcano.longitude)

    @property
    def pairs(self) -> tuple[DatePair, ...]:
        """In order of time."""
        return PAIRS_RULE.pairs(self.series.dates)

    def phase(self, pair: DatePair) -> NDArray[np.uint8]:
        """Return the window of a pair as phase bytes, shape (500, 500)."""
        return cut_window(self.series.wrapped(pair), self.window)

    def scored(self, model: Detector) -> tuple[LocatedPair, ...]:
        """Return what the model says of all pairs, in order of time.

        A pair of a date without data has no score. No pixel is taken for water: water is known by
        its coherence, of which a series says nothing.
        """
        found: list[LocatedPair] = []
        pairs, window = self.pairs, self.window
        no_water = np.zeros((window.size, window.size), dtype=np.bool_)
        for first in range(0, len(pairs), _PAIRS_AT_ONCE):
            lot = pairs[first : first + _PAIRS_AT_ONCE]
            cube = cube_in_memory(window, [self._tile(pair) for pair in lot])
            for pair, score in zip(lot, score_cube(cube, model, no_water, 0.0), strict=True):
                dates = (pair.primary, pair.secondary)
                evidence = evidence_of(self.series.frame, dates, score.score, model)
                found.append(LocatedPair(evidence, score.peak_latitude, score.peak_longitude))
            report_progress("re-wrapped displacement", len(found), len(pairs))
        return tuple(found)

    def looks(self) -> FrameLooks:
        """Return what rates are found from."""
        window, frame = self.window, self.series.frame
        lots = [FrameLooks.of_tiles(frame, window, [self._tile(pair)]) for pair in self.pairs]
        return FrameLooks.joined(frame, window, lots)

    def _tile(self, pair: DatePair) -> PairTile:
        phase = self.phase(pair)
        return PairTile(pair, phase, np.where(phase, np.uint8(_COHERENT), np.uint8(0)))


def volcano_of(series: DisplacementSeries, name: str | None = None) -> Volcano:
    """Return the volcano that a series is of: the one that is named, or nearest to its middle.

    Raises
    ------
    BadInputError
        If that volcano is unknown, or none lies inside of the series.
    """
    grid = series.grid
    asked = (find_volcano(name),) if name is not None else load_volcanoes()
    inside = [
        volcano
        for volcano in asked
        if grid.south <= volcano.latitude <= grid.north
        and grid.west <= volcano.longitude <= grid.east
    ]
    if not inside:
        wanted = "no volcano of the catalogue lies" if name is None else f"{asked[0].slug} lies not"
        message = f"{wanted} inside of the displacement of {series.frame}, {grid}"
        raise BadInputError(message)
    middle = (grid.south + grid.north) / 2, (grid.west + grid.east) / 2
    return min(inside, key=lambda v: math.dist(middle, (v.latitude, v.longitude)))
