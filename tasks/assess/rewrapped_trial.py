"""A series of displacement, scored by a model, beside what is true of its volcano."""

from dataclasses import dataclass
from pathlib import Path

from insar_models.detectors.protocol import Detector
from insar_models.onset.methods import OnsetMethod
from insar_models.onset.slow_motion import PlaceRate, SlowMotion
from tasks.assess.rate_truth import RateOutcome
from tasks.assess.rewrapped import LocatedPair, RewrappedPairs, volcano_of
from tasks.assess.rewrapped_alarms import Alarm, alarms_of
from tasks.assess.rewrapped_series import read_series
from tasks.assess.runs import Case
from tasks.assess.truth_records import PlaceTruth, Truth


@dataclass(frozen=True)
class RewrappedTrial:
    """What was scored, by which model, and the truth."""

    pairs: RewrappedPairs
    model: Detector
    truth: PlaceTruth
    scored: tuple[LocatedPair, ...]
    """All pairs."""
    rates: tuple[PlaceRate, ...] = ()
    """How fast the place moves that moves most, date by date; what is true of it nobody knows."""

    @property
    def case(self) -> Case:
        """The trial as the methods are judged by it; its name says what was scored."""
        name = f"{self.pairs.volcano.slug}, re-wrapped displacement, not LiCSAR products"
        rates = tuple(map(RateOutcome, self.rates))
        return Case(name, tuple(item.evidence for item in self.scored), self.truth, rates)

    def alarms(
        self, method: OnsetMethod, grace_days: int, slow: SlowMotion | None = None
    ) -> tuple[Alarm, ...]:
        """Return the alarms of a method, and of rates beside it, in order of time."""
        verdicts = self.case.verdicts(method, slow)
        return alarms_of(method.name, verdicts, self.scored, self.truth.episodes, grace_days)


def rewrapped_trial(
    path: Path, truth: Truth, model: Detector, volcano: str | None = None, rate_days: int = 0
) -> RewrappedTrial:
    """Return the scored pairs of a series of displacement.

    Parameters
    ----------
    path
        From `read_series`.
    truth
        EvaluationRequest for before anything is scored.
    model
        Scores the pairs.
    volcano
        By default the one nearest to the middle of the series.
    rate_days
        Before each date, whose pairs tell how fast places move; 0 for not at all.

    Raises
    ------
    BadInputError
        If the file is no such series, it does not show the volcano, or the truth is of others.
    """
    series = read_series(path)
    pairs = RewrappedPairs(series, volcano_of(series, volcano))
    known = truth.at(pairs.volcano.slug, [series.frame])
    rates = pairs.looks().rates(rate_days) if rate_days else ()
    return RewrappedTrial(pairs, model, known, pairs.scored(model), rates)
