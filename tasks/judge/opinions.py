"""What of all that people said of a volcano stands now, and where they contradict each other."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from catalogs.ledger.review_rows import Review, ReviewVerdict
from catalogs.records import DatePair, FrameId


@dataclass(frozen=True)
class Opinion:
    """The review that counts of one thing, and those of others that say something else."""

    counts: Review
    against: tuple[Review, ...] = ()
    """Newest of each other reviewer, where it says something else."""

    @property
    def words(self) -> str:
        """What is said, with every contradiction."""
        said = self.counts.statement.said
        if not self.against:
            return said
        others = ", ".join(f"{r.statement.said} by {r.statement.reviewer}" for r in self.against)
        return f"{said}, contradicted: {others}"

    @property
    def reviewers(self) -> tuple[str, ...]:
        """Who said it, then who contradicts."""
        return tuple(each.statement.reviewer for each in (self.counts, *self.against))


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
        """Return what counts of a pair, said of itself, its date or its episode."""
        return _newest([r for r in self.standing if (frame, pair) in r.statement.pairs])

    def of_date(self, date: dt.date) -> Opinion | None:
        """Return what counts of a date as a whole, said of itself or of its episode."""
        return _newest([r for r in self.standing if date in r.statement.dates])

    def of_pairs_ending(self, date: dt.date) -> tuple[tuple[DatePair, Opinion], ...]:
        """Return what counts of single pairs that end on a date, in order of the pairs."""
        by_pair: dict[DatePair, list[Review]] = {}
        for review in self.standing:
            if not review.statement.dates:
                for pair in {pair for _, pair in review.statement.pairs}:
                    if pair.secondary == date:
                        by_pair.setdefault(pair, []).append(review)
        found = [(pair, _newest(reviews)) for pair, reviews in sorted(by_pair.items())]
        return tuple((pair, opinion) for pair, opinion in found if opinion)

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


UNREVIEWED = Opinions()


def _newest(reviews: Sequence[Review]) -> Opinion | None:
    """Return the opinion of reviews of one thing, the oldest first: of each person the newest."""
    if not reviews:
        return None
    by_person = {review.statement.reviewer.casefold(): review for review in reviews}
    counts = max(by_person.values(), key=lambda review: review.number)
    others = sorted(
        (each for each in by_person.values() if each.statement.said != counts.statement.said),
        key=lambda review: -review.number,
    )
    return Opinion(counts, tuple(others))
