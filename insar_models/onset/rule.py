"""A rule that can be checked by hand: enough of a date's pairs are positive."""

import datetime as dt
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from insar_models.onset.date_evidence import PRIOR_DATES, DateEvidence, gather_dates
from insar_models.onset.evidence import DateVerdict, PairEvidence
from insar_models.onset.options import MANY, NEARLY_0, check_options
from insar_models.onset.states import SILENCE_DAYS, Hysteresis, Reading
from insar_models.onset.verdicts import conclude


@dataclass(frozen=True)
class Rule:
    """An episode begins with `dates` consecutive dates that each have enough positive pairs.

    Enough are at least `least_positive`, and at least the share `least_share`. The episode ends
    with `dates_to_end` consecutive dates on which less than the share `end_share` is positive.
    In between, and wherever a single pair is positive, the date is watched.

    Measured with `benchmarks/date_methods.py` (30 simulated volcanoes, two frames, pairs of
    sensitivity 0.8 and 5 % false positives, half of the noise shared by the pairs of a date): 1.95
    false alarms a volcano-year; sudden motion is seen on the first acquisition in all, slow motion
    on the fourth; a sudden step is held for motion for 21 days. `dates` 2 has 0.03 false alarms,
    sees 93 % on the second acquisition, and slow motion on the seventh.
    """

    name: ClassVar[str] = "rule"
    dates: int = 1
    least_positive: int = 2
    least_share: float = 0.5
    end_share: float = 0.25
    dates_to_end: int = 1
    localised_days: int = 48
    """A date whose shortest pair is longer is watched: nothing says when the ground moved."""
    silence_days: int = SILENCE_DAYS
    """Days without data after which an episode no longer stands."""
    prior_dates: int = PRIOR_DATES
    """Quiet dates of the volcano's own past that weigh as much as all other quiet ground."""

    def __post_init__(self) -> None:
        """Refuse options that no date could meet, or all.

        Raises
        ------
        BadInputError
            If an option is no number or out of its range, or an episode would end where it begins.
        """
        check_options(
            self,
            {
                "dates": (1, MANY),
                "least_positive": (1, MANY),
                "least_share": (NEARLY_0, 1),
                "end_share": (NEARLY_0, 1),
                "dates_to_end": (1, MANY),
                "localised_days": (1, MANY),
                "silence_days": (1, MANY),
                "prior_dates": (1, MANY),
            },
        )
        _ = self.hysteresis  # refuses what it cannot follow

    def judge(
        self, pairs: Sequence[PairEvidence], tried: Iterable[dt.date] = ()
    ) -> tuple[DateVerdict, ...]:
        """Return a verdict for each date, as `OnsetMethod` promises.

        The probability is the median of the date's pairs.
        """
        dates = gather_dates(pairs, tried, self.prior_dates)
        readings = self.readings(dates)
        medians = [date.median_probability for date in dates]
        return conclude(dates, readings, medians, self.hysteresis, self.localised_days)

    @property
    def hysteresis(self) -> Hysteresis:
        """When an episode begins and ends."""
        return Hysteresis(
            self.least_share, self.end_share, self.dates, self.dates_to_end, self.silence_days
        )

    def readings(self, dates: Sequence[DateEvidence]) -> list[Reading]:
        """Return the share of each date's pairs that is positive."""
        return [self._reading(date) for date in dates]

    def _reading(self, date: DateEvidence) -> Reading:
        if not date.pairs:
            return Reading(date.date, math.nan)
        share = date.speaking / len(date.pairs)
        if date.speaking < self.least_positive:  # goes on with an episode, but begins none
            share = min(share, math.nextafter(self.least_share, 0))
        return Reading(
            date.date,
            share,
            vague=date.is_vague(self.localised_days, is_raised=share >= self.end_share),
            raised=date.speaking > 0,
        )
