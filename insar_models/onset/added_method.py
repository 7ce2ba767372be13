"""A date method of another package, whose verdicts are looked at before anything rests on them."""

import datetime as dt
import math
from collections.abc import Callable, Container, Iterable, Sequence
from numbers import Integral, Real
from typing import Any, Final, NoReturn

from typing_extensions import override

from fringewatch.plain_text import counted
from fringewatch.plugins import Guarded
from insar_models.onset.date_state import DateState
from insar_models.onset.evidence import DateVerdict, PairEvidence, Past


class AddedMethod(Guarded):
    """A method of another package that gives one sound verdict for each date, or raises.

    What it has besides, such as its options, is handed through.
    """

    def judge(
        self, pairs: Sequence[PairEvidence], tried: Iterable[dt.date] = ()
    ) -> tuple[DateVerdict, ...]:
        """Return a verdict for each date, in order of time; see `OnsetMethod`.

        Raises
        ------
        PluginError
            If the package raises, gives anything but one verdict for each date, or a verdict that
            no table can hold: the message names the date and what is wrong.
        """
        days = tuple(tried)
        found: tuple[object, ...] = self._plugin.call(
            lambda: tuple(super(AddedMethod, self).__getattr__("judge")(pairs, days))
        )
        verdicts = tuple(one for one in found if isinstance(one, DateVerdict))
        if len(verdicts) < len(found):
            other = next(one for one in found if not isinstance(one, DateVerdict))
            self._refuse(f"{other!r}, which is no DateVerdict")
        self._check_dates(verdicts, {*days, *(pair.secondary for pair in pairs)})
        heard = {pair.secondary for pair in pairs if pair.scored}
        for one in verdicts:
            for fault, is_there in _FAULTS.items():
                if is_there(one, heard):
                    self._refuse(f"a verdict on {one.date} with {fault}: {one}")
        return verdicts

    @override
    def __getattr__(self, name: str) -> Any:
        found = super().__getattr__(name)
        if name == "silence_days" and not (_is_count(found) and found):
            message = f"its silence_days is {found!r}, not a whole number from 1"
            raise self._plugin.broken(message)
        return found

    def _check_dates(self, verdicts: Sequence[DateVerdict], wanted: set[dt.date]) -> None:
        """Refuse verdicts that are not one for each date, in order of time."""
        dates = [one.date for one in verdicts]
        words = f"{counted(len(dates), 'verdict')} for {counted(len(wanted), 'date')}"
        for date in dates:
            if not _is_day(date) or date not in wanted:
                self._refuse(f"{words}, one on {date!r}, which is none of them")
        if missing := sorted(wanted.difference(dates)):
            self._refuse(f"{words}, none on {missing[0]}")
        if dates != sorted(wanted):
            self._refuse(f"{words}, not in order of time, or two on one date")

    def _refuse(self, words: str) -> NoReturn:
        message = f"judge() gave {words}"
        raise self._plugin.broken(message)


def _is_a(value: object, kind: Any) -> bool:
    return isinstance(value, kind)


def _is_day(value: Any) -> bool:
    return type(value) is dt.date  # a datetime is one too, and cannot be compared with any


def _is_count(value: Any) -> bool:
    return not isinstance(value, bool) and isinstance(value, Integral) and int(value) >= 0


def _is_amount(value: Any) -> bool:
    """Whether it is a number or NaN."""
    return not isinstance(value, bool) and isinstance(value, Real) and not math.isinf(value)


def _has_odd_probability(one: DateVerdict, _: Container[dt.date]) -> bool:
    if not _is_amount(one.probability) or math.isnan(one.probability) != one.state.is_silent:
        return True
    return not (one.state.is_silent or 0 <= one.probability <= 1)


def _has_odd_beginning(one: DateVerdict, _: Container[dt.date]) -> bool:
    if one.since is None:
        return one.state is DateState.UNREST
    if not _is_day(one.since) or one.since > one.date:
        return True
    return one.state is DateState.QUIET


def _has_odd_tracks(one: DateVerdict, _: Container[dt.date]) -> bool:
    given: tuple[Any, ...] = (one.tracks_for, one.tracks_against)
    are_tuples = all(isinstance(tracks, tuple) for tracks in given)
    return not are_tuples or any(not isinstance(track, str) for each in given for track in each)


def _has_odd_memory(one: DateVerdict, _: Container[dt.date]) -> bool:
    known = one.unknown_since
    return known is not None and not (_is_day(known) and known <= one.date)


_FAULTS: Final[dict[str, Callable[[DateVerdict, Container[dt.date]], bool]]] = {
    "a state that is none": lambda one, _: not _is_a(one.state, DateState),
    "a state though no pair that ends on it has a score, which is silence": (
        lambda one, heard: one.date not in heard and not one.state.is_silent
    ),
    "a probability outside of 0 to 1, or not NaN where there is no data": _has_odd_probability,
    "no fit beginning of its episode": _has_odd_beginning,
    "no counts of pairs": (
        lambda one, _: not (_is_count(one.pairs_for) and _is_count(one.pairs_against))
    ),
    "tracks that are no tuple of names": _has_odd_tracks,
    "a level that is no number": (
        lambda one, _: not (_is_amount(one.level) and _is_amount(one.level_needed))
    ),
    "no fit date since which nothing is known": _has_odd_memory,
    "no words": lambda one, _: not _is_a(one.because, str),
    "a past that is none": lambda one, _: not _is_a(one.past, Past | None),
}
"""What can be wrong with a verdict, in this order: the first ones make the others safe to ask."""
