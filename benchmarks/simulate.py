"""How quickly interferograms are simulated and written, and growth with their number.

    python -m benchmarks.simulate [--pairs 10 20 40 80]

The window is LiCSAR's of a volcano, 500 x 500 pixels; a dyke, a sill and a chamber move in it, and
each date is in four pairs. Each number of pairs is simulated on a track of its own, so that no date
is in memory from the number before, and after the track's first pair: its sources, its footprint
and the first two dates are made once, whatever the number. "Sources" is the motion of all three by
itself, "written" a whole scenario of 620 x 620 pixels: its ground, its pairs with both rasters, its
truth. The aim is linear growth: the time of a pair is the same for all numbers. Simulation has no
option for several processes: frames are independent, and scenarios can be written side by side.
"""

import argparse
import datetime as dt
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks.clocks import Cost, machine, timed
from catalogs.records import DatePair
from insar_models.simulation import Episode, Scene, simulate_pair
from insar_models.simulation.geometry import GroundGrid, LineOfSight
from insar_models.simulation.random_sources import SourceRanges, random_source
from insar_models.simulation.sources import range_change_m
from insar_models.simulation.time_courses import Ramp
from tasks.scenarios.frames import Passes
from tasks.scenarios.portal_tree import write_scenario
from tasks.scenarios.scenario import Scenario
from tasks.scenarios.scenario_file import read_scenario

AIM: Final = 0.05
"""By which the time of a pair may differ from that of the largest number."""

_SIDE: Final = 500
_STEP_DAYS: Final = 6
_FIRST_DAY: Final = dt.date(2020, 1, 1)
_SCENARIO: Final = "dyke-step"


def scene_with_sources(track: str) -> Scene:
    """Return a scene of 500 x 500 pixels in which three sources move; its ground is the same."""
    grid = GroundGrid(-22.5, 64.1, 0.001, _SIDE, _SIDE)
    generator = np.random.default_rng(5)
    last = _FIRST_DAY + dt.timedelta(days=365)
    episodes = tuple(
        Episode(
            name=kind,
            source=random_source(kind, generator, (-22.25, 63.85), SourceRanges()),
            course=Ramp(_FIRST_DAY, last),
        )
        for kind in ("dyke", "sill", "mogi")
    )
    return Scene(grid, LineOfSight(-168.0, 39.0), episodes, seed=3, track=track)


def pairs_named(count: int) -> list[DatePair]:
    """Return so many pairs of 6 and 12 days, oldest first; two to each date after the second."""
    days = [_FIRST_DAY + dt.timedelta(days=_STEP_DAYS * number) for number in range(count + 2)]
    pairs = [
        DatePair(days[late - span], days[late]) for late in range(2, len(days)) for span in (1, 2)
    ]
    return pairs[:count]


def first_pair() -> DatePair:
    """Return the pair of the first two dates, which `pairs_named` leaves out."""
    return DatePair(_FIRST_DAY, _FIRST_DAY + dt.timedelta(days=_STEP_DAYS))


def simulate_all(scene: Scene, pairs: Sequence[DatePair]) -> None:
    """Simulate pairs of a scene."""
    for pair in pairs:
        simulate_pair(scene, pair.primary, pair.secondary)


def sources_alone(scene: Scene) -> None:
    """Compute the motion of all sources of a scene anew."""
    for episode in scene.episodes:
        range_change_m(episode.source, scene.grid, scene.sight)


def scenario_of(count: int) -> Scenario:
    """Return a shipped scenario, cut to the dates that make at least so many pairs."""
    scenario = read_scenario(_SCENARIO)
    frame = scenario.frames[0]
    spans = len(scenario.pairs.spans)
    first = scenario.episodes[0].course.start - dt.timedelta(days=2 * _STEP_DAYS)
    dates = -(-count // spans) + 1
    last = first + dt.timedelta(days=_STEP_DAYS * dates)
    passes = (Passes(first, last, _STEP_DAYS),)
    return replace(scenario, frames=(replace(frame, dates=(), passes=passes),))


def write_cost(count: int) -> tuple[int, Cost]:
    """Return how many pairs a scenario had, and what writing it took."""
    scenario = scenario_of(count)
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder)
        cost = timed(lambda: write_scenario(scenario, tree / "tree"))
        written = len(list(tree.rglob("*diff_pha.tif")))
    return written, cost


def print_row(name: str, count: int, cost: Cost) -> None:
    """Print what a number of windows took."""
    print(
        f"{name:12}{count:7}{cost.wall_s:10.2f}{count / cost.wall_s:11.2f}"
        f"{1e3 * cost.processor_s / count:20.1f}{count / cost.processor_s:18.2f}",
        flush=True,
    )


def print_growth(counts: Sequence[int], costs: Sequence[Cost]) -> None:
    """Print by how much the time of a pair differs from number to number."""
    for clock in ("wall", "processor"):
        each = np.array([getattr(cost, f"{clock}_s") for cost in costs]) / np.array(counts)
        off = float(np.abs(each / each[-1] - 1).max())
        print(
            f"time of a pair by the {clock}: at most {off:.1%} from that of {counts[-1]} pairs "
            f"(aim: {AIM:.0%}, {'reached' if off <= AIM else 'missed'})"
        )


def main() -> None:
    """Print the table, and whether growth is linear."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pairs", type=int, nargs="+", default=[10, 20, 40, 80])
    parser.add_argument("--written", type=int, nargs="+", default=[10, 20])
    words = parser.parse_args()
    print(f"{machine()}; seeds 3 and 5, scenario {_SCENARIO}")
    print(
        f"\n{'':12}{'pairs':>7}{'seconds':>10}{'windows/s':>11}{'ms of processor':>20}"
        f"{'windows/s of it':>18}"
    )
    ground = scene_with_sources("first")
    simulate_all(ground, [first_pair()])  # the ground is the same for all tracks
    print_row("sources", 1, timed(lambda: sources_alone(ground)))
    costs = []
    for count in sorted(words.pairs):
        scene = scene_with_sources(f"of {count}")
        simulate_all(scene, [first_pair()])
        costs.append(timed(partial(simulate_all, scene, pairs_named(count))))
        print_row("simulated", count, costs[-1])
    for count in words.written:
        print_row("written", *write_cost(count))
    if len(costs) > 1:
        print_growth(sorted(words.pairs), costs)


if __name__ == "__main__":
    main()
