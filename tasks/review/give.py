"""Give a review and take one back; the dates are judged anew and the tables written at once."""

import logging
import re
from dataclasses import dataclass, replace
from typing import Final

from catalogs.home.home import home_of, only_writer
from catalogs.ledger.ledger import open_ledger
from catalogs.ledger.review_rows import Review, ReviewVerdict, Statement
from catalogs.records import DatePair, FrameId, Volcano
from catalogs.settings import Settings
from fringewatch.errors import BadInputError, StoreError
from fringewatch.plain_text import counted
from tasks.judge.opinions import Opinions
from tasks.judge.rates import measure_frame
from tasks.publish import publish_volcano
from tasks.records import FrameRequest, Published
from tasks.review.subject import find_subject, subject_text

_LOGGER = logging.getLogger(__name__)

_LONGEST_NAME: Final = 60
_LONGEST_NOTE: Final = 2000
_NAME: Final = re.compile(r"\w[\w .,'@/-]*")


@dataclass(frozen=True)
class Given:
    """A review that was kept, and what the tables say with it."""

    review: Review
    standing: Opinions
    published: Published | None
    """None where the model has scored nothing yet."""
    spoken_of: tuple[tuple[FrameId, DatePair], ...]
    """The pairs in the cubes that it speaks of, also those that hold the air of its dates."""
    evidence_again: tuple[tuple[FrameId, DatePair], ...] = ()
    """Pairs that were left out as air before it, and are not any more."""

    def lines(self) -> list[str]:
        """Return what came of it, a fact a line."""
        said = [str(self.review)]
        own = self.review.statement
        if own.verdict is ReviewVerdict.ATMOSPHERE:
            said.append(self._left_out())
        if self.evidence_again:
            names = ", ".join(dict.fromkeys(str(pair) for _, pair in self.evidence_again))
            said.append(
                f"evidence again: {counted(len(self.evidence_again), 'pair')} that had been left "
                f"out as air ({names})"
            )
        for date in own.dates:
            opinion = self.standing.of_date(date)
            if opinion and opinion.against:
                said.append(f"{date}: {opinion.words}")
        for pair in sorted({pair for _, pair in own.pairs} if not own.dates else ()):
            found = [self.standing.of_pair(frame, p) for frame, p in own.pairs if p == pair]
            said += [f"{pair}: {each.words}" for each in found[:1] if each and each.against]
        return said + (self.published.lines() if self.published else [])

    def _left_out(self) -> str:
        own, number = self.review.statement, len(self.spoken_of)
        words = f"left out of the evidence: {counted(number, 'pair')}"
        beside = sorted({pair for _, pair in self.spoken_of} - {pair for _, pair in own.pairs})
        if not beside:
            return words
        days = {day for pair in beside for day in (pair.primary, pair.secondary)} & {*own.dates}
        return (
            f"{words}, {len(own.pairs)} that were looked at and all others that have the air of "
            f"{' and '.join(map(str, sorted(days)))} ({', '.join(map(str, beside))})"
        )


def give_review(volcano: Volcano, statement: Statement, settings: Settings) -> Given:
    """Keep a review of what is there, judge the volcano's dates anew, and write its tables.

    Parameters
    ----------
    volcano
        Of which it is.
    statement
        With its subject in a person's words; dates and pairs are looked up.
    settings
        Of the home.

    Raises
    ------
    BadInputError
        If there is no such date, pair or episode, *atmosphere* is said of something without a
        pair, or the name, the word or the note is of no use.
    HomeError
        If another run holds the home, or it cannot be written.
    """
    own = _checked(statement)
    home = home_of(settings)
    with only_writer(home, settings.busy_wait_minutes):
        with open_ledger(home.ledger) as ledger:
            subject = find_subject(ledger, volcano.slug, own.subject)
            if own.verdict is ReviewVerdict.ATMOSPHERE and not subject.pairs:
                message = (
                    f"no pair of {volcano.slug} ends on {subject.text}: there is nothing that "
                    "could be atmosphere"
                )
                raise BadInputError(message)
            own = replace(own, subject=subject.text, dates=subject.dates, pairs=subject.pairs)
            review = ledger.record_review(volcano.slug, own)
        return _published(volcano, review, settings)


def take_back(volcano: Volcano, words: str, by: str, note: str, settings: Settings) -> Given:
    """Take back the newest review that stands of a subject; both stay in the ledger.

    Parameters
    ----------
    volcano
        Of which it is.
    words
        The subject, as it was given.
    by, note
        Who takes it back, and why.
    settings
        Of the home.

    Raises
    ------
    BadInputError
        If no review of it stands; the message lists those that do.
    HomeError
        As `give_review`.
    """
    home, subject = home_of(settings), subject_text(words)
    with only_writer(home, settings.busy_wait_minutes):
        with open_ledger(home.ledger) as ledger:
            opinions = Opinions.of(ledger.reviews(volcano.slug))
            last = opinions.last_of(subject)
            if last is None:
                subjects = dict.fromkeys(each.statement.subject for each in opinions.standing)
                listed = ", ".join(subjects) or "none"
                message = (
                    f"no review of {subject} of {volcano.slug} stands; those that do: {listed}"
                )
                raise BadInputError(message)
            own = replace(
                last.statement,
                verdict=ReviewVerdict.TAKEN_BACK,
                word="",
                reviewer=by,
                note=note,
                takes_back=last.number,
            )
            review = ledger.record_review(volcano.slug, _checked(own))
        return _published(volcano, review, settings)


def _published(volcano: Volcano, review: Review, settings: Settings) -> Given:
    _measure_again(volcano, review, settings)
    published = publish_volcano(volcano, (), settings)
    with open_ledger(home_of(settings).ledger) as ledger:
        reviews = ledger.reviews(volcano.slug)
        there = [
            (frame, pair)
            for frame in ledger.tiled_frames(volcano.slug)
            for pair in ledger.tiled_pairs(volcano.slug, frame)
        ]
    standing = Opinions.of(reviews)
    before = Opinions.of(each for each in reviews if each.number != review.number)
    spoken_of = tuple(pair for pair in there if review.statement.speaks_of(*pair))
    again = tuple(p for p in there if _is_air(before, *p) and not _is_air(standing, *p))
    return Given(review, standing, published, spoken_of, again)


def _is_air(opinions: Opinions, frame: FrameId, pair: DatePair) -> bool:
    found = opinions.of_pair(frame, pair)
    return found is not None and found.counts.statement.verdict is ReviewVerdict.ATMOSPHERE


def _measure_again(volcano: Volcano, review: Review, settings: Settings) -> None:
    """Find the rates anew that rest on the pairs of a review; others stay as they are."""
    pairs = review.statement.pairs
    own = settings.for_volcano(volcano.slug)
    with open_ledger(home_of(own).ledger) as ledger:
        measured = set(ledger.measures(volcano.slug))
    for frame in sorted({frame for frame, _ in pairs} & measured):
        days = [day for of, pair in pairs if of == frame for day in (pair.primary, pair.secondary)]
        try:
            problems = measure_frame(
                FrameRequest(volcano, frame, min(days), max(days)), own
            ).problems
        except StoreError as error:
            _LOGGER.warning("%s: rates stay as they were: %s", frame, error)
            continue
        for problem in problems:
            _LOGGER.warning("%s", problem)


def _checked(statement: Statement) -> Statement:
    """Return the statement, whose name and word can stand in tables, on pages and in messages."""
    own = replace(
        statement,
        reviewer=statement.reviewer.strip(),
        word=statement.word.strip(),
        note=statement.note.strip(),
    )
    for option, text in (("--by", own.reviewer), ("--other", own.word)):
        if option == "--other" and own.verdict is not ReviewVerdict.OTHER:
            continue
        if not _NAME.fullmatch(text) or len(text) > _LONGEST_NAME:
            message = (
                f"{option} '{text}': give a name or a word of letters, digits, blanks and "
                f".,'@/-, {_LONGEST_NAME} at most"
            )
            raise BadInputError(message)
    reserved = {verdict.value for verdict in ReviewVerdict} - {ReviewVerdict.OTHER.value}
    if own.word.casefold() in reserved:
        message = f"--other {own.word}: say --{own.word.casefold()}, or another word"
        raise BadInputError(message)
    if len(own.note) > _LONGEST_NOTE:
        message = f"--note has {len(own.note)} characters: {_LONGEST_NOTE} at most"
        raise BadInputError(message)
    return own
