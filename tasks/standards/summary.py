"""What there is to say of a volcano to other systems: small, and made from its tables alone."""

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from types import MappingProxyType
from typing import Any, Final

import pandas as pd

from catalogs.records import Volcano
from catalogs.storage.place import Place
from fringewatch.errors import StoreError
from tasks.judge.amount_words import rate_of
from tasks.judge.changes import changes_of
from tasks.judge.slow_words import is_by_rate, is_slow, place_of
from tasks.judge.standing import said_of_dates, standing_of
from tasks.standards.history import Given, History, Withdrawn

SAID_OF_DATA: Final = ("quiet", "watch", "unrest")
"""States that pairs of their own date say."""

_MOST_CHANGES: Final = 50


@dataclass(frozen=True)
class StateChange:
    """A date of which another state is said than of the one before it."""

    date: str
    """UTC, YYYY-MM-DD."""
    before: str
    """Empty for the first date of all."""
    after: str
    because: str
    said_at: str
    """UTC, ISO 8601: when it was first told; of one that is withdrawn when it was taken back."""
    withdrawn: bool = False
    """Whether `after` was said of the date and is not any more: `before` is said of it now."""


@dataclass(frozen=True)
class VolcanoSummary:
    """A volcano as other systems see it; dates and times are text, as JSON has them."""

    slug: str
    name: str
    gvp_number: int
    """0 for none."""
    latitude: float
    longitude: float
    state: str
    since: str | None
    """First date of the running episode of unrest."""
    because: str
    as_of: str
    """The last date with data, UTC: what follows up to `peak` was said of it, and is as old."""
    is_current: bool
    """Whether that still stands; not where the state is *unknown*, *no data* or *masked*."""
    probability: float | None
    """By the pairs; None where there is none, or where only the rate speaks for motion."""
    rate: str | None
    """How fast the place moves whose rate speaks for motion, in words; None where none does."""
    rate_deviations: float | None
    """How far from rest that is, in standard deviations."""
    pairs: int
    pairs_positive: int
    peak: tuple[float, float] | None
    """Latitude and longitude of the strongest positive pair, else of the rate that speaks."""
    newest: str
    """The newest date of the table, UTC, also one without data."""
    review: str | None
    reviewed_by: str | None
    model: str
    method: str
    said_at: str
    """UTC: when something was first said of the newest date."""
    changes: tuple[StateChange, ...]
    """The newest 50, the oldest first, and then the newest 50 that were withdrawn."""

    @property
    def gvp(self) -> str:
        """The Smithsonian's number in words; empty without one."""
        return f"GVP {self.gvp_number}" if self.gvp_number else ""

    @property
    def peak_kind(self) -> str:
        """What the peak is the place of."""
        return "strongest signal" if self.pairs_positive else "place of the rate"

    @property
    def headline(self) -> str:
        """State and date in a line, such as for a title."""
        said = self.state
        if self.since:
            said = f"unrest since {self.since}" + (f", {said}" if self.state != "unrest" else "")
        return f"{self.name}: {said} ({self.newest} UTC)"

    @property
    def is_in_unrest(self) -> bool:
        """Whether an episode runs: a date without data neither ends it nor is quiet."""
        return self.since is not None and self.state in {"unrest", "no data", "masked"}

    def text(self) -> str:
        """JSON, the same for the same summary."""
        return json.dumps(asdict(self), indent=1, sort_keys=True) + "\n"


def summary_of(
    volcano: Volcano,
    dates: pd.DataFrame,
    today: dt.date,
    silence_days: int,
    given: Given = MappingProxyType({}),
) -> VolcanoSummary:
    """Return the summary of a volcano from its dates table, which has a row at least.

    Parameters
    ----------
    volcano
        Whose.
    dates
        Its table, in order of time.
    today
        UTC: after a long silence nothing stands.
    silence_days
        After which that is so.
    given
        Everything that was ever said of its dates, from the ledger; without it, times are those at
        which something was first said of a date, and nothing counts as withdrawn.
    """
    history = History(given, silence_days)
    last, standing = dates.iloc[-1], standing_of(dates, today, silence_days)
    with_data = dates[dates["pairs"] > 0]
    told = with_data.iloc[-1] if len(with_data) else last
    row = {str(name): None if pd.isna(value) else value for name, value in told.items()}
    rate = rate_of(row) if is_slow(row) else None
    has_probability = row["probability"] is not None and not is_by_rate(row)
    return VolcanoSummary(
        slug=volcano.slug,
        name=volcano.name,
        gvp_number=volcano.gvp_number,
        latitude=volcano.latitude,
        longitude=volcano.longitude,
        state=standing.state,
        since=str(standing.since) if standing.since else None,
        because=standing.because,
        as_of=str(told["date"]),
        is_current=standing.state in SAID_OF_DATA,
        probability=float(told["probability"]) if has_probability else None,
        rate=rate.words if rate else None,
        rate_deviations=float(told["rate_deviations"]) if rate else None,
        newest=str(last["date"]),
        pairs=int(told["pairs"]),
        pairs_positive=int(told["pairs_positive"]),
        peak=place_of(row),
        review=_text(last["review"]),
        reviewed_by=_text(last["reviewed_by"]),
        model=str(last["model"]),
        method=str(last["method"]),
        said_at=_time(history.said_at(last["date"]) or last["first_judged_at"]),
        changes=(
            *tuple(_changes(dates, today, history))[-_MOST_CHANGES:],
            *tuple(map(_withdrawn, history.withdrawn()))[-_MOST_CHANGES:],
        ),
    )


def read_summary(place: Place) -> VolcanoSummary:
    """Return the summary that was written to a file.

    Raises
    ------
    StoreError
        If it is none, or of another version.
    """
    try:
        found: dict[str, Any] = json.loads(place.read())
        found["changes"] = tuple(StateChange(**each) for each in found["changes"])
        found["peak"] = tuple(found["peak"]) if found["peak"] else None
        # Of an older version, until the volcano is exported again.
        found.setdefault("as_of", found["newest"])
        found.setdefault("is_current", found["state"] in SAID_OF_DATA)
        found.setdefault("rate", None)
        found.setdefault("rate_deviations", None)
        return VolcanoSummary(**{field.name: found[field.name] for field in fields(VolcanoSummary)})
    except (ValueError, KeyError, TypeError) as error:
        message = f"{place} is no summary ({error}): run `fringewatch export` again"
        raise StoreError(message) from error


def _changes(dates: pd.DataFrame, today: dt.date, history: History) -> Iterator[StateChange]:
    """Give each change of state, also to *unknown*, which silence brings and no date of its own."""
    first_said = dict(zip(dates["date"], dates["first_judged_at"], strict=True))
    for change in changes_of(said_of_dates(dates), history.silence_days, today):
        at = history.appeared_at(change) or first_said[change.known or change.date]
        said_at = _time(at)
        if change.known is not None:  # it is said when it is so, and not before
            said_at = max(said_at, _time(change.date))
        yield StateChange(str(change.date), change.before, change.after, change.because, said_at)


def _withdrawn(one: Withdrawn) -> StateChange:
    """Return what tells that a change was taken back, in words that never change."""
    until = f"{one.change.after} was said of {one.change.date} until {one.at:%Y-%m-%d %H:%M} UTC"
    because = f"{until}; since then {one.now} is"
    date = str(one.change.date)
    return StateChange(date, one.now, one.change.after, because, _time(one.at), withdrawn=True)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _time(value: Any) -> str:
    return f"{pd.Timestamp(value):%Y-%m-%dT%H:%M:%S}+00:00"
