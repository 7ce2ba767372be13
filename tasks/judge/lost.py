"""Verdicts while pairs are lost that they rest on: a part of the evidence is not the whole.

What was said with all of it stands until all of it is back. Motion that a part shows is told;
quiet is not.
"""

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from catalogs.ledger.rows import GivenVerdict, LostPair
from insar_models.onset.date_state import DateState
from insar_models.onset.evidence import DateVerdict

_ALERTS: Final = (DateState.UNREST, DateState.WATCH)


def with_lost(
    verdicts: Sequence[DateVerdict],
    lost: Sequence[LostPair],
    said: Mapping[dt.date, Sequence[GivenVerdict]],
) -> tuple[DateVerdict, ...]:
    """Return the verdicts as far as they hold without the lost pairs.

    Verdicts are causal: one rests on all pairs that end on its date or earlier. A pair that no
    source lists any more never comes back from one: then only the date on which it ends is in
    doubt, as one whose pair could never be had.

    Parameters
    ----------
    verdicts
        Made from the pairs that are here, in order of time.
    lost
        Pairs that were here and are not any more.
    said
        Of each date every verdict that was given before, the first one first.
    """
    return tuple(
        _as_far_as_it_holds(verdict, lost, said.get(verdict.date, ())) for verdict in verdicts
    )


def in_doubt_from(lost: Sequence[LostPair]) -> dt.date | None:
    """Return the first date whose verdict does not have all that it rests on; None if all have."""
    return min((each.pair.secondary for each in lost), default=None)


def _as_far_as_it_holds(
    verdict: DateVerdict, lost: Sequence[LostPair], said: Sequence[GivenVerdict]
) -> DateVerdict:
    count = sum(
        each.pair.secondary == verdict.date if each.is_gone else each.pair.secondary <= verdict.date
        for each in lost
    )
    if not count or verdict.state is DateState.MASKED:
        return verdict
    pairs = "1 pair that it rests on is" if count == 1 else f"{count} pairs that it rests on are"
    lacking = f"{pairs} lost"
    before = said[-1] if said else None
    was = DateState(before.verdict.state) if before else DateState.UNKNOWN
    if verdict.state in _ALERTS and (was not in _ALERTS or _rank(verdict.state) <= _rank(was)):
        # What is here shows at least what was said with all of it.
        earlier = before.verdict.since if before else None
        since = min(filter(None, (verdict.since, earlier)), default=None)
        return replace(verdict, since=since, because=f"{verdict.because}; {lacking}")
    if before is not None and was in _ALERTS:
        because = f"as said on {before.judged_at:%Y-%m-%d}; {lacking}: it cannot be judged anew"
        return replace(
            verdict, state=was, since=before.verdict.since, unknown_since=None, because=because,
            probability=before.verdict.probability,
        )  # fmt: skip
    because = f"it cannot be judged; {lacking}; of what is here: {verdict.because}"
    return replace(
        verdict, state=DateState.UNKNOWN, since=None, because=because, probability=math.nan
    )


def _rank(state: DateState) -> int:
    return _ALERTS.index(state)
