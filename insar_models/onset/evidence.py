"""What goes in, one record for each scored pair, and what comes out, one for each date."""

import datetime as dt
import math
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from scipy.special import expit, logit

from fringewatch.errors import BadInputError
from insar_models.onset.date_state import DateState

_SUREST: Final = 1e-9


@dataclass(frozen=True)
class QuietGround:
    """How the evidence of pairs lies while the ground is still, all volcanoes together.

    Evidence is the logit of `PairEvidence.probability`. As it stands, it is that of a model whose
    threshold is reached by 1 in 50 quiet windows and every second deforming one: a quiet window is
    2.05 standard deviations below the threshold then, and 2.05 is one standard deviation.
    """

    centre: float = -4.218
    spread: float = 2.0537
    """Above 0."""


ALL_QUIET: Final = QuietGround()


@dataclass(frozen=True)
class PairEvidence:
    """What a model says of a pair: whether the ground moved after `primary`, up to `secondary`."""

    frame: str
    primary: dt.date
    secondary: dt.date
    logit: float
    """Less the model's threshold, so that 0 and more is positive; NaN where there is no score."""
    probability: float
    """Of the evidence, 0 to 1: 0.5 speaks neither for motion nor against; NaN without a score."""
    quiet: QuietGround = ALL_QUIET
    """What the model's evidence is like on quiet ground."""
    usual: bool = False
    """Whether it is positive, but no more than is usual on this volcano while it is quiet."""
    atmosphere: bool = False
    """Whether a person says that it shows air: no evidence of anything, but part of the past."""

    def __post_init__(self) -> None:
        """Refuse what is no pair or no probability.

        Raises
        ------
        BadInputError
            If the dates are not in order of time, the probability is outside 0 to 1, or only one
            of logit and probability is there.
        """
        if self.primary >= self.secondary:
            message = f"{self._name}: the primary date must be the older one"
            raise BadInputError(message)
        if not (math.isnan(self.probability) or 0 <= self.probability <= 1):
            message = f"{self._name}: probability {self.probability} is outside 0 to 1"
            raise BadInputError(message)
        if math.isnan(self.logit) != math.isnan(self.probability):
            message = (
                f"{self._name}: logit {self.logit} with probability {self.probability}; "
                "give both, or NaN for both where the pair has no score"
            )
            raise BadInputError(message)

    @property
    def track(self) -> str:
        """Track and direction, the frame's name up to its first underscore.

        Frames of one track see one pass of the satellite, through the same air: they are one
        witness.
        """
        return self.frame.partition("_")[0]

    @property
    def scored(self) -> bool:
        """Whether there is a score."""
        return not math.isnan(self.logit)

    @property
    def positive(self) -> bool:
        """Whether the score reaches the model's threshold; a pair without a score does not."""
        return self.logit >= 0

    @property
    def speaks_for(self) -> bool:
        """Whether it is evidence of motion: positive, and not usual on this volcano."""
        return self.positive and not self.usual

    @property
    def days(self) -> int:
        """Time span in days."""
        return (self.secondary - self.primary).days

    @property
    def _name(self) -> str:
        return f"pair {self.primary:%Y%m%d}_{self.secondary:%Y%m%d} of frame {self.frame}"


@dataclass(frozen=True)
class Past:
    """What is usual on a track while the volcano is quiet, as known on a date."""

    track: str
    dates: int
    """Quiet dates that it rests on; 0 where all is as on all quiet ground."""
    first: dt.date | None
    last: dt.date | None
    """First and last of them; None where there are none."""
    centre: float
    """Of its upper part, in standard deviations above the middle of all quiet ground."""
    spread: float
    """In the same unit, 1 or more: 1 on all quiet ground."""
    moving_since: dt.date | None
    """First date of the track, where all its past is motion and none of it quiet; else None."""

    def weigh(self, pair: PairEvidence) -> PairEvidence:
        """Return the pair with the evidence that it is on this volcano.

        Its score becomes the one that is as rare on all quiet ground as this one is here, and a
        positive pair that would not be positive then is *usual*.
        """
        if not (self.dates and pair.scored):
            return pair
        own = float(logit(np.clip(pair.probability, _SUREST, 1 - _SUREST)))
        middle, width = pair.quiet.centre, pair.quiet.spread
        here = ((own - middle) / width - self.centre) / self.spread
        weighed = middle + width * here
        if weighed >= own:
            return pair
        usual = pair.positive and weighed < 0 <= own
        return replace(pair, probability=float(expit(weighed)), usual=usual)


@dataclass(frozen=True)
class SlowEvidence:
    """The rate of a place that speaks for motion on a date, whatever the pairs say."""

    track: str
    since: dt.date | None
    """First date of the episode of slow motion; None while too few dates begin it."""
    dates: int
    """In a row on which the track saw the same, this one included; 1 or more."""
    deviations: float
    """How far from rest, in standard deviations."""
    mm_per_day: float
    low_mm_per_day: float
    high_mm_per_day: float
    """Towards the satellite, and the ends of the 95 % interval; NaN where these are not known."""
    latitude: float
    longitude: float


@dataclass(frozen=True)
class DateVerdict:
    """What a method says of a date, and on which evidence."""

    date: dt.date
    probability: float
    """That the ground moved in the days before the date, 0 to 1; NaN where there is no data."""
    state: DateState
    since: dt.date | None
    """First date with evidence of the episode that runs; None where none runs.

    A date of `watch` or `no data` neither begins nor ends an episode, so it can have one.
    """
    pairs_for: int
    """Scored pairs of passes ending on the date that are positive."""
    pairs_against: int
    """Scored pairs of passes ending on the date that are not."""
    tracks_for: tuple[str, ...]
    """In order of their names: tracks of which at least half of the pairs speak for motion."""
    tracks_against: tuple[str, ...]
    """In order of their names: tracks of which more pairs speak against motion than for it."""
    level: float = math.nan
    """What the method measured, the higher the more for motion; NaN where there is no data."""
    level_needed: float = math.nan
    """The level from which the date is unrest: lower while an episode runs than to begin one."""
    unknown_since: dt.date | None = None
    """Of a date of `unknown`: the last date of which anything is known."""
    because: str = ""
    """Why it is in this state, in words."""
    past: Past | None = None
    """What was usual on the track of the date's strongest pair; None where there is no data."""
    slow: SlowEvidence | None = None
    """What a rate says for motion; its track is among `tracks_for`. None where none does."""

    @property
    def is_by_rate(self) -> bool:
        """Whether a rate speaks for motion and no pair is positive: no probability is of it."""
        return self.slow is not None and not self.pairs_for
