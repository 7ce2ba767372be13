"""Assess several cases, volcanoes or trials, by one method, and add up what comes out."""

import datetime as dt
import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add

from insar_models.onset.date_state import DateState
from insar_models.onset.evidence import DateVerdict, PairEvidence
from insar_models.onset.methods import OnsetMethod
from insar_models.onset.slow_motion import SlowMotion, follow_rates, with_rates
from tasks.assess.delays import assess, judged
from tasks.assess.outcomes import Assessment, Ending, EpisodeOutcome, JudgedDate
from tasks.assess.rate_truth import RateOutcome
from tasks.assess.rates import Counts, Rate, poisson_rate
from tasks.assess.truth_records import PlaceTruth

RATES_ALONE = "rates alone"
"""Instead of a method's name: no pair is asked."""


@dataclass(frozen=True)
class Case:
    """Scored pairs, and what is true of them."""

    name: str
    """Volcano, frame or trial."""
    pairs: tuple[PairEvidence, ...]
    truth: PlaceTruth
    rates: tuple[RateOutcome, ...] = ()
    """Of places, with what is true of them; empty where they were not found."""

    @property
    def heard(self) -> frozenset[dt.date]:
        """Dates on which a pair ends that has a score."""
        return frozenset(pair.secondary for pair in self.pairs if pair.scored)

    def verdicts(self, method: OnsetMethod, slow: SlowMotion | None) -> tuple[DateVerdict, ...]:
        """Return what a method says of the dates, and rates beside it as the watch hears them."""
        found = method.judge(self.pairs)
        if slow is None:
            return found
        heard = self.heard
        return with_rates(found, (r.rate for r in self.rates if r.rate.date in heard), slow)


@dataclass(frozen=True)
class Summary:
    """What a method is worth over several cases."""

    method: str
    assessments: tuple[Assessment, ...]
    """At least one."""

    @property
    def episodes(self) -> tuple[EpisodeOutcome, ...]:
        """Of all cases."""
        return tuple(outcome for own in self.assessments for outcome in own.episodes)

    @property
    def false_alarm_rate(self) -> Rate:
        """Of all cases together."""
        rates = [own.false_alarm_rate for own in self.assessments]
        return poisson_rate(sum(r.events for r in rates), sum(r.days for r in rates))

    @property
    def watch_dates(self) -> int:
        """Dates of *watch* outside of all episodes, of all cases together."""
        return sum(own.watch_dates for own in self.assessments)

    @property
    def watch_dates_per_year(self) -> float:
        """The same for a year; NaN where nothing was watched. They come in rows: no interval."""
        years = self.false_alarm_rate.years
        return self.watch_dates / years if years else math.nan

    @property
    def by_date(self) -> Counts:
        """Of all cases together."""
        return reduce(add, (own.by_date for own in self.assessments))

    @property
    def by_pair(self) -> Counts | None:
        """Of all cases that have scores of pairs; None where none has."""
        known = [own.by_pair for own in self.assessments if own.by_pair is not None]
        return reduce(add, known) if known else None

    @property
    def tectonic_alarms(self) -> int:
        """Of all cases together."""
        return sum(len(own.tectonic_alarms) for own in self.assessments)

    @property
    def median_delay_days(self) -> float | None:
        """Of the episodes found afresh, their onset watched; None where there is none."""
        delays = [e.delay_days for e in self._fresh if e.delay_days is not None]
        return statistics.median(delays) if delays else None

    @property
    def median_delay_acquisitions(self) -> float | None:
        """The same in acquisitions; 0 is the earliest there can be."""
        delays = [e.delay_acquisitions for e in self._fresh if e.delay_acquisitions is not None]
        return statistics.median(delays) if delays else None

    @property
    def ran_before(self) -> int:
        """How many episodes were found only because unrest ran before their onset already."""
        return sum(outcome.ran_before for outcome in self.episodes)

    @property
    def _fresh(self) -> list[EpisodeOutcome]:
        return [outcome for outcome in self.episodes if not outcome.ran_before]

    def count(self, ending: Ending) -> int:
        """How many episodes ended so."""
        return sum(outcome.ending is ending for outcome in self.episodes)


def judge_cases(
    cases: Sequence[Case], method: OnsetMethod, grace_days: int, slow: SlowMotion | None = None
) -> Summary:
    """Return what a method makes of the pairs of each case.

    Parameters
    ----------
    cases
        One at least.
    method
        That judges pairs.
    grace_days
        As `assess` takes them.
    slow
        When the cases' rates begin and end an episode beside it; None leaves them out.

    Raises
    ------
    BadInputError
        If a case cannot be assessed: no date, none that the truth covers, a pair twice.
    """
    return Summary(
        method.name,
        tuple(
            assess(
                case.name, judged(case.verdicts(method, slow)), case.truth, case.pairs, grace_days
            )
            for case in cases
        ),
    )


def judge_rates(cases: Sequence[Case], rule: SlowMotion, grace_days: int) -> Summary:
    """Return what the rates of places alone make of each case: how late slow motion is seen.

    Raises
    ------
    BadInputError
        As `judge_cases`.
    """
    return Summary(
        RATES_ALONE,
        tuple(
            assess(case.name, _by_rates(case, rule), case.truth, grace_days=grace_days)
            for case in cases
        ),
    )


def _by_rates(case: Case, rule: SlowMotion) -> tuple[JudgedDate, ...]:
    heard = case.heard
    steps = follow_rates((one.rate for one in case.rates if one.rate.date in heard), rule)
    found = []
    for date in sorted({pair.secondary for pair in case.pairs}):
        step = steps.get(date)
        if step is None:
            found.append(JudgedDate(date, DateState.NO_DATA, None))
        elif step.since is not None:
            found.append(JudgedDate(date, DateState.UNREST, step.since))
        else:
            state = DateState.WATCH if step.in_a_row else DateState.QUIET
            found.append(JudgedDate(date, state, None))
    return tuple(found)
