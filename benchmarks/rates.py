"""How right are rates and displacements: simulated episodes with known truth, place by place.

    python -m benchmarks.rates [--scenario NAME ...] [--seeds 5] [--days 72]

For each episode, frame and seed: the pairs of up to `--days` from its onset are simulated, and the
motion is found without being told where or how large: `displacement` since the acquisition before
the onset (with the course that explains most), and `rate` where the motion is steady. Truth is what
the sources did at the place that was found, against the same ring, through the same cells. A row
says what was found, its 95 % interval and the truth; at the end how often the sign was right and
the truth within the interval. Episodes of less than `--least` metres of truth are left out.
"""

import argparse
import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from insar_models.rates.courses import STEADY, Course
from insar_models.rates.estimate import PlaceMotion, best_course, place_map, place_motion
from insar_models.rates.field import MotionField, motion_field
from insar_models.rates.looks import CELL_PIXELS, cell_phasors
from insar_models.rates.stack import PairStack
from insar_models.simulation import Scene, deformation_m
from tasks.assess.windows import cut_window, simulated_tile
from tasks.scenarios.frames import ScenarioFrame
from tasks.scenarios.scenario import Scenario, pairs_of_frame
from tasks.scenarios.scenario_file import read_scenario
from tasks.scenarios.scenes import scene_of

_SCENARIOS = ("demo", "fagradalsfjall-2019-2021")


@dataclass(frozen=True)
class Found:
    """What was found of one episode, and what is true."""

    name: str
    motion: PlaceMotion
    truth_m: float
    decay_days: float

    @property
    def is_within(self) -> bool:
        """Whether the interval holds the truth."""
        return self.motion.low_m <= self.truth_m <= self.motion.high_m

    @property
    def has_sign(self) -> bool:
        """Whether the sign is right."""
        return self.motion.motion_m * self.truth_m > 0


def stack_of(
    scenario: Scenario, frame: ScenarioFrame, scene: Scene, first: dt.date, last: dt.date
) -> PairStack | None:
    """Return the simulated pairs of a frame between two dates; None if there are none."""
    water = ~cut_window(scene.is_land, scenario.window)
    pairs = [p for p in pairs_of_frame(scenario, frame) if first <= p.primary < p.secondary <= last]
    if not pairs:
        return None
    tiles = [simulated_tile(scenario.window, scene, pair) for pair in pairs]
    looks = np.stack([cell_phasors(tile.phase, tile.coherence, water) for tile in tiles])
    return PairStack(looks, tuple((p.primary, p.secondary) for p in pairs), cell_m(scenario))


def cell_m(scenario: Scenario) -> tuple[float, float]:
    """Return height and width of a cell of the scenario's window."""
    side = CELL_PIXELS * 111_000.0 * 0.001
    return side, side * float(np.cos(np.radians(scenario.window.latitudes.mean())))


def true_motion(
    scenario: Scenario, scene: Scene, first: dt.date, last: dt.date
) -> NDArray[np.float64]:
    """Return the motion towards the satellite between two dates, mean over cells."""
    moved = -cut_window(deformation_m(scene, first, last), scenario.window)
    pad = -moved.shape[0] % CELL_PIXELS
    padded = np.pad(moved, ((0, pad), (0, pad)), mode="edge")
    cells = padded.shape[0] // CELL_PIXELS
    means = padded.reshape(cells, CELL_PIXELS, cells, CELL_PIXELS).mean(axis=(1, 3))
    return np.asarray(means, dtype=np.float64)


def judge(scenario: Scenario, seed: int, days: int) -> Iterator[Found]:
    """Yield what is found of each episode by each frame."""
    for frame in scenario.frames:
        scene = scene_of(scenario, frame, seed=seed)
        dates = sorted(
            {d for p in pairs_of_frame(scenario, frame) for d in (p.primary, p.secondary)}
        )
        for episode in scenario.episodes:
            onset = episode.course.start
            begin = max((d for d in dates if d <= onset), default=None)
            stop = getattr(episode.course, "stop", None) or onset + dt.timedelta(days=days)
            until = min(stop, onset + dt.timedelta(days=days))
            end = min((d for d in dates if d >= until), default=None)
            if begin is None or end is None:
                continue
            stack = stack_of(scenario, frame, scene, begin, end)
            if stack is None:
                continue
            steady = Course(begin, end, STEADY).shares(stack)
            rough = place_motion(stack, steady, motion_field(stack, steady))
            if rough is None:
                continue
            course = best_course(stack, begin, end, (rough.row, rough.column))
            shares = course.shares(stack)
            field = motion_field(stack, shares)
            found = place_motion(stack, shares, field)
            if found is None:
                continue
            moved = true_motion(scenario, scene, begin, end)
            known = np.where(np.isfinite(field.motion_m), moved, np.nan)
            truth = place_map(MotionField(known, field.coherence), stack.cell_m).motion_m
            name = f"{seed} {frame.id} {episode.name}"
            yield Found(name, found, float(truth[found.row, found.column]), course.decay_days)


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.rates")
    parser.add_argument("--scenario", nargs="+", default=_SCENARIOS)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--skip", type=int, default=0)
    parser.add_argument("--days", type=int, default=72)
    parser.add_argument("--least", type=float, default=0.005, help="metres of truth")
    given = parser.parse_args()
    every: list[Found] = []
    for name in given.scenario:
        scenario = read_scenario(name)
        for seed in range(scenario.seed + given.skip, scenario.seed + given.skip + given.seeds):
            for found in judge(scenario, seed, given.days):
                print_row(found)
                every.append(found)
    large = [found for found in every if abs(found.truth_m) >= given.least]
    signs, within = sum(f.has_sign for f in large), sum(f.is_within for f in large)
    print(f"sign right in {signs} of {len(large)}, truth within the interval in {within}")


def print_row(found: Found) -> None:
    """Print what was found of one episode."""
    motion, decay = found.motion, found.decay_days
    print(
        f"{found.name:58s} {motion.motion_m * 1e3:7.1f} mm ({motion.low_m * 1e3:.1f} to "
        f"{motion.high_m * 1e3:.1f}), true {found.truth_m * 1e3:7.1f}, decay {decay:g} d, "
        f"coherence {motion.coherence:.2f}{'' if found.is_within else '  OUTSIDE'}",
        flush=True,
    )


if __name__ == "__main__":
    main()
