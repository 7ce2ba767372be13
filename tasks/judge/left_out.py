"""Which pairs are no evidence, and which dates are masked: by reviews and by the settings."""

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from catalogs.ledger.ledger import Ledger
from catalogs.ledger.review_rows import ReviewVerdict
from catalogs.ledger.rows import ScoredPair
from catalogs.records import DatePair, FrameId
from catalogs.settings import Settings
from catalogs.settings.volcano import PlaceSettings
from fringewatch.plain_text import counted
from insar_models.onset.date_state import NO_PAIR, DateState
from insar_models.onset.evidence import DateVerdict
from insar_models.onset.reasons import NEVER
from tasks.judge.opinions import LEFT_OUT, Opinions

_WITHOUT, _WITHOUT_ANY = f"{NO_PAIR} for", f"{NO_PAIR} that counts for"
NONE_COUNTS: Final = "no pair that ends on this date or before it counts"


def _never(_: dt.date) -> str | None:
    return None


@dataclass(frozen=True)
class LeftOut:
    """What people say that no verdict may rest on."""

    pairs: Mapping[tuple[FrameId, DatePair], str] = field(default_factory=dict)
    """Why each of them is no evidence."""
    atmosphere: frozenset[tuple[FrameId, DatePair]] = frozenset()
    """Those of which a person says that they show air: they tell what is usual here."""
    masked_by: Callable[[dt.date], str | None] = _never
    """By which entry a date is masked, in words; None if it is not."""

    def why(self, row: ScoredPair) -> str | None:
        """Return why a pair is no evidence; None if it is."""
        return self.pairs.get((row.frame, row.pair))

    def shows_air(self, row: ScoredPair) -> bool:
        """Return whether a pair is left out because a person says that it shows air."""
        return (row.frame, row.pair) in self.atmosphere

    def said_of(self, verdict: DateVerdict, ending: Iterable[ScoredPair]) -> DateVerdict:
        """Return a date's verdict with what was left out of it in its words.

        Parameters
        ----------
        verdict
            That was made without the pairs that are left out.
        ending
            All scored pairs that end on its date.
        """
        by = self.masked_by(verdict.date)
        if by is not None:
            because = f"masked ({by}); {verdict.because}"
            return replace(verdict, state=DateState.MASKED, because=because, unknown_since=None)
        every = list(ending)
        reasons = Counter(filter(None, map(self.why, every)))
        if not reasons:
            return verdict
        told = ", ".join(
            reason if len(reasons) == 1 else f"{count} {reason}"
            for reason, count in reasons.items()
        )
        pairs = counted(len(every), "pair")
        words = f"{reasons.total()} of {pairs} {LEFT_OUT}: {told}"
        because = verdict.because
        if verdict.state.is_silent:
            because = because.replace(NEVER, NONE_COUNTS).replace(_WITHOUT, _WITHOUT_ANY)
        return replace(verdict, because=f"{words}; {because}")


NOTHING = LeftOut()


def left_out_of(
    scored: Iterable[ScoredPair], opinions: Opinions, place: PlaceSettings | None
) -> LeftOut:
    """Return what is left out of a volcano's evidence.

    A pair is left out that the settings call bad, whose frame they leave out, of which an
    acquisition lies on a masked date, or of which the newest review says that it is atmosphere.

    Parameters
    ----------
    scored
        All its pairs.
    opinions
        What stands of its reviews.
    place
        Its own settings; None where it has none.
    """
    found: dict[tuple[FrameId, DatePair], str] = {}
    air = set()
    for row in scored:
        by_settings = _by_settings(row.frame, row.pair, place)
        why = by_settings or _by_review(row.frame, row.pair, opinions)
        if why:
            found[row.frame, row.pair] = why
            if by_settings is None:
                air.add((row.frame, row.pair))
    return LeftOut(found, frozenset(air), place.masked_by if place else _never)


def pairs_that_count(
    ledger: Ledger, volcano: str, frame: FrameId, settings: Settings
) -> dict[DatePair, str]:
    """Return the pairs of a cube that rates may rest on, with what each was made from.

    Those that are no evidence, by a review or by the volcano's own settings, tell no rate either.
    """
    opinions, place = Opinions.of(ledger.reviews(volcano)), settings.volcano.get(volcano)
    return {
        pair: made_of
        for pair, made_of in ledger.pairs_as_corrected(volcano, frame).items()
        if not (_by_settings(frame, pair, place) or _by_review(frame, pair, opinions))
    }


def _by_settings(frame: FrameId, pair: DatePair, place: PlaceSettings | None) -> str | None:
    if place is None:
        return None
    if str(frame) in place.frames_left_out:
        return f"frame {frame} (left out)"
    bad = place.why_bad(frame, pair)
    if bad is not None:
        return f"bad ({bad})"
    for date in (pair.secondary, pair.primary):
        by = place.masked_by(date)
        if by is not None:
            return f"masked ({by})"
    return None


def _by_review(frame: FrameId, pair: DatePair, opinions: Opinions) -> str | None:
    opinion = opinions.of_pair(frame, pair)
    if opinion is None or opinion.counts.statement.verdict is not ReviewVerdict.ATMOSPHERE:
        return None
    return opinion.said_by
