"""Scored pairs and verdicts with a known answer."""

import datetime as dt
from collections.abc import Collection, Sequence

from insar_models.onset.date_state import DateState
from insar_models.onset.evidence import PairEvidence
from tasks.assess.outcomes import JudgedDate

FIRST = dt.date(2020, 1, 1)
_STATES = {
    "q": DateState.QUIET,
    "w": DateState.WATCH,
    "u": DateState.UNREST,
    "-": DateState.NO_DATA,
}


def day(number: int) -> dt.date:
    """The acquisition of that number: every six days."""
    return FIRST + dt.timedelta(days=6 * number)


def verdicts(letters: str) -> list[JudgedDate]:
    """One date a letter: quiet, watch, unrest, - no data; unrest runs until the next quiet date."""
    dates: list[JudgedDate] = []
    since: dt.date | None = None
    for number, letter in enumerate(letters):
        if letter == "u":
            since = since or day(number)
        elif letter == "q":
            since = None
        dates.append(JudgedDate(day(number), _STATES[letter], since))
    return dates


def network(
    dates: int, moving: Collection[int] = (), spans: Sequence[int] = (1, 2), frame: str = "frame"
) -> list[PairEvidence]:
    """Pairs of acquisitions; positive if they span a step that moves (1: from 0 to 1)."""
    pairs = []
    for last in range(1, dates):
        for first in (last - span for span in spans if span <= last):
            positive = any(first < step <= last for step in moving)
            logit, probability = (3.0, 0.95) if positive else (-3.0, 0.05)
            pairs.append(PairEvidence(frame, day(first), day(last), logit, probability))
    return pairs
