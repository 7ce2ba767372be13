"""What is true of a simulated volcano: its episodes, and what pairs and dates can show of them."""

import csv
import datetime as dt
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from catalogs.records import DatePair, FrameId
from fringewatch.atomic import write_atomically
from insar_models.simulation.scene import Scene, deformation_m
from tasks.scenarios.faults import Fault
from tasks.scenarios.scenario import Scenario, pairs_of_frame
from tasks.scenarios.scenes import scene_of

TRUTH_FOLDER: Final = "truth"
SCENARIO_FILE: Final = "scenario.txt"
"""In that folder: the name of what was simulated; no truth by itself."""

LEAST_PEAK_M: Final = 0.014
"""A pair deforms if the distance to the satellite changes by as much anywhere on the land of the
window: half a fringe."""

_HEADERS: Final = {
    "episodes.csv": ("volcano", "name", "kind", "start", "end"),
    "pairs.csv": (
        "volcano", "frame", "primary_date", "secondary_date", "days", "episodes", "peak_m",
        "deforming", "fault",
    ),
    "dates.csv": ("volcano", "date", "deforming", "episodes"),
}  # fmt: skip


@dataclass(frozen=True)
class PairTruth:
    """What the episodes do between the dates of a pair."""

    frame: FrameId
    pair: DatePair
    episodes: tuple[str, ...]
    """Those that move the ground between the two dates, by name."""
    peak_m: float
    """Largest change of the distance to the satellite on the land of the window, without sign."""
    fault: Fault

    @property
    def deforming(self) -> bool:
        """Whether that is half a fringe or more."""
        return self.peak_m >= LEAST_PEAK_M


@dataclass(frozen=True)
class DateTruth:
    """What the episodes do until a date, since the date before it."""

    date: dt.date
    episodes: tuple[str, ...]
    """Those that moved the ground since the acquisition before, of whatever frame."""

    @property
    def deforming(self) -> bool:
        """Whether the ground moved at all."""
        return bool(self.episodes)


def pair_truths(scenario: Scenario, *, seed: int | None = None) -> tuple[PairTruth, ...]:
    """Return the truth of all pairs, frame by frame; `seed` as in `scene_of`."""
    return tuple(_pair_truths(scenario, scenario.seed if seed is None else seed))


def date_truths(scenario: Scenario) -> tuple[DateTruth, ...]:
    """Return the truth of all dates on which a frame was acquired, save the first."""
    return tuple(
        DateTruth(later, _active(scenario, earlier, later))
        for earlier, later in pairwise(scenario.days)
    )


def window_land(scenario: Scenario, scene: Scene) -> NDArray[np.bool_]:
    """Pixels of the scene that are land inside of the volcano's window and are seen; (H, W)."""
    window = scenario.window
    rows, columns = (
        slice(max(first, 0), max(first + window.size, 0)) for first in (window.row, window.column)
    )
    mask = np.zeros(scene.grid.shape, dtype=np.bool_)
    mask[rows, columns] = (scene.is_land & scene.is_seen)[rows, columns]
    return mask


def write_truth(scenario: Scenario, tree: Path) -> None:
    """Write the three tables below `tree`; one that stands there already keeps its bytes.

    Raises
    ------
    HomeError
        If the disk is full or cannot be written.
    """
    slug = scenario.volcano.slug
    rows: dict[str, Iterable[tuple[object, ...]]] = {
        "episodes.csv": (
            (slug, episode.name, episode.kind, episode.course.start, episode.course.stop)
            for episode in scenario.episodes
        ),
        "pairs.csv": (
            (
                slug, truth.frame, truth.pair.primary, truth.pair.secondary, truth.pair.days,
                ";".join(truth.episodes), f"{truth.peak_m:.4f}", int(truth.deforming), truth.fault,
            )
            for truth in pair_truths(scenario)
        ),
        "dates.csv": (
            (slug, truth.date, int(truth.deforming), ";".join(truth.episodes))
            for truth in date_truths(scenario)
        ),
    }  # fmt: skip
    for name, lines in rows.items():
        write_table(tree / TRUTH_FOLDER / name, _HEADERS[name], lines)


def write_table(path: Path, header: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> None:
    """Write a table with commas, whole or not at all; the same bytes for the same rows."""
    text = io.StringIO(newline="")
    table = csv.writer(text, lineterminator="\n")
    table.writerow(header)
    table.writerows(rows)
    write_atomically(path, text.getvalue().encode())


def _pair_truths(scenario: Scenario, seed: int) -> Iterator[PairTruth]:
    """The truth of each pair: what moved in it, and what is wrong with its files."""
    for frame in scenario.frames:
        scene = scene_of(scenario, frame, seed=seed)
        land = window_land(scenario, scene)
        for pair in pairs_of_frame(scenario, frame):
            active = _active(scenario, pair.primary, pair.secondary)
            peak_m = 0.0
            if active:
                moved_m = np.abs(deformation_m(scene, pair.primary, pair.secondary))
                peak_m = float(np.max(moved_m, where=land, initial=0.0))
            fault = scenario.faults.fault_of(seed, frame.id, pair)
            yield PairTruth(frame.id, pair, active, peak_m, fault)


def _active(scenario: Scenario, earlier: dt.date, later: dt.date) -> tuple[str, ...]:
    """Names of the episodes that move the ground between two dates, each once."""
    moving = (
        episode.name
        for episode in scenario.episodes
        if episode.course.start <= later
        and episode.course.stop >= earlier
        and episode.course.fraction(earlier) != episode.course.fraction(later)
    )
    return tuple(dict.fromkeys(moving))
