"""What a review is about: a date, a pair or an episode, in a person's words."""

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, NoReturn

from catalogs.ledger.ledger import Ledger
from catalogs.records import DatePair, FrameId
from fringewatch.errors import BadInputError

EPISODE: Final = "episode-"
"""Before the first date of an episode, as in the name of its picture."""

_NEAR: Final = 4
_FORMS: Final = (
    "a date (2024-03-06), a pair (20240211_20240306), or an episode by its first date "
    "(episode-2024-02-11, as its picture is called)"
)
_PAIR: Final = re.compile(r"\d{8}_\d{8}")


@dataclass(frozen=True)
class Subject:
    """A date, a pair or an episode that is there."""

    text: str
    """As the ledger keeps it."""
    dates: tuple[dt.date, ...]
    """UTC; none of a single pair."""
    pairs: tuple[tuple[FrameId, DatePair], ...]
    """That are in the cubes now."""


def find_subject(ledger: Ledger, volcano: str, words: str) -> Subject:
    """Return the date, pair or episode of a volcano that a person names.

    Raises
    ------
    BadInputError
        If the words are none of these, or there is no such date, pair or episode; the message
        lists those that are near.
    """
    words = subject_text(words)
    there = [(f, p) for f in ledger.tiled_frames(volcano) for p in ledger.tiled_pairs(volcano, f)]
    if _PAIR.fullmatch(words):
        return _pair(volcano, DatePair.parse(words), there)
    last_said = {date: given[-1].verdict for date, given in ledger.verdicts(volcano).items()}
    if words.startswith(EPISODE):
        since = dt.date.fromisoformat(words.removeprefix(EPISODE))
        dates = sorted(date for date, verdict in last_said.items() if verdict.since == since)
        known = {verdict.since for verdict in last_said.values() if verdict.since}
        if not dates:
            _refuse(volcano, f"episode of unrest since {since}", since, known, EPISODE)
    else:
        dates = [dt.date.fromisoformat(words)]
        if dates[0] not in last_said:
            _refuse(volcano, f"date {dates[0]}", dates[0], last_said, "")
    ending = tuple((frame, pair) for frame, pair in there if pair.secondary in dates)
    return Subject(words, tuple(dates), ending)


def subject_text(words: str) -> str:
    """Return how the ledger names what a person's words mean; whether it is there is not asked.

    Raises
    ------
    BadInputError
        If they are no date, pair or episode.
    """
    own = words.strip()
    try:
        if _PAIR.fullmatch(own):
            return str(DatePair.parse(own))
        day = dt.date.fromisoformat(own.removeprefix(EPISODE))
    except (ValueError, BadInputError) as error:
        message = f"'{words}' is nothing to review ({error}): give {_FORMS}"
        raise BadInputError(message) from error
    return f"{EPISODE if own.startswith(EPISODE) else ''}{day}"


def _pair(volcano: str, pair: DatePair, there: Iterable[tuple[FrameId, DatePair]]) -> Subject:
    every = list(there)
    own = tuple((frame, each) for frame, each in every if each == pair)
    if own:
        return Subject(str(pair), (), own)
    near = sorted(
        {each for _, each in every},
        key=lambda each: (
            abs((each.secondary - pair.secondary).days) + abs((each.primary - pair.primary).days)
        ),
    )[:_NEAR]
    listed = f"near it: {', '.join(map(str, sorted(near)))}" if near else "there is none at all"
    message = f"{volcano} has no pair {pair}; {listed}"
    raise BadInputError(message)


def _refuse(
    volcano: str, what: str, day: dt.date, known: Iterable[dt.date], prefix: str
) -> NoReturn:
    near = sorted(known, key=lambda each: abs((each - day).days))[:_NEAR]
    listed = ", ".join(f"{prefix}{each}" for each in sorted(near))
    advice = f"near it: {listed}" if near else "there is none at all: run a backfill first"
    message = f"{volcano} has no {what}; {advice}"
    raise BadInputError(message)
