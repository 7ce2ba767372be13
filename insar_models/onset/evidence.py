"""What goes in, one record for each scored pair, and what comes out, one for each date."""

import datetime as dt
import math
from dataclasses import dataclass
from enum import StrEnum

from fringewatch.errors import BadInputError


class DateState(StrEnum):
    """What is said of a date."""

    QUIET = "quiet"
    """Pairs were scored and speak against deformation."""
    WATCH = "watch"
    """Something speaks for deformation, but too little, too vaguely, or not all tracks agree."""
    UNREST = "unrest"
    """The ground deforms."""
    NO_DATA = "no data"
    """No pair that ends on the date has a score: silence, which is never quiet."""


@dataclass(frozen=True)
class PairEvidence:
    """What a model says of a pair: whether the ground moved after `primary`, up to `secondary`."""

    frame: str
    primary: dt.date
    secondary: dt.date
    logit: float
    """Less the model's threshold, so that 0 and more is positive; NaN where there is no score."""
    probability: float
    """Calibrated, 0 to 1; NaN where there is no score."""

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
    def days(self) -> int:
        """Time span in days."""
        return (self.secondary - self.primary).days

    @property
    def _name(self) -> str:
        return f"pair {self.primary:%Y%m%d}_{self.secondary:%Y%m%d} of frame {self.frame}"


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
    """In order of their names: tracks of which at least half of the pairs are positive."""
    tracks_against: tuple[str, ...]
    """In order of their names: the date's other tracks."""
