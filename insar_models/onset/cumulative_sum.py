"""A cumulative-sum test: scores above what is usual for the volcano add up over dates."""

import datetime as dt
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from insar_models.onset.date_evidence import PRIOR_DATES, DateEvidence, gather_dates
from insar_models.onset.evidence import DateVerdict, PairEvidence
from insar_models.onset.options import MANY, NEARLY_0, check_options
from insar_models.onset.states import SILENCE_DAYS, Hysteresis, Reading
from insar_models.onset.verdicts import conclude

_NORMAL_PER_MAD = 1.4826  # standard deviation of a normal distribution, over its MAD
_KEPT = 4  # times the dates that a baseline needs: a median and spread grow surer with them
_LEAST_DATES = 3  # fewer have no median and spread worth the name


@dataclass(frozen=True)
class CumulativeSum:
    """Page's one-sided test (1954) on the mean logit of a date, track by track.

    A date's mean logit is compared with the track's own quiet dates: how many standard deviations
    above their median is it? What exceeds `drift` adds up over dates, and what is missing is
    taken off. The sum stays between 0 and the threshold, so that a strong episode ends soon after
    the motion, and a single date counts for no more than it takes to get there. The volcano's
    level is the highest sum of its tracks; an episode begins at `threshold` and ends below half
    of it.

    Quiet dates are the track's latest on which the sum was below half the threshold, so a track
    with a noisy winter learns from it; up to four times `baseline_dates` are kept. Until there
    are `baseline_dates`, the track is being learned: it can be watched and nothing more. The
    deviation of a date with n pairs, where m are usual, is that of a mean of n: it is multiplied
    by sqrt(n / m).

    Measured with `benchmarks/date_methods.py` (30 simulated volcanoes, two frames, pairs of
    sensitivity 0.8 and 5 % false positives, half of the noise shared by the pairs of a date): 0.65
    false alarms a volcano-year; sudden motion is seen on the first acquisition in 73 % and on the
    second in 93 %, slow motion on the sixth; a sudden step is forgotten after 20 days. A smaller
    `drift` hears the same noise over and over, because the pairs of neighbouring dates share it:
    1.0 has more than four times the false alarms.
    """

    name: ClassVar[str] = "cumulative-sum"
    baseline_dates: int = 15
    drift: float = 2.0
    """In standard deviations, as is the threshold."""
    threshold: float = 2.0
    least_deviation_logit: float = 1.0
    """The standard deviation is at least this, in logits: calm scores are no proof of calm."""
    dates_to_end: int = 1
    localised_days: int = 48
    """A date whose shortest pair is longer is watched; a track's sum is forgotten after as long."""
    silence_days: int = SILENCE_DAYS
    """Days without data after which an episode no longer stands."""
    prior_dates: int = PRIOR_DATES
    """Quiet dates of the volcano's own past that weigh as much as all other quiet ground."""

    def __post_init__(self) -> None:
        """Refuse options that make no test.

        Raises
        ------
        BadInputError
            If an option is no number or out of its range.
        """
        check_options(
            self,
            {
                "baseline_dates": (_LEAST_DATES, MANY),
                "drift": (0, MANY),
                "threshold": (NEARLY_0, MANY),
                "least_deviation_logit": (NEARLY_0, MANY),
                "dates_to_end": (1, MANY),
                "localised_days": (1, MANY),
                "silence_days": (1, MANY),
                "prior_dates": (1, MANY),
            },
        )

    def judge(
        self, pairs: Sequence[PairEvidence], tried: Iterable[dt.date] = ()
    ) -> tuple[DateVerdict, ...]:
        """Return a verdict for each date, as `OnsetMethod` promises.

        The probability is the median of the date's pairs: a sum of deviations has none.
        """
        dates = gather_dates(pairs, tried, self.prior_dates)
        readings = self.readings(dates)
        medians = [date.median_probability for date in dates]
        return conclude(dates, readings, medians, self.hysteresis, self.localised_days)

    def readings(self, dates: Sequence[DateEvidence]) -> list[Reading]:
        """Return the volcano's sum on each date, in standard deviations."""
        tracks: dict[str, _TrackSum] = {}
        readings = []
        for date in dates:
            for name in sorted({pair.track for pair in date.pairs}):
                track = tracks.setdefault(name, _TrackSum())
                pairs = [pair for pair in date.pairs if pair.track == name]
                # One that bridges a gap says nothing of the days before the date, if others do.
                short = [pair for pair in pairs if pair.days <= self.localised_days] or pairs
                track.add(date.date, [pair.logit for pair in short], self)
            readings.append(self._reading(date, list(tracks.values())))
        return readings

    def _reading(self, date: DateEvidence, tracks: list["_TrackSum"]) -> Reading:
        if not date.pairs:
            return Reading(date.date, math.nan)
        fresh = [t for t in tracks if (date.date - t.last).days <= self.localised_days]
        level = max(track.total for track in fresh)
        return Reading(
            date.date,
            level,
            vague=date.is_vague(self.localised_days, is_raised=level >= self.hysteresis.end),
            raised=date.speaking > 0,
        )

    @property
    def hysteresis(self) -> Hysteresis:
        """When an episode begins and ends."""
        return Hysteresis(
            self.threshold, self.threshold / 2, 1, self.dates_to_end, self.silence_days
        )


class _TrackSum:
    """The running sum of one track, and the quiet dates that it is measured against."""

    def __init__(self) -> None:
        self.total = 0.0
        self.last = dt.date.min
        self._means: list[float] = []
        self._counts: list[int] = []

    def add(self, date: dt.date, logits: Sequence[float], method: CumulativeSum) -> None:
        """Bring the sum up to `date`, whose pairs have these `logits`."""
        mean = float(np.clip(np.mean(logits), -1e6, 1e6))  # an infinite logit is a sure one
        self.last = date
        if len(self._means) >= method.baseline_dates:
            deviation = self._deviation(mean, len(logits), method)
            total = self.total + deviation - method.drift
            self.total = min(max(0.0, total), method.threshold)
        if self.total < method.threshold / 2:
            self._means = [*self._means, mean][-_KEPT * method.baseline_dates :]
            self._counts = [*self._counts, len(logits)][-_KEPT * method.baseline_dates :]

    def _deviation(self, mean: float, count: int, method: CumulativeSum) -> float:
        """Return how many standard deviations `mean`, of `count` pairs, is above the usual."""
        usual = float(np.median(self._means))
        spread = _NORMAL_PER_MAD * float(np.median(np.abs(np.array(self._means) - usual)))
        deviation = (mean - usual) / max(spread, method.least_deviation_logit)
        enough = min(deviation, method.drift + method.threshold)
        return enough * math.sqrt(count / float(np.median(self._counts)))
