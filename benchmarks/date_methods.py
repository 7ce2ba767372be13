"""How soon each method for dates sees an episode, and how often it sees one that is not there.

    python -m benchmarks.date_methods [--series 200] [--labels PER_IFG_CSV]

Pair scores are simulated: two frames that fly over every six days, two days apart, four pairs to
a date. A score is what the ground did between the two dates, plus noise of the pair, plus noise
of both dates: the air over an acquisition is in all its pairs, so that one bad day makes several
positive. The noise of dates has long tails (Student's t, 3 degrees of freedom). Sensitivity and
false-positive rate are those of one pair: over half a fringe of displacement, and over none. Half
of the series hold a sudden step, the others slow motion that makes half a fringe in 18 days and
lasts 60.

Delays count acquisitions of either frame, the first after the onset being 1. False alarms are
beginnings of unrest before the onset, after 120 days of getting to know the volcano. With
`--labels` (the form of Hephaestus's tables: frameID, primary_date, secondary_date, deformation)
the methods also judge a person's labels, taken as scores.
"""

import argparse
import csv
import datetime as dt
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np
from scipy.special import expit
from scipy.stats import norm

from insar_models.onset.cumulative_sum import CumulativeSum
from insar_models.onset.date_evidence import DateEvidence, gather_dates
from insar_models.onset.deconvolution import Deconvolution
from insar_models.onset.evidence import DateState, PairEvidence
from insar_models.onset.rule import Rule
from insar_models.onset.states import Hysteresis, Reading

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

    @property
    def quiet(self) -> float:
        """Mean score over still ground, where the noise has the standard deviation 1."""
        return float(norm.ppf(self.false_positive))

    @property
    def deforming(self) -> float:
        """Mean score over half a fringe and more."""
        return float(norm.ppf(self.sensitivity))


NOISES: Final = (Noise(0.8, 0.05), Noise(0.8, 0.01), Noise(0.6, 0.02))


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
            seen = min(1.0, float(moved[late]) - float(moved[early]))
            own = generator.normal(0, math.sqrt(1 - SHARED))
            score = noise.quiet + seen * step + air[late] + air[early] + own
            middle = (noise.quiet + noise.deforming) / 2
            probability = float(expit(step * (score - middle)))  # two normal distributions
            primary, secondary = (START + dt.timedelta(days=int(days[k])) for k in (early, late))
            yield PairEvidence(name, primary, secondary, step * score, probability)


def outcome(series: Series, readings: Sequence[Reading], hysteresis: Hysteresis) -> Outcome:
    """Return what came of a method's readings."""
    states = hysteresis.follow(readings)
    known = START + dt.timedelta(days=LEARNING_DAYS)
    days = [(date.date, *state) for date, state in zip(series.dates, states, strict=True)]
    before = [day for day in days if known <= day[0] <= series.onset]
    after = [day for day in days if day[0] > series.onset]
    begun = sum(
        since is not None and since != earlier
        for (_, _, earlier), (_, _, since) in pairwise(before)
    )
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
    return Outcome(begun, (series.onset - known).days / 365.25, delay, tail)


def candidates() -> Iterator[tuple[str, list[Method]]]:
    """Yield families of methods; those of a family have the same readings but for a sum's."""
    yield (
        "rule",
        [Rule(least_share=share, dates=dates) for share in (0.5, 0.75, 1.0) for dates in (1, 2, 3)],
    )
    for drift in (1.0, 2.0):
        yield (
            "cumulative-sum",
            [CumulativeSum(drift=drift, threshold=level) for level in (1.0, 2.0, 4.0)],
        )
    one = [Deconvolution(begin=level) for level in (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)]
    two = [Deconvolution(begin=level, dates=2) for level in (0.3, 0.4, 0.5)]
    yield "deconvolution", [*one, *two]


def changed(method: Method) -> str:
    """Return the options of a method that are swept."""
    keys = ("least_share", "drift", "threshold", "begin", "dates")
    return ", ".join(f"{key} {getattr(method, key)}" for key in keys if hasattr(method, key))


def measure(noise: Noise, count: int) -> None:
    """Print a row for each method and threshold."""
    print(f"\npairs: sensitivity {noise.sensitivity}, false positives {noise.false_positive}")
    print(f"{'':45s} false/yr | sudden: <=1  <=2 median missed tail d | slow: median missed")
    every = [simulate(seed, noise) for seed in range(count)]
    for name, methods in candidates():
        begun = time.perf_counter()
        read = [methods[0].readings(series.dates) for series in every]
        for method in methods:
            if isinstance(method, CumulativeSum):  # its sum stops at the threshold
                read = [method.readings(series.dates) for series in every]
            outcomes = [
                outcome(series, readings, method.hysteresis)
                for series, readings in zip(every, read, strict=True)
            ]
            print_row(f"{name} ({changed(method)})", every, outcomes)
        print(f"  ({time.perf_counter() - begun:.1f} s)")


def print_row(name: str, every: Sequence[Series], outcomes: Sequence[Outcome]) -> None:
    """Print what came of all series."""
    rate = sum(one.false_alarms for one in outcomes) / sum(one.years for one in outcomes)
    both = list(zip(every, outcomes, strict=True))
    sudden, slow = (
        np.array([o.delay for s, o in both if s.slow == kind and not math.isnan(o.delay)])
        for kind in (False, True)
    )
    tails = [o.tail_days for s, o in both if not s.slow and not math.isnan(o.tail_days)]
    first, second = ((sudden <= date).mean() for date in (1, 2))
    tail = float(np.median(tails)) if tails else math.nan
    print(
        f"{name:45s} {rate:8.2f} |        {first:4.0%} {second:4.0%} {np.median(sudden):6.1f}"
        f" {np.isinf(sudden).mean():6.0%} {tail:6.0f} |"
        f"      {np.median(slow):6.1f} {np.isinf(slow).mean():6.0%}"
    )


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
    given = parser.parse_args()
    if given.labels:
        judge_labels(given.labels)
    for noise in NOISES:
        measure(noise, given.series)


if __name__ == "__main__":
    main()
