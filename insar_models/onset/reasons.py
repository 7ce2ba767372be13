"""Why a date is in its state, in words that can be read out on the telephone."""

import datetime as dt
from collections.abc import Iterable
from typing import Final

from fringewatch.plain_text import counted
from insar_models.onset.date_evidence import DateEvidence
from insar_models.onset.date_state import NO_PAIR, DateState
from insar_models.onset.states import Hysteresis, Reading, Step

NEVER: Final = "no pair that ends on this date could be scored, nor any before it"


def reason_of(date: DateEvidence, reading: Reading, step: Step, hysteresis: Hysteresis) -> str:
    """Return why the date is in its state, one line without a full stop.

    Parameters
    ----------
    date, reading
        What the pairs say, and what the method made of it.
    step
        The state that came of it.
    hysteresis
        By which it came.
    """
    if step.state.is_silent:
        return "; ".join(_of_silence(date.date, step))
    reasons = {
        DateState.QUIET: _of_quiet,
        DateState.WATCH: _of_watch,
        DateState.UNREST: _of_unrest,
    }[step.state](date, reading, step, hysteresis)
    return "; ".join([*_of_evidence(date), *reasons, *_of_gap(date.date, step, hysteresis)])


def _of_silence(date: dt.date, step: Step) -> Iterable[str]:
    if step.last is None:
        yield NEVER
        return
    yield f"{NO_PAIR} for {counted((date - step.last).days, 'day')}"
    if step.before:
        yield f"unrest since {step.before} not seen to end"
    else:
        yield f"last known on {step.last}"


def _of_gap(date: dt.date, step: Step, hysteresis: Hysteresis) -> Iterable[str]:
    if step.last and (date - step.last).days > hysteresis.silence_days:
        yield f"first pair after {counted((date - step.last).days, 'day')}"
        if step.before:
            yield f"unrest since {step.before} was not seen to end"


def _of_evidence(date: DateEvidence) -> Iterable[str]:
    tracks = len({pair.track for pair in date.pairs})
    yield (
        f"{date.positive} of {counted(len(date.pairs), 'pair')} positive, "
        f"{'one track' if tracks == 1 else counted(tracks, 'track')}"
    )
    if usual := date.positive - date.speaking:
        how_many = "that is" if usual == date.positive else f"{usual} of them are"
        yield f"{how_many} usual here while it is quiet"
    past = date.past
    if past and past.moving_since and date.positive:
        yield f"ongoing: it has moved ever since it was first watched on {past.moving_since}"


def _of_quiet(
    date: DateEvidence, _reading: Reading, step: Step, _hysteresis: Hysteresis
) -> Iterable[str]:
    if date.speaking:
        yield "shorter pairs, or most of them, see no motion"
    if step.before and step.last:
        yield f"unrest since {step.before} has ended"


def _of_unrest(
    date: DateEvidence, reading: Reading, step: Step, hysteresis: Hysteresis
) -> Iterable[str]:
    level = f"level {reading.level:.2f}"
    if step.before is None:
        yield f"unrest begins at {hysteresis.begin:.2f}, {level}"
        if hysteresis.dates_to_begin > 1:
            yield f"{hysteresis.dates_to_begin} dates in a row"
    else:
        yield f"unrest goes on from {hysteresis.end:.2f}, {level}"
    if len(date.tracks_for) > 1:
        yield f"tracks {' and '.join(date.tracks_for)} agree"


def _of_watch(
    date: DateEvidence, reading: Reading, step: Step, hysteresis: Hysteresis
) -> Iterable[str]:
    yield from _of_doubt(date, reading)
    if step.since:
        if not reading.vague:
            such = counted(hysteresis.dates_to_end, "such date")
            yield f"unrest since {step.since} ends after {such}"
    elif step.before and step.last and not reading.vague and reading.level < hysteresis.end:
        yield f"unrest since {step.before} has ended"
    elif not reading.vague and reading.level >= hysteresis.begin:
        if reading.alone:
            yield f"enough for unrest, level {reading.level:.2f}, but it rests on one pair"
        else:
            needed = counted(hysteresis.dates_to_begin, "date")
            yield f"{step.candidates} of {needed} that begin unrest"
    elif not reading.vague and reading.level >= hysteresis.end and not date.positive:
        yield f"weak in each pair, but watched from {hysteresis.end:.2f}, level {reading.level:.2f}"
    elif not reading.vague:
        yield f"too little for unrest, which begins at {hysteresis.begin:.2f}"
        yield f"level {reading.level:.2f}"
    if len(date.pairs) == 1 or reading.alone:
        yield "waiting for a second pair"


def _of_doubt(date: DateEvidence, reading: Reading) -> Iterable[str]:
    """Say why the date may not decide."""
    if not reading.vague:
        return
    if date.tracks_for and date.tracks_against:
        seen, unseen = " ".join(date.tracks_for), " ".join(date.tracks_against)
        yield f"tracks disagree: {seen} saw motion in the same days, {unseen} sees none"
    else:
        shortest = min((pair.days for pair in date.pairs if pair.speaks_for), default=0)
        yield f"the shortest pair with motion spans {shortest} days: nobody knows when it was"
