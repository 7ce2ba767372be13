"""What rates say over ground that is quiet: how far from rest, and how many episodes a year.

    python -m benchmarks.quiet_rates --rewrapped NPZ [--left-out FIRST LAST]
    python -m benchmarks.quiet_rates --trees FOLDER [--volcano NAME ...]
    python -m benchmarks.quiet_rates --scenario NAME [--seeds 4] [--until DATE]

The first form takes a series of real displacement (the form of `fringewatch assess --rewrapped`),
the second frames in LiCSAR's layout, FOLDER/<volcano>/<track>/<frame>/interferograms, the third the
ground and the air of a scenario without its episodes, seed by seed. Of each date
the rate of the place that moves most is found as the watch finds it, without heights. Printed are,
for each series, its dates, how far from rest they are, on how many the 95 % interval holds zero and
on how many one of 1.96 standard deviations would, and each run of dates that is an episode
from 4 standard deviations on; then the episodes a year for several thresholds. `--left-out` names
days in which the ground did move.
"""

import argparse
import datetime as dt
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks.frame_rates import read_tiles
from catalogs.cubes.pair_tile import PairTile
from catalogs.settings import Settings
from insar_models.onset.slow_motion import PlaceRate, SlowMotion, follow_rates
from insar_models.phase.window_patches import find_water
from tasks.assess.looks import FrameLooks
from tasks.assess.rewrapped import RewrappedPairs, volcano_of
from tasks.assess.rewrapped_series import read_series
from tasks.assess.windows import cut_window, simulated_tile
from tasks.scenarios.scenario import pairs_of_frame
from tasks.scenarios.scenario_file import read_scenario
from tasks.scenarios.scenes import scene_of

BEGINS: Final = (4.0, 4.5, 5.0, 6.0)
COUNTS: Final = (1, 2, 3)
_NORMAL_95: Final = 1.96


def tree_looks(folder: Path, volcanoes: Sequence[str]) -> Iterator[FrameLooks]:
    """Yield the pairs of each frame of some volcanoes, in cells; the frame's name has both."""
    for volcano in volcanoes or sorted(path.name for path in folder.iterdir()):
        for interferograms in sorted((folder / volcano).glob("*/*/interferograms")):
            tiles, window = read_tiles(interferograms.parent, volcano)
            every = [PairTile(pair, *tile) for pair, tile in tiles.items()]
            coherence = np.stack([tile.coherence for tile in every])
            water = find_water(coherence, Settings().water_coherence)
            name = f"{volcano} {interferograms.parent.name}"
            yield FrameLooks.of_tiles(name, window, every, water)


def quiet_looks(name: str, seeds: int, until: dt.date) -> Iterator[FrameLooks]:
    """Yield the pairs of each frame of a scenario in which nothing ever moves, seed by seed."""
    scenario = replace(read_scenario(name), episodes=())
    for seed in range(scenario.seed, scenario.seed + seeds):
        for frame in scenario.frames:
            scene = scene_of(scenario, frame, seed=seed)
            water = ~cut_window(scene.is_land, scenario.window)
            pairs = [p for p in pairs_of_frame(scenario, frame) if p.secondary <= until]
            tiles = [simulated_tile(scenario.window, scene, pair) for pair in pairs]
            looks = FrameLooks.of_tiles(str(frame.id), scenario.window, tiles, water)
            yield replace(looks, frame=f"seed {seed} {frame.id}")


def holding_zero(rates: Sequence[PlaceRate]) -> tuple[int, int]:
    """Return of how many the interval holds zero, and of how many that of a named place would."""
    own = sum(rate.low_mm_per_day <= 0 <= rate.high_mm_per_day for rate in rates)
    return own, sum(rate.deviations <= _NORMAL_95 for rate in rates)


def episodes(rates: Sequence[PlaceRate], rule: SlowMotion) -> list[PlaceRate]:
    """Return the rates on which episodes begin."""
    steps = sorted(follow_rates(rates, rule).items())
    before: dt.date | None = None
    begun = []
    for _, step in steps:
        if step.since is not None and step.since != before:
            begun.append(step.rate)
        before = step.since
    return begun


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quiet_rates")
    parser.add_argument("--rewrapped", type=Path)
    parser.add_argument("--trees", type=Path)
    parser.add_argument("--volcano", nargs="+", default=())
    parser.add_argument("--scenario")
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--until", type=dt.date.fromisoformat, default=dt.date.max)
    parser.add_argument("--left-out", nargs=2, type=dt.date.fromisoformat)
    given = parser.parse_args()
    first, last = given.left_out or (dt.date.max, dt.date.min)
    every_frame: list[FrameLooks] = []
    if given.rewrapped:
        series = read_series(given.rewrapped)
        every_frame.append(RewrappedPairs(series, volcano_of(series)).looks())
    frames = itertools.chain(
        every_frame,
        tree_looks(given.trees, given.volcano) if given.trees else [],
        quiet_looks(given.scenario, given.seeds, given.until) if given.scenario else [],
    )
    every, years = [], 0.0
    for looks in frames:
        rates = looks.rates(Settings().rate_days)
        quiet = [rate for rate in rates if not first <= rate.date <= last]
        gaps = [(b.date - a.date).days for a, b in itertools.pairwise(quiet)]
        years += sum(gap for gap in gaps if gap <= Settings().rate_days) / 365.25
        every.append(quiet)
        far = sorted(rate.deviations for rate in quiet)
        middle = f"{np.median(far):.1f}, at most {far[-1]:.1f}" if far else "-"
        own, plain = holding_zero(quiet)
        print(
            f"{looks.frame}: {len(quiet)} dates, from rest {middle} standard deviations; the "
            f"interval holds zero on {own}, one of {_NORMAL_95} deviations on {plain}",
            flush=True,
        )
        for rate in episodes(quiet, SlowMotion(begin=BEGINS[0])):
            print(
                f"    {rate.date}: {rate.mm_per_day:+.2f} mm a day, {rate.deviations:.1f} from "
                f"rest at {rate.latitude:.2f}, {rate.longitude:.2f}"
            )
    own, plain = holding_zero([rate for rates in every for rate in rates])
    print(
        f"of {sum(map(len, every))} dates the interval holds zero on {own}, one of {_NORMAL_95} "
        f"deviations on {plain}"
    )
    print(f"{years:.1f} years; episodes a year, of 1, 2 and 3 dates in a row:")
    for begin in BEGINS:
        rules = [SlowMotion(begin=begin, dates=count) for count in COUNTS]
        counts = [sum(len(episodes(rates, rule)) for rates in every) for rule in rules]
        shown = ", ".join(f"{n / years:.2f} ({n})" if years else f"({n})" for n in counts)
        print(f"  from {begin:g} standard deviations: {shown}")


if __name__ == "__main__":
    main()
