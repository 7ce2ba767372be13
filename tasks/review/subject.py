"""What a review is about: a date, a pair or an episode, in a person's words."""

import datetime as dt
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, NoReturn

from catalogs.ledger.ledger import Ledger
from catalogs.ledger.review_rows import Review, ReviewVerdict
from catalogs.records import DatePair, FrameId
from fringewatch.errors import BadInputError
from tasks.judge.opinions import Opinions

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
    given = ledger.verdicts(volcano)
    last_said = {date: every[-1].verdict for date, every in given.items()}
    if words.startswith(EPISODE):
        since = dt.date.fromisoformat(words.removeprefix(EPISODE))
        dates = sorted(date for date, verdict in last_said.items() if verdict.since == since)
        known = {verdict.since for verdict in last_said.values() if verdict.since}
        if not dates:
            ended = [
                d for d, every in given.items() if any(e.verdict.since == since for e in every)
            ]
            if ended:
                _refuse_ended(volcano, (since, known), ended, ledger.reviews(volcano))
            _refuse(volcano, f"episode of unrest since {since}", (since, known, EPISODE), last_said)
    else:
        dates = [dt.date.fromisoformat(words)]
        if dates[0] not in last_said:
            _refuse(volcano, f"date {dates[0]}", (dates[0], last_said, ""), last_said)
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
    volcano: str,
    what: str,
    looked_for: tuple[dt.date, Iterable[dt.date], str],
    last_said: Collection[dt.date],
) -> NoReturn:
    """Say what there is instead: a date that is looked for, those that are known, what names them.

    Where dates were judged a backfill brings no episode.
    """
    day, known, prefix = looked_for
    none = "there is none at all" if last_said else "nothing was ever judged: run a backfill first"
    message = f"{volcano} has no {what}{_near_words(day, known, prefix) or f'; {none}'}"
    raise BadInputError(message)


def _near_words(day: dt.date, known: Iterable[dt.date], prefix: str) -> str:
    """Return which are near a date, after a semicolon; empty where there are none."""
    near = sorted(known, key=lambda each: abs((each - day).days))[:_NEAR]
    return f"; near it: {', '.join(f'{prefix}{each}' for each in sorted(near))}" if near else ""


def _refuse_ended(
    volcano: str,
    looked_for: tuple[dt.date, Iterable[dt.date]],
    dates: Sequence[dt.date],
    reviews: Iterable[Review],
) -> NoReturn:
    """Say of an episode that was told once what took it away, and which there are."""
    since, known = looked_for
    ended_by = [
        review
        for review in Opinions.of(reviews).standing
        if review.statement.verdict is ReviewVerdict.ATMOSPHERE and _takes_part(review, dates)
    ]
    days = ", ".join(map(str, sorted(dates)[:_NEAR]))
    more = f" and {len(dates) - _NEAR} more" if len(dates) > _NEAR else ""
    why = (
        f"what took it away: {'; '.join(map(str, ended_by))} (--undo takes a review back)"
        if ended_by
        else "its dates are judged otherwise by now"
    )
    message = (
        f"{volcano} has no episode of unrest since {since} any more; {why}; name its dates one by "
        f"one: {days}{more}{_near_words(since, known, EPISODE)}"
    )
    raise BadInputError(message)


def _takes_part(review: Review, dates: Collection[dt.date]) -> bool:
    """Whether a review speaks of dates of an episode, or of pairs that end on them."""
    own = review.statement
    return any(day in dates for day in (*own.dates, *(pair.secondary for _, pair in own.pairs)))
