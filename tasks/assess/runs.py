"""Assess several cases, volcanoes or trials, by one method, and add up what comes out."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add

from insar_models.onset.evidence import PairEvidence
from insar_models.onset.methods import OnsetMethod
from tasks.assess.delays import assess, judged
from tasks.assess.outcomes import Assessment, Ending, EpisodeOutcome
from tasks.assess.rates import Counts, Rate, poisson_rate
from tasks.assess.truth_records import PlaceTruth


@dataclass(frozen=True)
class Case:
    """Scored pairs, and what is true of them."""

    name: str
    """Volcano, frame or trial."""
    pairs: tuple[PairEvidence, ...]
    truth: PlaceTruth


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


def judge_cases(cases: Sequence[Case], method: OnsetMethod, grace_days: int) -> Summary:
    """Return what a method makes of the pairs of each case.

    Raises
    ------
    BadInputError
        If a case cannot be assessed: no date, none that the truth covers, a pair twice.
    """
    return Summary(
        method.name,
        tuple(
            assess(case.name, judged(method.judge(case.pairs)), case.truth, case.pairs, grace_days)
            for case in cases
        ),
    )
