"""Correct: find in every pair of a cube what layered air made of it; scoring takes that away."""

import logging

import xarray as xr
from prefect import task

from catalogs.cubes.cube import pairs_of, read_cube
from catalogs.home.home import home_of
from catalogs.ledger.ledger import open_ledger
from catalogs.ledger.rows import PairAir
from catalogs.records import DatePair
from catalogs.settings import Settings
from fringewatch.errors import StoreError
from tasks.judge.air import CubeAir, find_air, read_air
from tasks.progress import report_progress
from tasks.records import BatchReport, FrameRequest, Problem

_LOGGER = logging.getLogger(__name__)
_PAIRS_AT_ONCE = 25  # what is kept between two writes to the ledger
_UNREADABLE = (ValueError, RuntimeError, OSError)
"""What reading a chunk raises that does not decode."""


def correct_frame(request: FrameRequest, settings: Settings) -> BatchReport:
    """Return the pairs of the volcano's cube whose air was looked for now.

    Those are the pairs of which it is not known, or was found otherwise: in other bytes, along
    other heights, by another way or other settings. What was found of a pair depends on that pair
    and the frame's heights alone. The cube keeps the phase as it came. Where nothing is known that
    air could follow, nothing is taken from any pair, also not what once was.

    A pair whose chunks do not decode is a problem; the others go on.

    Raises
    ------
    StoreError
        If the cube is damaged.
    """
    home, volcano, frame = home_of(settings), request.volcano.slug, request.frame
    done: list[DatePair] = []
    problems: list[Problem] = []
    with open_ledger(home.ledger) as ledger:
        tiled = ledger.tiled_pairs(volcano, frame)
        if not tiled:
            return BatchReport()
        before = ledger.corrections(volcano, frame)
        cube = read_cube(home.cube(volcano, frame), with_dask=False)
        known = read_air(home.cube(volcano, frame), cube, settings)
        place = {pair: index for index, pair in enumerate(pairs_of(cube))}
        without = [pair for pair in before if not known.hashes(pair)]
        if without:
            ledger.forget_corrections(volcano, frame, without)
        todo = [
            pair
            for pair in tiled
            if pair in place
            and known.hashes(pair)
            and (pair not in before or before[pair].made_from != known.made_from(pair))
        ]
        for first in range(0, len(todo), _PAIRS_AT_ONCE):
            found = []
            for pair in todo[first : first + _PAIRS_AT_ONCE]:
                try:
                    found.append((pair, _find(cube, place[pair], known, pair)))
                except (StoreError, *_UNREADABLE) as error:
                    reason = f"the cube does not give it ({error}): run `fringewatch verify`"
                    _LOGGER.warning("%s %s: %s", frame, pair, reason)
                    problems.append(Problem(frame, pair, reason))
            ledger.record_corrections(volcano, frame, found)
            done += [pair for pair, _ in found]
            report_progress(f"{frame}: correcting", first + len(found), len(todo))
    return BatchReport(tuple(done), tuple(problems))


correct_task = task(name="correct")(correct_frame)


def _find(cube: xr.Dataset, index: int, known: CubeAir, pair: DatePair) -> PairAir:
    phase, coherence = (cube[name][index].to_numpy() for name in ("phase", "coherence"))
    return find_air(phase, coherence, pair, known)
