"""What of all that people said of a volcano stands now, and where they contradict each other."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from catalogs.ledger.review_rows import Review, ReviewVerdict
from catalogs.records import DatePair, FrameId

LEFT_OUT: Final = "left out"
"""In the reasons of a date of which pairs are no evidence."""


@dataclass(frozen=True)
class Opinion:
    """The review that counts of one thing, and those of others that say something else."""

    counts: Review
    against: tuple[Review, ...] = ()
    """Newest of each other reviewer, where it says something else."""
    agreeing: tuple[Review, ...] = ()
    """Newest of each other reviewer, where it says the same."""

    @property
    def words(self) -> str:
        """What is said, with every contradiction."""
        return f"{self.counts.statement.said}{self.contradiction}"

    @property
    def contradiction(self) -> str:
        """Who says what else, such as ``, contradicted: confirmed by BB``; empty if nobody does."""
        others = ", ".join(f"{r.statement.said} by {r.statement.reviewer}" for r in self.against)
        return f", contradicted: {others}" if others else ""

    @property
    def reviewers(self) -> tuple[str, ...]:
        """Who said it, who agrees, then who contradicts."""
        every = (self.counts, *self.agreeing, *self.against)
        return tuple(each.statement.reviewer for each in every)

    @property
    def said_by(self) -> str:
        """What counts and who says so, with every contradiction, in words that hold no comma."""
        names = " and ".join([r.statement.reviewer for r in (self.counts, *self.agreeing)])
        others = " and ".join(f"{r.statement.said} by {r.statement.reviewer}" for r in self.against)
        against = f"; contradicted: {others}" if others else ""
        return f"{self.counts.statement.said} ({names}{against})"


@dataclass(frozen=True)
class Opinions:
    """The reviews of a volcano that stand: none of them was taken back."""

    standing: tuple[Review, ...] = ()
    """The oldest first."""

    @classmethod
    def of(cls, reviews: Iterable[Review]) -> "Opinions":
        """Return what stands of everything that was said, in order of the reviews' numbers."""
        every = sorted(reviews, key=lambda review: review.number)
        gone = {review.statement.takes_back for review in every}
        return cls(
            tuple(
                review
                for review in every
                if review.number not in gone
                and review.statement.verdict is not ReviewVerdict.TAKEN_BACK
            )
        )

    def of_pair(self, frame: FrameId, pair: DatePair) -> Opinion | None:
        """Return what counts of a pair: said of itself, of its date, or of the air of either."""
        return _newest([r for r in self.standing if self._speaks(r, frame, pair)])

    def _speaks(self, review: Review, frame: FrameId, pair: DatePair) -> bool:
        """Whether a review says something of a pair.

        What it says of the air of a day, and so of pairs that came later, it says no more once
        somebody has said something else of the day.
        """
        if (frame, pair) in review.statement.pairs:
            return True
        of_days = map(self.of_date, review.statement.air_of(frame, pair))
        air = ReviewVerdict.ATMOSPHERE
        return any(one is not None and one.counts.statement.verdict is air for one in of_days)

    def of_date(self, date: dt.date) -> Opinion | None:
        """Return what counts of a date as a whole, said of itself or of its episode."""
        return _newest([r for r in self.standing if date in r.statement.dates])

    def of_pairs_ending(self, date: dt.date) -> tuple[tuple[DatePair, Opinion], ...]:
        """Return what counts of pairs that end on a date and that somebody reviewed by themselves.

        In order of the pairs; what is said of their dates is weighed, too.
        """
        own = sorted(
            (pair, frame)
            for review in self.standing
            if not review.statement.dates
            for frame, pair in review.statement.pairs
            if pair.secondary == date
        )
        by_pair = {pair: self.of_pair(frame, pair) for pair, frame in own}
        return tuple((pair, opinion) for pair, opinion in by_pair.items() if opinion)

    def last_of(self, subject: str) -> Review | None:
        """Return the newest review that stands of exactly this subject."""
        own = [review for review in self.standing if review.statement.subject == subject]
        return own[-1] if own else None

    def words_of_date(self, date: dt.date) -> tuple[str | None, str | None]:
        """Return what people say of a date and of its pairs, and who; None where nobody did."""
        whole = self.of_date(date)
        said = [whole.words] if whole else []
        who = list(whole.reviewers) if whole else []
        for pair, opinion in self.of_pairs_ending(date):
            said.append(f"{pair}: {opinion.words}")
            who += opinion.reviewers
        if not said:
            return None, None
        return "; ".join(said), ", ".join(dict.fromkeys(who))

    def contradiction_of(self, review: Review) -> str:
        """Return who says something else of what a review is about, as `Opinion.contradiction`."""
        own = review.statement
        shared = [
            each
            for each in self.standing
            if each.statement.reviewer.casefold() != own.reviewer.casefold()
            and ({*each.statement.pairs} & {*own.pairs} or {*each.statement.dates} & {*own.dates})
        ]
        return Opinion(review, _of_each(shared, own.said)[1]).contradiction


UNREVIEWED = Opinions()


def review_lines(reviews: Iterable[Review]) -> tuple[str, ...]:
    """Return everything that was said, the oldest first, a line each: what of it stands, and how.

    What was taken back says so, and what somebody contradicts says who.
    """
    every = sorted(reviews, key=lambda review: review.number)
    opinions = Opinions.of(every)
    standing = {review.number for review in opinions.standing}
    said = []
    for review in every:
        if review.number in standing:
            said.append(f"{review}{opinions.contradiction_of(review)}")
        elif review.statement.takes_back:
            said.append(str(review))
        else:
            said.append(f"{review} (taken back)")
    return tuple(said)


def standing_line(reviews: Sequence[Review]) -> str:
    """Return the newest review that stands, with who contradicts it; empty if none does."""
    opinions = Opinions.of(reviews)
    if not opinions.standing:
        return ""
    last = opinions.standing[-1]
    return f"{last}{opinions.contradiction_of(last)}"


def _newest(reviews: Sequence[Review]) -> Opinion | None:
    """Return the opinion of reviews of one thing, the oldest first: of each person the newest."""
    if not reviews:
        return None
    counts = max(reviews, key=lambda review: review.number)
    others = [
        review
        for review in reviews
        if review.statement.reviewer.casefold() != counts.statement.reviewer.casefold()
    ]
    agreeing, against = _of_each(others, counts.statement.said)
    return Opinion(counts, against, agreeing)


def _of_each(reviews: Iterable[Review], said: str) -> tuple[tuple[Review, ...], tuple[Review, ...]]:
    """Return the newest review of each person that says this, and that says something else."""
    by_person: dict[str, Review] = {}
    for review in reviews:
        name = review.statement.reviewer.casefold()
        by_person[name] = max(by_person.get(name, review), review, key=lambda one: one.number)
    newest = sorted(by_person.values(), key=lambda review: -review.number)
    same = tuple(review for review in newest if review.statement.said == said)
    return same, tuple(review for review in newest if review.statement.said != said)
