"""What chains and rates see of slow motion that single pairs do not, and what they cost in quiet.

    python -m benchmarks.slow_motion --keep FOLDER [--scenario NAME] [--seeds 3] [--until DATE]

Simulates a scenario seed by seed; of each frame and date scores the pairs and the chains of 48 and
96 days that end on it, and finds the rate of the place that moves most. All of it stays in FOLDER,
so that a run that was stopped goes on. Then prints how often pairs and chains are positive by what
the ground did in them, and for each method, with rates and without, which episodes were found and
after how many days (an episode that ran already is marked *), and the false episodes outside of
episodes and the 48 days after them. A pair or chain takes about 0.3 s of one core.
"""

import argparse
import csv
import datetime as dt
import itertools
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from catalogs.cubes.pair_tile import PairTile
from catalogs.records import DatePair
from catalogs.settings import Settings
from insar_models.chains import chain_product, plan_chains
from insar_models.detectors.protocol import Detector
from insar_models.onset.evidence import DateVerdict, PairEvidence
from insar_models.onset.methods import find_method
from insar_models.onset.scored_pair import evidence_of
from insar_models.onset.slow_motion import PlaceRate, SlowMotion, with_rates
from tasks.assess.looks import FrameLooks
from tasks.assess.rate_truth import RateOutcome, read_rates, write_rates
from tasks.assess.windows import cube_in_memory, cut_window, simulated_tile
from tasks.judge.cube_windows import MEASURING
from tasks.judge.models import model_of
from tasks.judge.score import score_cube
from tasks.scenarios.frames import ScenarioFrame
from tasks.scenarios.scenario import Scenario, pairs_of_frame
from tasks.scenarios.scenario_file import read_scenario
from tasks.scenarios.scenes import scene_of

SPANS_DAYS: Final = (48, 96)
METHODS: Final = ("deconvolution", "early", "quiet", "cumulative-sum", "rule")
_GRACE = dt.timedelta(days=48)
_WINDOW = dt.timedelta(days=140)  # so long are the tiles kept that chains are made of
_AT_ONCE: Final = 12


@dataclass(frozen=True)
class Scored:
    """A pair or a chain of a frame with its score."""

    primary: dt.date
    secondary: dt.date
    kind: str
    score: float

    @property
    def days(self) -> int:
        """Time span."""
        return (self.secondary - self.primary).days


@dataclass(frozen=True)
class FrameSeries:
    """What was made of one frame with one seed."""

    frame: str
    scored: tuple[Scored, ...]
    rates: tuple[PlaceRate, ...]


def frame_series(
    scenario: Scenario, number: int, seed: int, until: dt.date, model: Detector, keep: Path
) -> FrameSeries:
    """Return the series of a frame: what is kept, or what is simulated and kept now."""
    frame = scenario.frames[number]
    stem = keep / f"{scenario.name}-{seed}-{number}"
    if not stem.with_suffix(".npz").is_file():
        _simulate(scenario, frame, seed, until, model, stem)
    with stem.with_suffix(".csv").open(encoding="utf-8", newline="") as file:
        rows = tuple(
            Scored(
                dt.date.fromisoformat(row["primary"]),
                dt.date.fromisoformat(row["secondary"]),
                row["kind"],
                float(row["score"]),
            )
            for row in csv.DictReader(file)
        )
    return FrameSeries(str(frame.id), rows, _rates(scenario, str(frame.id), stem))


def _simulate(
    scenario: Scenario, frame: ScenarioFrame, seed: int, until: dt.date, model: Detector, stem: Path
) -> None:
    scene = scene_of(scenario, frame, seed=seed)
    water = ~cut_window(scene.is_land, scenario.window)
    pairs = sorted(pairs_of_frame(scenario, frame), key=lambda p: (p.secondary, p.primary))
    pairs = [pair for pair in pairs if pair.secondary <= until]
    tiles: dict[tuple[dt.date, dt.date], PairTile] = {}
    looks, waiting, rows = [], [], []
    begun = time.perf_counter()
    for end, group in itertools.groupby(pairs, key=lambda pair: pair.secondary):
        for pair in group:
            tile = simulated_tile(scenario.window, scene, pair)
            tiles[pair.primary, pair.secondary] = tile
            looks.append(FrameLooks.of_tiles(str(frame.id), scenario.window, [tile], water))
            waiting.append(("pair", tile))
        tiles = {dates: tile for dates, tile in tiles.items() if end - dates[0] <= _WINDOW}
        coherence = {d: float(t.coherence[~water].mean()) / 255 for d, t in tiles.items()}
        for plan in plan_chains(coherence, [end], SPANS_DAYS):
            parts = {dates: (tiles[dates].phase, tiles[dates].coherence) for dates in plan.pairs}
            chain = chain_product(plan, parts)
            dates = DatePair(plan.primary, plan.secondary)
            waiting.append(("chain", PairTile(dates, chain.phase, chain.coherence)))
        if len(waiting) >= _AT_ONCE or end == pairs[-1].secondary:
            cube = cube_in_memory(scenario.window, [tile for _, tile in waiting])
            scores = score_cube(cube, model, water, Settings().water_coherence)
            rows += [
                (t.pair.primary, t.pair.secondary, kind, score.score)
                for (kind, t), score in zip(waiting, scores, strict=True)
            ]
            waiting = []
    with stem.with_suffix(".csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("primary", "secondary", "kind", "score"), *rows])
    FrameLooks.joined(str(frame.id), scenario.window, looks).write(stem.with_suffix(".npz"))
    print(f"{stem.name}: {len(rows)} scored in {time.perf_counter() - begun:.0f} s", flush=True)


def _rates(scenario: Scenario, frame: str, stem: Path) -> tuple[PlaceRate, ...]:
    """Return the rate of each date; found once, and kept beside what was simulated."""
    days = Settings().rate_days
    kept = stem.parent / f"{stem.name}.rates-{MEASURING}-{days}.csv"
    if not kept.is_file():
        looks = FrameLooks.read(stem.with_suffix(".npz"), frame, scenario.window)
        write_rates(kept, map(RateOutcome, looks.rates(days)))
    return tuple(one.rate for one in read_rates(kept))


def print_scores(every: Iterable[FrameSeries], scenario: Scenario, model: Detector) -> None:
    """Print how often pairs and chains are positive, by the share of an episode in them."""
    seen: dict[tuple[str, str], list[float]] = defaultdict(list)
    for series in every:
        for one in series.scored:
            if not np.isfinite(one.score):
                continue
            moved = {
                e.name: e.course.fraction(one.secondary) - e.course.fraction(one.primary)
                for e in scenario.episodes
            }
            name, share = max(moved.items(), key=lambda item: item[1], default=("", 0.0))
            kind = f"pairs of {one.days} d" if one.kind == "pair" else f"chains of {one.days} d"
            if one.kind == "chain":
                span = min(SPANS_DAYS, key=lambda wished: abs(wished - one.days))
                kind = f"chains of {span} d"
            of = "quiet" if share <= 0 else f"{name}, {'most' if round(share) else 'part'} of it"
            seen[of, kind].append(one.score - model.threshold)
    print(f"\n{'what the ground did':44s} {'':18s}  count  positive  median above the threshold")
    for (of, kind), scores in sorted(seen.items()):
        if len(scores) > 2:  # noqa: PLR2004
            share = float(np.mean(np.array(scores) >= 0))
            print(f"{of:44s} {kind:18s} {len(scores):6d} {share:9.0%} {np.median(scores):9.2f}")


def verdicts_of(
    seed: Sequence[FrameSeries], method: str, model: Detector
) -> tuple[DateVerdict, ...]:
    """Return the verdicts of one seed, from pairs alone."""
    evidence: list[PairEvidence] = [
        evidence_of(series.frame, (one.primary, one.secondary), one.score, model)
        for series in seed
        for one in series.scored
        if one.kind == "pair" and np.isfinite(one.score)
    ]
    return find_method(method).judge(evidence)


def print_dates(
    seeds: Sequence[Sequence[FrameSeries]],
    scenario: Scenario,
    model: Detector,
    methods: Sequence[str],
) -> None:
    """Print what each method finds, with rates and without."""
    rules = [None, *(SlowMotion(begin=begin) for begin in (4.0, 4.5, 5.0, 6.0))]
    last = max(one.secondary for seed in seeds for series in seed for one in series.scored)
    episodes = [e for e in scenario.episodes if e.kind == "volcanic" and e.course.start < last]
    spans = [(e.course.start, getattr(e.course, "stop", e.course.start)) for e in episodes]
    print("\nfound (median days from the onset), of", len(seeds))
    alone = {name: [verdicts_of(seed, name, model) for seed in seeds] for name in methods}
    rates = [[rate for series in seed for rate in series.rates] for seed in seeds]
    for method, rule in itertools.product(methods, rules):
        cells, false, watched, quiet_days = [], 0, 0, 0
        judged = [
            with_rates(own, known, rule) if rule else own
            for own, known in zip(alone[method], rates, strict=True)
        ]
        for episode, (start, stop) in zip(episodes, spans, strict=True):
            delays, before = [], 0
            for verdicts in judged:
                ran = [v for v in verdicts if v.date <= start][-1:]
                hits = [v for v in verdicts if start < v.date <= stop and v.state == "unrest"]
                if hits and ran and ran[0].since is not None:
                    before += 1
                elif hits:
                    delays.append((hits[0].date - start).days)
            median = f" {np.median(delays):.0f} d" if delays else ""
            mark = f" +{before}*" if before else ""
            cells.append(f"{episode.name[:12]}: {len(delays)}{mark}{median}")
        for verdicts in judged:
            quiet = [v for v in verdicts if not any(a < v.date <= b + _GRACE for a, b in spans)]
            quiet_days += sum(
                (b.date - a.date).days for a, b in itertools.pairwise(quiet)
                if (b.date - a.date) <= _GRACE / 2
            )  # fmt: skip
            watched += sum(v.state == "watch" for v in quiet)
            begun = {v.since for v in quiet if v.since is not None}
            false += sum(not any(a < since <= b + _GRACE for a, b in spans) for since in begun)
        years = quiet_days / 365.25
        name = f"{method}, {f'rates from {rule.begin:g}' if rule else 'pairs alone'}"
        print(
            f"{name:34s} {'; '.join(cells)} | false {false / years:.2f}, "
            f"watch {watched / years:.1f} a year, {years:.1f} years"
        )


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.slow_motion")
    parser.add_argument("--keep", type=Path, required=True)
    parser.add_argument("--scenario", default="fagradalsfjall-2019-2021")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--until", type=dt.date.fromisoformat, default=dt.date(2020, 8, 15))
    parser.add_argument("--methods", nargs="+", default=METHODS)
    given = parser.parse_args()
    given.keep.mkdir(parents=True, exist_ok=True)
    scenario, model = read_scenario(given.scenario), model_of(Settings(home=given.keep / "home"))
    seeds = [
        [
            frame_series(scenario, number, seed, given.until, model, given.keep)
            for number in range(len(scenario.frames))
        ]
        for seed in range(scenario.seed, scenario.seed + given.seeds)
    ]
    print_scores(itertools.chain.from_iterable(seeds), scenario, model)
    print_dates(seeds, scenario, model, given.methods)


if __name__ == "__main__":
    main()
