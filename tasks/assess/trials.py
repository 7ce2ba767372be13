"""Trials: a scenario simulated with many seeds in memory, scored and kept, seed by seed.

What a portal would serve is what is scored: the volcano's window of each pair, as bytes, by the
code that scores a cube and finds rates. Nothing is downloaded, and no home is needed.
"""

import dataclasses
import hashlib
import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import insar_models.simulation
from catalogs.records import DatePair
from fringewatch.atomic import write_atomically
from fringewatch.errors import BadInputError
from insar_models.detectors.protocol import Detector
from insar_models.detectors.views import views_of
from insar_models.onset.evidence import PairEvidence
from insar_models.onset.scored_pair import evidence_of
from tasks.assess.looks import FrameLooks
from tasks.assess.rate_truth import RateOutcome, read_rates, write_rates
from tasks.assess.scores_file import read_scores, score_table
from tasks.assess.simulated_rates import simulated_rates
from tasks.assess.truth_records import DatedEpisode, EpisodeKind, PairLabel, PlaceTruth
from tasks.assess.windows import cube_in_memory, cut_window, simulated_tile
from tasks.judge.cube_windows import MEASURING
from tasks.judge.score import SCORING, score_cube
from tasks.progress import report_progress
from tasks.scenarios.faults import Fault
from tasks.scenarios.frames import ScenarioFrame
from tasks.scenarios.scenario import Scenario, pairs_of_frame
from tasks.scenarios.scenes import scene_of
from tasks.scenarios.truth import pair_truths

_LOGGER = logging.getLogger(__name__)
_PAIRS_AT_ONCE = 12


@dataclass(frozen=True)
class TrialPlan:
    """What is tried: a scenario, a model, and the folder that keeps scores between runs."""

    scenario: Scenario
    model: Detector
    water_coherence: float
    keep: Path | None = None

    @property
    def folder(self) -> Path | None:
        """Where the scores of this very scenario and model lie, or will; None: nothing is kept."""
        if self.keep is None:
            return None
        name = f"{self.scenario.name}-{self.model.name}-{self._recipe[:12]}"
        return self.keep / name

    @property
    def _recipe(self) -> str:
        """Hash of everything that decides a score, so that no other recipe's is taken for it."""
        scenario = dataclasses.replace(self.scenario, seed=0)  # each trial has its own
        model = (self.model.sha256, self.model.threshold, views_of(self.model))
        made_of = (scenario, *model, self.water_coherence, SCORING)
        digest = hashlib.sha256(repr(made_of).encode())
        simulation = Path(str(insar_models.simulation.__file__)).parent
        for source in sorted(simulation.glob("*.py")):
            digest.update(source.read_bytes())
        return digest.hexdigest()


def seeds_of(plan: TrialPlan, count: int) -> range:
    """Return the seeds of a number of trials: the scenario's own and those after it.

    Raises
    ------
    BadInputError
        If the number is below 1.
    """
    if count < 1:
        message = f"--seeds is {count}: at least one trial is needed"
        raise BadInputError(message)
    return range(plan.scenario.seed, plan.scenario.seed + count)


@dataclass(frozen=True, eq=False)
class Trial:
    """The pairs of all frames with one seed."""

    plan: TrialPlan
    seed: int
    pairs: tuple[PairEvidence, ...]
    """In order of time. One that a fault spoils has no score; one never made is not there."""
    looks: tuple[FrameLooks, ...]
    """The sound pairs of each frame."""

    def rates(self, days: int) -> tuple[RateOutcome, ...]:
        """Return the rate of each date beside the true one: kept ones, or found and kept now.

        Parameters
        ----------
        days
            Before each date, whose pairs tell the rate; of 0 days there is none.

        Raises
        ------
        BadInputError
            If the kept table is damaged.
        HomeError
            If the folder cannot be written.
        """
        if not days:
            return ()
        file = _kept(self.plan, self.seed, f"rates-{MEASURING}-{days}.csv")
        if file is not None and file.is_file():
            return read_rates(file)
        scenario = self.plan.scenario
        found = [
            outcome
            for frame, looks in zip(scenario.frames, self.looks, strict=True)
            for outcome in simulated_rates(scenario, frame, self.seed, looks, days)
        ]
        found.sort(key=lambda one: (one.rate.date, one.rate.track))
        if file is not None:
            write_rates(file, found)
        return tuple(found)


def trial_of(plan: TrialPlan, seed: int) -> Trial:
    """Return one trial: a kept one, or one that is simulated, scored and kept now.

    Raises
    ------
    BadInputError
        If what is kept is damaged.
    HomeError
        If the folder cannot be written.
    """
    scenario = plan.scenario
    file = _kept(plan, seed, "csv")
    looks = [_kept(plan, seed, f"{frame.id}.npz") for frame in scenario.frames]
    if file is not None and all(path is not None and path.is_file() for path in (file, *looks)):
        _LOGGER.info("seed %d: the scores in %s are kept from before", seed, file)
        (kept,) = read_scores(file)
        read = [
            FrameLooks.read(path, str(frame.id), scenario.window)
            for path, frame in zip(looks, scenario.frames, strict=True)
            if path is not None
        ]
        return Trial(plan, seed, kept.pairs, tuple(read))
    made = [_frame(plan, frame, seed) for frame in scenario.frames]
    found = [pair for pairs, _ in made for pair in pairs]
    found.sort(key=lambda pair: (pair.secondary, pair.primary, pair.frame))
    for path, (_, own) in zip(looks, made, strict=True):
        if path is not None:
            own.write(path)
    if file is not None:
        write_atomically(file, score_table(scenario.volcano.slug, found).encode())
    return Trial(plan, seed, tuple(found), tuple(own for _, own in made))


def _kept(plan: TrialPlan, seed: int, ending: str) -> Path | None:
    return plan.folder / f"seed-{seed:05d}.{ending}" if plan.folder else None


def trial_truth(scenario: Scenario, seed: int) -> PlaceTruth:
    """Return what is true of a trial: the scenario's episodes, and what each pair shows."""
    kinds = {episode.name: EpisodeKind(episode.kind) for episode in scenario.episodes}
    pairs: dict[DatePair, PairLabel] = {}
    for truth in pair_truths(scenario, seed=seed):
        if truth.deforming:
            volcanic = any(kinds[name] is EpisodeKind.VOLCANIC for name in truth.episodes)
            pairs[truth.pair] = PairLabel.DEFORMING if volcanic else PairLabel.TECTONIC
        else:
            pairs.setdefault(truth.pair, PairLabel.QUIET)
    episodes = tuple(
        DatedEpisode(e.course.start, e.course.stop, e.name, kinds[e.name])
        for e in scenario.episodes
    )
    return PlaceTruth(episodes, pairs).checked(scenario.volcano.slug)


def _frame(
    plan: TrialPlan, frame: ScenarioFrame, seed: int
) -> tuple[Sequence[PairEvidence], FrameLooks]:
    """Return what is said of the pairs of a frame, and what its rates are found from."""
    scenario = plan.scenario
    faults = {
        pair: scenario.faults.fault_of(seed, frame.id, pair)
        for pair in pairs_of_frame(scenario, frame)
    }
    listed = [pair for pair, fault in faults.items() if fault is not Fault.MISSING_PAIR]
    sound = [pair for pair in listed if faults[pair] is Fault.NONE]
    scene = scene_of(scenario, frame, seed=seed)
    found = [
        PairEvidence(str(frame.id), pair.primary, pair.secondary, math.nan, math.nan)
        for pair in listed
        if faults[pair] is not Fault.NONE
    ]
    looks = []
    # As the landmask says that a simulated portal serves.
    water = ~cut_window(scene.is_land, scenario.window)
    for first in range(0, len(sound), _PAIRS_AT_ONCE):
        pairs = sound[first : first + _PAIRS_AT_ONCE]
        tiles = [simulated_tile(scenario.window, scene, pair) for pair in pairs]
        cube = cube_in_memory(scenario.window, tiles)
        scores = score_cube(cube, plan.model, water, plan.water_coherence)
        found += [
            evidence_of(str(frame.id), (pair.primary, pair.secondary), score.score, plan.model)
            for pair, score in zip(pairs, scores, strict=True)
        ]
        looks.append(
            FrameLooks.of_tiles(str(frame.id), scenario.window, tiles, water, plan.water_coherence)
        )
        report_progress(f"seed {seed}, {frame.id}", first + len(pairs), len(sound))
    return found, FrameLooks.joined(str(frame.id), scenario.window, looks)
