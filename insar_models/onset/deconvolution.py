"""Deconvolution: the intervals between dates that explain the pairs that span them.

A pair whose dates lie before and after an old episode is positive although nothing moves now. So
pairs are not counted, but explained, together: each interval between two dates holds activity or
none, which makes the pairs that span it positive; the air over each acquisition is disturbed or
not, which makes all its pairs positive; and every pair can be positive by accident.
"""

import datetime as dt
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import ClassVar, Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logsumexp

from insar_models.onset.cause_model import CauseModel
from insar_models.onset.date_evidence import PRIOR_DATES, DateEvidence, gather_dates
from insar_models.onset.evidence import DateVerdict, PairEvidence
from insar_models.onset.options import MANY, NEARLY_0, NEARLY_1, check_options
from insar_models.onset.pair_window import PairWindow
from insar_models.onset.states import SILENCE_DAYS, Hysteresis, Reading
from insar_models.onset.verdicts import conclude

_REFERENCE_DAYS: Final = 6.0  # to which rates refer: the shortest repeat of Sentinel-1
_SUREST: Final = 0.98  # of a single pair: a model can be sure and wrong
_LARGEST_PRIOR: Final = 0.5  # of a long interval: it holds some motion as likely as not
_SLOW_DAYS: Final = 36  # slow motion that began earlier shows in the shorter pairs by then


@dataclass(frozen=True)
class Deconvolution:
    """Explains the pairs of the last dates of all tracks by motion, disturbed air and accident.

    The probability of a date compares two kinds of explanations: those with motion after the
    newest primary date of its pairs, and those without. Motion there can be sudden (any pair that
    spans it sees it with the probability `sensitivity`), or slow since an earlier date (a pair
    sees it the better, the more days of it it spans). Activity comes rarely and then stays for a
    while, which is the prior that keeps explanations sparse and smooth.

    Measured with `benchmarks/date_methods.py` (30 simulated volcanoes, two frames, pairs of
    sensitivity 0.8 and 5 % false positives, half of the noise shared by the pairs of a date): 0.18
    false alarms a volcano-year; sudden motion is seen on the first acquisition in 47 % and on the
    second in 93 %, slow motion on the sixth; a sudden step is forgotten after 10 days. `begin` 0.6
    has 0.03 false alarms (0 % and 93 %), 0.2 has 0.74 (80 % and 100 %).
    """

    name: ClassVar[str] = "deconvolution"
    begin: float = 0.5
    """Probability at which an episode begins."""
    end: float = 0.2
    """Probability below which it ends."""
    dates: int = 1
    """Consecutive dates that begin one."""
    dates_to_end: int = 1
    sensitivity: float = 0.7
    """Probability that a pair over sudden motion, or of disturbed air, is positive."""
    slow_sensitivity: float = 0.35
    """Probability that a pair over six days of slow motion is positive."""
    false_positive: float = 0.03
    """Probability of a positive pair without a cause."""
    activity_prior: float = 0.05
    """Probability that motion begins in six days."""
    persistence: float = 0.7
    """Probability that motion goes on for six days more."""
    disturbance_prior: float = 0.03
    """Probability that the air over an acquisition is disturbed."""
    neutral_probability: float = 0.5
    """Of a pair that speaks neither for motion nor against it: the prior of the calibration."""
    window_dates: int = 16
    """Dates, of all tracks, whose pairs are explained; what lies before is one interval."""
    localised_days: int = 48
    """Motion in a longer interval can be old: the probability is spread evenly over its days."""
    silence_days: int = SILENCE_DAYS
    """Days without data after which an episode no longer stands."""
    prior_dates: int = PRIOR_DATES
    """Quiet dates of the volcano's own past that weigh as much as all other quiet ground."""

    def __post_init__(self) -> None:
        """Refuse numbers that are no probabilities, and windows without dates.

        Raises
        ------
        BadInputError
            If an option is no number or out of its range, or an episode would end where it begins.
        """
        probabilities = [field.name for field in fields(self) if field.type is float]
        check_options(
            self,
            dict.fromkeys(probabilities, (NEARLY_0, NEARLY_1))
            | {
                "dates": (1, MANY),
                "dates_to_end": (1, MANY),
                "window_dates": (2, MANY),
                "localised_days": (1, MANY),
                "silence_days": (1, MANY),
                "prior_dates": (1, MANY),
            },
        )
        _ = self.hysteresis  # refuses what it cannot follow

    @property
    def hysteresis(self) -> Hysteresis:
        """When an episode begins and ends."""
        return Hysteresis(self.begin, self.end, self.dates, self.dates_to_end, self.silence_days)

    def judge(
        self, pairs: Sequence[PairEvidence], tried: Iterable[dt.date] = ()
    ) -> tuple[DateVerdict, ...]:
        """Return a verdict for each date, as `OnsetMethod` promises."""
        dates = gather_dates(pairs, tried, self.prior_dates)
        readings = self.readings(dates)
        levels = [reading.level for reading in readings]
        return conclude(dates, readings, levels, self.hysteresis, self.localised_days)

    def readings(self, dates: Sequence[DateEvidence]) -> list[Reading]:
        """Return for each date the probability that the ground moved shortly before it."""
        table = PairWindow.of([pair for date in dates for pair in date.pairs])
        days: list[int] = []
        readings = []
        for date in dates:
            if not date.pairs:
                readings.append(Reading(date.date, math.nan))
                continue
            days.append(date.date.toordinal())
            after = days[-self.window_dates - 1] if len(days) > self.window_dates else 0
            level = self._probability(table.ending(after, days[-1]), after)
            vague = date.is_vague(self.localised_days, is_raised=level >= self.end)
            readings.append(Reading(date.date, level, vague=vague))
        return readings

    def _probability(self, window: PairWindow, after: int) -> float:
        today = int(window.secondary[-1])
        newest = int(window.primary[window.secondary == today].max())
        intervals = window.intervals(after)
        model, begins = self._model(window, intervals, after)
        judged = np.flatnonzero(intervals[:, 0] >= newest)
        given = np.full((1 + len(judged) + len(begins), model.touches.shape[1]), -1, dtype=np.int8)
        given[:, given.shape[1] - len(begins) :] = 0  # slow motion: only as a hypothesis
        still = [0, *range(1 + len(judged), len(given))]
        given[np.ix_(still, judged)] = 0
        given[1 + np.arange(len(judged)), judged] = 1
        slow = np.arange(len(begins))
        given[1 + len(judged) + slow, given.shape[1] - len(begins) + slow] = 1
        evidence = model.log_evidence(given)
        probability = float(expit(logsumexp(evidence[1:]) - evidence[0]))
        return probability * min(1.0, self.localised_days / (today - newest))

    def _model(
        self, window: PairWindow, intervals: NDArray[np.int64], after: int
    ) -> tuple[CauseModel, NDArray[np.int64]]:
        """Return the causes (intervals, acquisitions, slow motion) and when slow motion begins."""
        today = intervals[-1, 1]
        sudden = self.sensitivity * (window.overlap_days(intervals[:, 0], intervals[:, 1]) > 0)
        disturbed = self.sensitivity * window.acquisitions(after)
        newest = window.primary[window.secondary == today].max()
        is_slow = (intervals[:, 0] < newest) & (intervals[:, 0] >= today - _SLOW_DAYS)
        begins = intervals[is_slow, 0]
        spans = window.overlap_days(begins, np.full_like(begins, today)) / _REFERENCE_DAYS
        slow = 1.0 - (1.0 - self.slow_sensitivity) ** spans
        against, coupling = self._chain((intervals[:, 1] - intervals[:, 0]) / _REFERENCE_DAYS)
        calm = math.log((1 - self.disturbance_prior) / self.disturbance_prior)
        others = disturbed.shape[1] + len(begins)
        sure = np.clip(window.probability, 1 - _SUREST, _SUREST)
        model = CauseModel(
            touches=np.concatenate((sudden, disturbed, slow), axis=1),
            penalty=np.concatenate(
                (against, np.full(disturbed.shape[1], calm), self._onset(intervals)[is_slow])
            ),
            coupling=np.concatenate((coupling, np.zeros(others))),
            likelihood_positive=sure / self.neutral_probability,
            likelihood_negative=(1 - sure) / (1 - self.neutral_probability),
            false_positive=self.false_positive,
        )
        return model, begins

    def _onset(self, intervals: NDArray[np.int64]) -> NDArray[np.float64]:
        prior = self._prior((intervals[:, 1] - intervals[:, 0]) / _REFERENCE_DAYS)
        return np.asarray(-np.log(prior / (1 - prior)))

    def _prior(self, steps: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.minimum(1 - (1 - self.activity_prior) ** steps, _LARGEST_PRIOR)

    def _chain(self, steps: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return penalties and couplings of a Markov chain of intervals, `steps` x 6 days long.

        The log-probability of a chain of 0 and 1 less that of no activity at all is
        sum_j -penalty_j x_j + sum_j coupling_j x_j x_(j+1).
        """
        prior = self._prior(steps)
        stay = np.maximum(self.persistence**steps, prior)
        # Motion in a long interval can be old: then nothing of it goes on in the next.
        days = steps[:-1] * _REFERENCE_DAYS
        fresh = np.minimum(1.0, self.localised_days / days)
        stay[1:] = fresh * stay[1:] + (1 - fresh) * prior[1:]
        begins = np.log(prior / (1 - prior))
        stops = np.log((1 - stay) / (1 - prior))[1:]
        goes_on = np.log(stay / (1 - prior))[1:]
        penalty = -begins
        penalty[:-1] -= stops
        return penalty, goes_on - begins[1:] - stops
