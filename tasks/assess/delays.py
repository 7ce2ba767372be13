"""Verdicts beside the truth: how late each episode is seen, which are missed, what is false.

An alarm is a transition into unrest. It belongs to the episode during which it comes; one that
comes within the grace days after an episode, while pairs that still span it end, is neither right
nor wrong. An episode reaches to the first acquisition on or after its end: the pair that ends
there shows its last part. Tectonic episodes are no aim: alarms during them are counted apart.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from itertools import pairwise

from catalogs.records import DatePair
from fringewatch.errors import BadInputError
from insar_models.onset.date_state import DateState
from insar_models.onset.evidence import DateVerdict, PairEvidence
from tasks.assess.outcomes import DEFAULT_GRACE_DAYS, Assessment, Ending, EpisodeOutcome, JudgedDate
from tasks.assess.phases import Phase, Phases
from tasks.assess.rates import Counts, count, poisson_rate
from tasks.assess.truth_records import DatedEpisode, EpisodeKind, PairLabel, PlaceTruth


def judged(verdicts: Iterable[DateVerdict]) -> tuple[JudgedDate, ...]:
    """Return the verdicts of a method as dates to be assessed."""
    return tuple(JudgedDate(v.date, v.state, v.since) for v in verdicts)


def assess(
    volcano: str,
    dates: Sequence[JudgedDate],
    truth: PlaceTruth,
    pairs: Iterable[PairEvidence] = (),
    grace_days: int = DEFAULT_GRACE_DAYS,
) -> Assessment:
    """Return what the verdicts on a volcano are worth.

    Parameters
    ----------
    volcano
        For messages and tables.
    dates
        In order of time. Where the truth is made of labels, dates that no label covers are left
        out: of them nothing is known.
    truth
        From `Truth.at`.
    pairs
        The scored pairs that the verdicts rest on, if they are at hand.
    grace_days
        0 or more, see above.

    Raises
    ------
    BadInputError
        If there is no date, they are not in order, none is covered by the truth, no episode falls
        among them, or the days of grace are negative.
    """
    if grace_days < 0:
        message = f"--grace is {grace_days}: it must be 0 days or more"
        raise BadInputError(message)
    _check_order(volcano, dates)
    covered = _covered(volcano, dates, truth)
    first, last = covered[0].date, covered[-1].date
    phases = Phases([item.date for item in covered], truth.episodes, grace_days)
    alarms = _alarms(covered)
    false = tuple(date for date in alarms if phases.at(date) is Phase.QUIET)
    known = list(pairs)
    return Assessment(
        volcano=volcano,
        first=first,
        last=last,
        dates=len(covered),
        grace_days=grace_days,
        episodes=tuple(
            _outcome(episode, covered, phases.last_of(episode))
            for episode in truth.episodes
            if episode.kind is EpisodeKind.VOLCANIC
        ),
        false_alarms=false,
        tectonic_alarms=tuple(date for date in alarms if phases.at(date) is Phase.TECTONIC),
        false_alarm_rate=poisson_rate(len(false), phases.quiet_days),
        watch_dates=sum(
            item.state is DateState.WATCH and phases.at(item.date) is Phase.QUIET
            for item in covered
        ),
        by_date=_by_date(covered, truth, phases),
        by_pair=_by_pair(known, truth) if known else None,
    )


def _check_order(volcano: str, dates: Sequence[JudgedDate]) -> None:
    if not dates:
        message = f"there is no verdict on '{volcano}': nothing can be assessed"
        raise BadInputError(message)
    for before, after in pairwise(dates):
        if after.date <= before.date:
            message = (
                f"verdicts on '{volcano}': the date {after.date} comes after {before.date}; "
                "expected each date once, in order of time"
            )
            raise BadInputError(message)


def _alarms(dates: Sequence[JudgedDate]) -> list[dt.date]:
    """First date in unrest of each run of unrest, one that runs from before included."""
    alarms = []
    counted: dt.date | None = None
    for item in dates:
        if item.state is DateState.UNREST and item.since != counted:
            alarms.append(item.date)
            counted = item.since
    return alarms


def _covered(volcano: str, dates: Sequence[JudgedDate], truth: PlaceTruth) -> Sequence[JudgedDate]:
    """The dates of which the truth knows something."""
    first, last = dates[0].date, dates[-1].date
    if truth.covers is not None:
        start, end = truth.covers
        dates = [item for item in dates if start <= item.date <= end]
        if not dates:
            message = (
                f"no common dates: verdicts on '{volcano}' are of {first} to {last}, the truth's "
                f"labels of {start} to {end}"
            )
            raise BadInputError(message)
    elif truth.episodes and not any(e.start <= last and first <= e.end for e in truth.episodes):
        message = (
            f"no common dates: verdicts on '{volcano}' are of {first} to {last}, the truth's "
            f"episodes of {truth.episodes[0].start} to {truth.episodes[-1].end}"
        )
        raise BadInputError(message)
    return dates


def _outcome(episode: DatedEpisode, dates: Sequence[JudgedDate], last: dt.date) -> EpisodeOutcome:
    """Whether and when one episode was found."""
    inside = [item for item in dates if episode.start <= item.date <= last]
    if all(item.state.is_silent for item in inside):
        return EpisodeOutcome(episode, Ending.NOT_WATCHED)
    following = inside[0].date
    unrest = next((item for item in inside if item.state is DateState.UNREST), None)
    if unrest is None:
        return EpisodeOutcome(episode, Ending.MISSED, following)
    # Where nobody watched the onset, a delay would say nothing.
    watched = dates[0].date < episode.start
    return EpisodeOutcome(
        episode,
        Ending.FOUND,
        following,
        unrest.date,
        delay_days=(unrest.date - episode.start).days if watched else None,
        delay_acquisitions=inside.index(unrest) if watched else None,
        ran_before=_runs_before(episode.start, dates),
    )


def _runs_before(start: dt.date, dates: Sequence[JudgedDate]) -> bool:
    """Whether the last verdict before the onset stands in a run that had reached unrest."""
    running: dt.date | None = None
    for item in dates:
        if item.date >= start:
            break
        if item.state is DateState.UNREST:
            running = item.since
        elif item.since is None or item.since != running:
            running = None
    return running is not None


def _by_date(dates: Sequence[JudgedDate], truth: PlaceTruth, phases: Phases) -> Counts:
    """Unrest against what the labels of dates say, or else against the episodes."""
    compared = []
    for item in dates:
        phase = phases.at(item.date)
        if truth.dates:
            known = truth.dates.get(item.date)
        else:
            known = phase is Phase.VOLCANIC if phase is not Phase.AFTER else None
        no_aim = phase is Phase.TECTONIC or item.state.is_silent
        if known is not None and not no_aim:
            compared.append((known, item.state is DateState.UNREST))
    return count(compared)


def _by_pair(pairs: Iterable[PairEvidence], truth: PlaceTruth) -> Counts:
    """Positive pairs against their labels, or else against the episodes that they span."""
    compared = []
    for pair in pairs:
        label = _label(pair, truth)
        if pair.scored and label in {PairLabel.QUIET, PairLabel.DEFORMING}:
            compared.append((label is PairLabel.DEFORMING, pair.positive))
    return count(compared)


def _label(pair: PairEvidence, truth: PlaceTruth) -> PairLabel | None:
    spanned = {
        episode.kind
        for episode in truth.episodes
        if pair.primary < episode.end and episode.start <= pair.secondary
    }
    if truth.pairs:
        known = truth.pairs.get(DatePair(pair.primary, pair.secondary))
        of_an_earthquake = known is PairLabel.DEFORMING and spanned == {EpisodeKind.TECTONIC}
        return PairLabel.TECTONIC if of_an_earthquake else known
    if truth.covers is not None:  # labels of dates: which pairs deform is not known
        return None
    if EpisodeKind.VOLCANIC in spanned:
        return PairLabel.DEFORMING
    return PairLabel.TECTONIC if spanned else PairLabel.QUIET
