"""How soon each method for dates sees an episode, and how often it sees one that is not there.

    python -m benchmarks.date_methods [--series 200] [--noise 0.8,0.02] [--quick]
    python -m benchmarks.date_methods --scores QUIET_CSV     # scores of real quiet series
    python -m benchmarks.date_methods --labels PER_IFG_CSV

Pair scores are simulated: two frames that fly over every six days, two days apart, four pairs to
a date. A score is what the ground did between the two dates, plus noise of the pair, plus noise
of both dates: the air over an acquisition is in all its pairs, so that one bad day makes several
positive. The noise of dates has long tails (Student's t, 3 degrees of freedom). Sensitivity and
false-positive rate are those of one pair: over half a fringe of displacement, and over none. Half
of the series hold a sudden step, the others slow motion that makes half a fringe in 18 days and
lasts 60.

Delays count acquisitions of either frame, the first after the onset being 1. False alarms are
beginnings of unrest before the onset, after 120 days of getting to know the volcano; dates of
watch are counted in the same time. A third number of `--noise` is the share of pairs that the air
over this volcano makes look like motion. `--quick` measures the presets and the defaults alone.
With `--scores` (the form of `fringewatch assess --scores`) there is no motion: what is counted are
the episodes and dates of watch that each method sees all the same. With
`--labels` (the form of Hephaestus's tables: frameID, primary_date, secondary_date, deformation)
the methods also judge a person's labels, taken as scores.
"""

import argparse
import csv
import datetime as dt
import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
from scipy.special import expit
from scipy.stats import norm

from fringewatch.errors import BadInputError
from insar_models.onset.cumulative_sum import CumulativeSum
from insar_models.onset.date_evidence import DateEvidence, gather_dates
from insar_models.onset.date_state import DateState
from insar_models.onset.deconvolution import Deconvolution
from insar_models.onset.evidence import PairEvidence
from insar_models.onset.methods import PRESETS
from insar_models.onset.rule import Rule
from insar_models.onset.states import Reading
from insar_models.onset.verdicts import as_evidence
from tasks.assess.scores_file import read_scores

START: Final = dt.date(2019, 1, 1)
LEARNING_DAYS: Final = 120
LAST_DAY: Final = 680
REPEAT_DAYS: Final = 6
FRAMES: Final = {"A": 0, "D": 2}
SPANS: Final = (1, 2, 3, 4)
SLOW_DAYS: Final = 60
SLOW_HALF_FRINGE_DAYS: Final = 18
GRACE_DAYS: Final = 12
SHARED: Final = 0.5
LABEL_LOGIT: Final = 2.0
_TAILS: Final = 3

Method = Rule | CumulativeSum | Deconvolution


@dataclass(frozen=True)
class Series:
    """A simulated volcano."""

    dates: tuple[DateEvidence, ...]
    onset: dt.date
    end: dt.date
    slow: bool


@dataclass(frozen=True)
class Outcome:
    """What a method made of a series."""

    false_alarms: int
    watched: int
    """Dates of watch, in the same time."""
    years: float
    delay: float
    """In acquisitions; infinite if missed, NaN where an alarm was already on."""
    tail_days: float
    """Of unrest after the motion; NaN where it was missed."""


@dataclass(frozen=True)
class Noise:
    """What a pair's score is worth."""

    sensitivity: float
    false_positive: float
    rings: float = 0.0
    """Share of the pairs in which air looks like motion, on this volcano."""

    @property
    def quiet(self) -> float:
        """Mean score over still ground, where the noise has the standard deviation 1."""
        return float(norm.ppf(self.false_positive))

    @property
    def deforming(self) -> float:
        """Mean score over half a fringe and more."""
        return float(norm.ppf(self.sensitivity))


NOISES: Final = (Noise(0.8, 0.05), Noise(0.8, 0.02), Noise(0.6, 0.02), Noise(0.8, 0.02, 0.5))


def simulate(seed: int, noise: Noise) -> Series:
    """Return a volcano that is quiet, and then moves once."""
    generator = np.random.default_rng(seed)
    onset = float(generator.uniform(500, 560))
    slow = bool(seed % 2)
    pairs = [
        pair
        for name, first in FRAMES.items()
        for pair in _frame_pairs(name, first, (onset, slow), noise, generator)
    ]
    end = onset + (SLOW_DAYS if slow else 0)
    return Series(
        gather_dates(pairs, ()),
        START + dt.timedelta(days=math.floor(onset)),
        START + dt.timedelta(days=math.ceil(end)),
        slow,
    )


def _frame_pairs(
    name: str, first: int, episode: tuple[float, bool], noise: Noise, generator: np.random.Generator
) -> Iterator[PairEvidence]:
    onset, slow = episode
    days = np.arange(first, LAST_DAY, REPEAT_DAYS)
    moved = np.clip(days - onset, 0, SLOW_DAYS) / SLOW_HALF_FRINGE_DAYS if slow else days > onset
    air = generator.standard_t(_TAILS, len(days)) / math.sqrt(_TAILS / (_TAILS - 2))
    air *= math.sqrt(SHARED / 2)
    step = noise.deforming - noise.quiet
    for late in range(1, len(days)):
        for span in SPANS:
            if (early := late - span) < 0:
                continue
            ring = noise.rings > 0 and generator.random() < noise.rings
            seen = min(1.0, float(moved[late]) - float(moved[early])) + ring
            own = generator.normal(0, math.sqrt(1 - SHARED))
            score = noise.quiet + seen * step + air[late] + air[early] + own
            probability = float(expit(step * score))  # neutral at the threshold
            primary, secondary = (START + dt.timedelta(days=int(days[k])) for k in (early, late))
            yield PairEvidence(name, primary, secondary, step * score, probability)


def outcome(series: Series, readings: Sequence[Reading], method: Method) -> Outcome:
    """Return what came of a method's readings."""
    steps = method.hysteresis.follow(as_evidence(series.dates, readings, method.localised_days))
    known = START + dt.timedelta(days=LEARNING_DAYS)
    days = [
        (date.date, step.state, step.since) for date, step in zip(series.dates, steps, strict=True)
    ]
    before = [day for day in days if known <= day[0] <= series.onset]
    after = [day for day in days if day[0] > series.onset]
    begun = sum(
        since is not None and since != earlier
        for (_, _, earlier), (_, _, since) in pairwise(before)
    )
    watched = sum(state == DateState.WATCH for _, state, _ in before)
    in_time = series.end + dt.timedelta(days=GRACE_DAYS)
    alarms = [
        k
        for k, (day, state, _) in enumerate(after, 1)
        if state == DateState.UNREST and day <= in_time
    ]
    already = before[-1][2] is not None
    delay = math.nan if already else alarms[0] if alarms else math.inf
    tail = math.nan
    if alarms:
        running = after[alarms[0] - 1][2]
        last = max(day for day, _, since in after if since == running)
        tail = float(max(0, (last - series.end).days))
    return Outcome(begun, watched, (series.onset - known).days / 365.25, delay, tail)


def _options(given: Mapping[str, Any]) -> dict[str, Any]:
    return dict(given)


def candidates(*, quick: bool) -> Iterator[tuple[str, list[Method]]]:
    """Yield families of methods; those of a family have the same readings but for a sum's."""
    if quick:
        presets = [Deconvolution(**_options(given)) for _, given in PRESETS.values()]
        yield "deconvolution", [Deconvolution(), *presets]
        yield "rule", [Rule(), Rule(dates=2)]
        yield "cumulative-sum", [CumulativeSum()]
        return
    yield (
        "rule",
        [Rule(least_share=share, dates=dates) for share in (0.5, 0.75, 1.0) for dates in (1, 2, 3)],
    )
    for drift in (1.0, 2.0):
        yield (
            "cumulative-sum",
            [CumulativeSum(drift=drift, threshold=level) for level in (1.0, 2.0, 4.0)],
        )
    one = [Deconvolution(begin=level) for level in (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)]
    two = [Deconvolution(begin=level, dates=2) for level in (0.2, 0.3, 0.4, 0.5)]
    yield "deconvolution", [*one, *two]


def changed(method: Method) -> str:
    """Return the options of a method that are swept."""
    keys = ("least_share", "drift", "threshold", "begin", "dates")
    return ", ".join(f"{key} {getattr(method, key)}" for key in keys if hasattr(method, key))


def measure(noise: Noise, count: int, *, quick: bool) -> None:
    """Print a row for each method and threshold."""
    print(
        f"\npairs: sensitivity {noise.sensitivity}, false positives {noise.false_positive}, "
        f"rings in {noise.rings:.0%}"
    )
    print(
        f"{'':45s} false/yr watch/yr | sudden: <=1  <=2 median missed tail d | slow: median missed"
    )
    every = [simulate(seed, noise) for seed in range(count)]
    for name, methods in candidates(quick=quick):
        begun = time.perf_counter()
        read = [methods[0].readings(series.dates) for series in every]
        for method in methods:
            if isinstance(method, CumulativeSum):  # its sum stops at the threshold
                read = [method.readings(series.dates) for series in every]
            outcomes = [
                outcome(series, readings, method)
                for series, readings in zip(every, read, strict=True)
            ]
            print_row(f"{name} ({changed(method)})", every, outcomes)
        print(f"  ({time.perf_counter() - begun:.1f} s)")


def print_row(name: str, every: Sequence[Series], outcomes: Sequence[Outcome]) -> None:
    """Print what came of all series."""
    years = sum(one.years for one in outcomes)
    rate, watch = (
        sum(counts) / years
        for counts in zip(*((o.false_alarms, o.watched) for o in outcomes), strict=True)
    )
    both = list(zip(every, outcomes, strict=True))
    sudden, slow = (
        np.array([o.delay for s, o in both if s.slow == kind and not math.isnan(o.delay)])
        for kind in (False, True)
    )
    tails = [o.tail_days for s, o in both if not s.slow and not math.isnan(o.tail_days)]
    first, second = ((sudden <= date).mean() for date in (1, 2))
    tail = float(np.median(tails)) if tails else math.nan
    print(
        f"{name:45s} {rate:8.2f} {watch:8.1f} |        {first:4.0%} {second:4.0%}"
        f" {np.median(sudden):6.1f} {np.isinf(sudden).mean():6.0%} {tail:6.0f} |"
        f"      {np.median(slow):6.1f} {np.isinf(slow).mean():6.0%}"
    )


def judge_quiet(path: Path, *, quick: bool) -> None:
    """Print what each method sees in the scores of series in which nothing moves."""
    series = [
        (gather_dates(scores.pairs, ()), *first_and_last(scores.pairs))
        for scores in read_scores(path)
    ]
    learning = dt.timedelta(days=LEARNING_DAYS)
    years = sum(max(0, (last - first - learning).days) for _, first, last in series) / 365.25
    if not years:
        message = f"{path} holds no series longer than {LEARNING_DAYS} days: nothing can be counted"
        raise BadInputError(message)
    print(
        f"\n{len(series)} quiet series, {years:.1f} volcano-years after {LEARNING_DAYS} days each"
    )
    for name, methods in candidates(quick=quick):
        for method in methods:
            begun = watched = 0
            for dates, first, _ in series:
                readings = as_evidence(dates, method.readings(dates), method.localised_days)
                steps = method.hysteresis.follow(readings)
                later = [s for d, s in zip(dates, steps, strict=True) if d.date >= first + learning]
                begun += sum(
                    step.state is DateState.UNREST and step.before is None for step in later
                )
                watched += sum(step.state is DateState.WATCH for step in later)
            row = f"{name} ({changed(method)})"
            print(f"{row:45s} {begun / years:6.2f} episodes {watched / years:6.1f} watch a year")


def first_and_last(pairs: Sequence[PairEvidence]) -> tuple[dt.date, dt.date]:
    """Return the first and last date on which a pair ends."""
    dates = [pair.secondary for pair in pairs]
    return min(dates), max(dates)


def judge_labels(path: Path) -> None:
    """Print the episodes that each method finds in a person's labels."""
    with path.open(encoding="utf-8", newline="") as file:
        pairs = [
            PairEvidence(
                row["frameID"],
                dt.date.fromisoformat(row["primary_date"]),
                dt.date.fromisoformat(row["secondary_date"]),
                LABEL_LOGIT if row["deformation"] == "1" else -LABEL_LOGIT,
                float(expit(LABEL_LOGIT if row["deformation"] == "1" else -LABEL_LOGIT)),
            )
            for row in csv.DictReader(file)
        ]
    print(f"\nlabels of {path.name}: first date of unrest (since), days of unrest")
    for method in (Rule(), Rule(dates=2), CumulativeSum(), Deconvolution()):
        episodes: dict[dt.date, list[dt.date]] = {}
        for verdict in method.judge(pairs):
            if verdict.since and verdict.state == DateState.UNREST:
                episodes.setdefault(verdict.since, []).append(verdict.date)
        print(f"{method.name} ({changed(method)})")
        for since, dates in episodes.items():
            print(f"    {dates[0]} (since {since}), {(dates[-1] - since).days} d")


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.date_methods")
    parser.add_argument("--series", type=int, default=200)
    parser.add_argument("--labels", type=Path, help="table of a person's labels, CSV")
    parser.add_argument("--scores", type=Path, help="scores of series in which nothing moves")
    parser.add_argument("--noise", help="sensitivity,false positives[,share of rings]")
    parser.add_argument("--quick", action="store_true", help="presets and defaults alone")
    given = parser.parse_args()
    if given.scores:
        judge_quiet(given.scores, quick=given.quick)
        return
    if given.labels:
        judge_labels(given.labels)
    noises = [Noise(*map(float, given.noise.split(",")))] if given.noise else NOISES
    for noise in noises:
        measure(noise, given.series, quick=given.quick)


if __name__ == "__main__":
    main()
