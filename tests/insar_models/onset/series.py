"""Pairs of made-up volcanoes."""

import datetime as dt
import math
from collections.abc import Callable, Iterable

from hypothesis import strategies as st

from insar_models.onset.evidence import PairEvidence

START = dt.date(2020, 1, 1)
SURE = 3.0
UNSURE = 0.05


def day(number: float) -> dt.date:
    """Return the date `number` days after the start."""
    return START + dt.timedelta(days=number)


def pair(first: float, last: float, *, positive: bool, frame: str = "A") -> PairEvidence:
    """Return a pair that is sure of what it says."""
    probability = 1 - UNSURE if positive else UNSURE
    return PairEvidence(frame, day(first), day(last), SURE if positive else -SURE, probability)


def unscored(first: float, last: float, frame: str = "A") -> PairEvidence:
    """Return a pair without a score."""
    return PairEvidence(frame, day(first), day(last), float("nan"), float("nan"))


def network(
    days: Iterable[float],
    moves: Callable[[float, float], bool],
    *,
    frame: str = "A",
    spans: Iterable[int] = (1, 2, 3, 4),
) -> list[PairEvidence]:
    """Return the pairs of each date with the ones before it, positive where the ground moved."""
    known = list(days)
    return [
        pair(
            known[late - span],
            known[late],
            frame=frame,
            positive=moves(known[late - span], known[late]),
        )
        for late in range(len(known))
        for span in spans
        if late >= span
    ]


def still(_first: float, _last: float) -> bool:
    """Ground that never moves."""
    return False


def step(when: float) -> Callable[[float, float], bool]:
    """Return ground that moves once."""
    return lambda first, last: first < when <= last


def ramp(start: float, stop: float, least: float = 1.0) -> Callable[[float, float], bool]:
    """Return ground that moves from `start` to `stop`, seen by pairs over `least` days of it."""
    return lambda first, last: min(last, stop) - max(first, start) >= least


@st.composite
def networks(draw: st.DrawFn) -> list[PairEvidence]:
    """Pairs of two frames with gaps, missing scores and scores of any kind."""
    pairs = []
    for frame in ("A", "D"):
        days = sorted(draw(st.sets(st.integers(0, 150), min_size=2, max_size=14)))
        for late in range(1, len(days)):
            for early in draw(st.sets(st.integers(0, late - 1), min_size=1, max_size=4)):
                logit = draw(st.one_of(st.just(math.nan), st.floats(-5, 5)))
                probability = draw(st.floats(0, 1)) if not math.isnan(logit) else logit
                dates = day(days[early]), day(days[late])
                pairs.append(PairEvidence(frame, *dates, logit, probability))
    return pairs
