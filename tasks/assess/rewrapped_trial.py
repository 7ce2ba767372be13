"""A series of displacement, scored by a model, beside what is true of its volcano."""

from dataclasses import dataclass
from pathlib import Path

from insar_models.detectors.protocol import Detector
from insar_models.onset.methods import OnsetMethod
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

    @property
    def case(self) -> Case:
        """The trial as the methods are judged by it; its name says what was scored."""
        name = f"{self.pairs.volcano.slug}, re-wrapped displacement, not LiCSAR products"
        return Case(name, tuple(item.evidence for item in self.scored), self.truth)

    def alarms(self, method: OnsetMethod, grace_days: int) -> tuple[Alarm, ...]:
        """Return the alarms of a method, in order of time."""
        verdicts = method.judge(self.case.pairs)
        return alarms_of(method.name, verdicts, self.scored, self.truth.episodes, grace_days)


def rewrapped_trial(
    path: Path, truth: Truth, model: Detector, volcano: str | None = None
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

    Raises
    ------
    BadInputError
        If the file is no such series, it does not show the volcano, or the truth is of others.
    """
    series = read_series(path)
    pairs = RewrappedPairs(series, volcano_of(series, volcano))
    known = truth.at(pairs.volcano.slug, [series.frame])
    return RewrappedTrial(pairs, model, known, pairs.scored(model))
