"""Which method and options dates should be judged by: false episodes against delay.

    python -m benchmarks.date_curve --keep FOLDER [--trees FOLDER] [--rewrapped NPZ --truth CSV]
        [--decades 3] [--fagradalsfjall 4] [--all]

Judged are, each by every method, preset and option, with rates beside it as the watch has them:

- `--trees`: real quiet ground, frames in LiCSAR's layout, FOLDER/<volcano>/<track>/<frame>. A
  volcano that is known to rise is named by `--moving` and is not counted as quiet;
- `--rewrapped`: a series of real displacement (the form of `fringewatch assess`), whose episodes
  stand in `--truth`;
- `--decades`: so many seeds of the scenario quiet-decade;
- `--fagradalsfjall`: so many of the scenario of that name: three slow inflations, and a dyke.

Scores and the cells that rates are found from stay in FOLDER: other options are compared without
scoring anew. A row is an option: of each set the false episodes and, in brackets, the dates of
watch a year; all sets together with the 95 % interval; then of each episode on how many series it
was found, not counting those on which unrest ran already (*), the median days from its onset, and
on how many of them its first acquisition was unrest. `--all` also moves single options that no
preset has.
"""

import argparse
import logging
import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.frame_rates import read_tiles
from catalogs.cubes.pair_tile import PairTile
from catalogs.rasters.grid import Window
from catalogs.settings import Settings
from fringewatch.atomic import write_atomically
from insar_models.detectors.protocol import Detector
from insar_models.onset.evidence import DateVerdict, PairEvidence
from insar_models.onset.methods import OnsetMethod, find_method
from insar_models.onset.scored_pair import evidence_of
from insar_models.onset.slow_motion import SlowMotion, with_rates
from insar_models.phase.window_patches import find_water
from tasks.assess.delays import assess, judged
from tasks.assess.looks import FrameLooks
from tasks.assess.outcomes import Assessment, Ending, EpisodeOutcome
from tasks.assess.rate_truth import RateOutcome, read_rates, write_rates
from tasks.assess.rates import poisson_rate
from tasks.assess.rewrapped import RewrappedPairs, volcano_of
from tasks.assess.rewrapped_series import read_series
from tasks.assess.runs import Case
from tasks.assess.scores_file import read_scores, score_table
from tasks.assess.trials import TrialPlan, seeds_of, trial_of, trial_truth
from tasks.assess.truth import read_truth
from tasks.assess.truth_records import PlaceTruth
from tasks.assess.windows import cube_in_memory
from tasks.judge.cube_windows import MEASURING
from tasks.judge.models import model_of
from tasks.judge.score import score_cube
from tasks.scenarios.scenario_file import read_scenario

_AT_ONCE: Final = 12


@dataclass(frozen=True)
class Option:
    """A way to judge dates."""

    method: str
    given: Mapping[str, Any] = field(default_factory=dict)
    rate_days: int = Settings.model_fields["rate_days"].default
    slow_deviations: float = Settings.model_fields["slow_deviations"].default

    @property
    def name(self) -> str:
        """In words."""
        options = "".join(f", {name} {value:g}" for name, value in self.given.items())
        if not self.slow_deviations:
            return f"{self.method}{options}; no rates"
        return f"{self.method}{options}; rates of {self.rate_days} d from {self.slow_deviations:g}"

    @property
    def rule(self) -> SlowMotion | None:
        """When rates begin and end an episode."""
        begin = self.slow_deviations
        return SlowMotion(begin=begin, end=min(SlowMotion.end, begin)) if begin else None


def options(*, every: bool) -> Iterator[Option]:
    """Yield what is compared: methods, then rates beside the default, then single options."""
    for name in ("deconvolution", "early", "quiet", "cumulative-sum", "rule"):
        yield Option(name)
    yield Option("rule", {"dates": 2})
    for begin in (0.0, 4.5, 5.0, 6.0):
        yield Option("deconvolution", slow_deviations=begin)
    for days in (48, 96):
        yield Option("deconvolution", rate_days=days)
    if every:
        for begin in (0.3, 0.4, 0.7, 0.8, 0.9):
            yield Option("deconvolution", {"begin": begin})
        for dates in (2, 3):
            yield Option("deconvolution", {"begin": 0.2, "dates": dates})
        for prior in (3, 12, 24, 100_000):
            yield Option("deconvolution", {"prior_dates": prior})
        for days in (48, 96):
            for begin in (5.0, 6.0):
                yield Option("deconvolution", rate_days=days, slow_deviations=begin)


@dataclass(frozen=True, eq=False)
class Watched:
    """A series with its scores, and how its rates are found."""

    case: Case
    """Without rates."""
    find: Callable[[int], tuple[RateOutcome, ...]]
    """Takes the days before each date whose pairs tell the rate."""
    known: dict[int, tuple[RateOutcome, ...]] = field(default_factory=dict)

    def rates(self, days: int) -> tuple[RateOutcome, ...]:
        """Return its rates, found once."""
        if days not in self.known:
            self.known[days] = self.find(days)
        return self.known[days]


@dataclass(frozen=True)
class Kept:
    """Where the scores, cells and rates of a real frame lie."""

    folder: Path
    name: str

    def scores(self, make: Callable[[], str]) -> tuple[PairEvidence, ...]:
        """Return the kept scores, or those of a table that is made and kept now."""
        file = self.folder / f"{self.name}.csv"
        if not file.is_file():
            write_atomically(file, make().encode())
        (kept,) = read_scores(file)
        return kept.pairs

    def rates(self, days: int, make: Callable[[], FrameLooks]) -> tuple[RateOutcome, ...]:
        """Return the kept rates, or those that are found and kept now."""
        file = self.folder / f"{self.name}.rates-{MEASURING}-{days}.csv"
        if not file.is_file():
            write_rates(file, map(RateOutcome, make().rates(days)))
        return read_rates(file)


def trees(folder: Path, keep: Path, model: Detector) -> Iterator[Watched]:
    """Yield the volcanoes of a folder of trees: what is kept, or what is scored now."""
    for volcano in sorted(path.name for path in folder.iterdir()):
        places = sorted((folder / volcano).glob("*/*/interferograms"))
        frames = [TreeFrame(place.parent, volcano, keep, model) for place in places]
        pairs = tuple(pair for frame in frames for pair in frame.pairs)

        def find(days: int, frames: Sequence[TreeFrame] = frames) -> tuple[RateOutcome, ...]:
            return tuple(rate for frame in frames for rate in frame.kept.rates(days, frame.looks))

        yield Watched(Case(volcano, pairs, PlaceTruth()), find)


class TreeFrame:
    """A frame in LiCSAR's layout, read when something of it is not kept."""

    def __init__(self, place: Path, volcano: str, keep: Path, model: Detector) -> None:
        """Name the frame's folder, whose it is, what scores it, and where that is kept."""
        self._place, self._volcano, self._model = place, volcano, model
        self.kept = Kept(keep, f"{volcano}-{place.name}")
        self.pairs = self.kept.scores(self._scores)

    @cached_property
    def _read(self) -> tuple[list[PairTile], Window, NDArray[np.bool_]]:
        tiles, window = read_tiles(self._place, self._volcano)
        every = [PairTile(pair, *tile) for pair, tile in tiles.items()]
        coherence = np.stack([tile.coherence for tile in every])
        return every, window, find_water(coherence, Settings().water_coherence)

    def _scores(self) -> str:
        tiles, window, water = self._read
        found = []
        for first in range(0, len(tiles), _AT_ONCE):
            lot = tiles[first : first + _AT_ONCE]
            cube = cube_in_memory(window, lot)
            scores = score_cube(cube, self._model, water, Settings().water_coherence)
            found += [
                evidence_of(
                    self._place.name,
                    (tile.pair.primary, tile.pair.secondary),
                    score.score,
                    self._model,
                )
                for tile, score in zip(lot, scores, strict=True)
            ]
        return score_table(self._volcano, found)

    def looks(self) -> FrameLooks:
        """Return what rates are found from."""
        tiles, window, water = self._read
        return FrameLooks.of_tiles(self._place.name, window, tiles, water)


def rewrapped(path: Path, truth: Path, keep: Path, model: Detector) -> Watched:
    """Return a series of displacement: what is kept, or what is scored now."""
    series = read_series(path)
    made = RewrappedPairs(series, volcano_of(series))
    kept = Kept(keep, series.frame)

    def scores() -> str:
        return score_table(made.volcano.slug, [one.evidence for one in made.scored(model)])

    known = read_truth(truth).at(made.volcano.slug, [series.frame])
    case = Case(made.volcano.slug, kept.scores(scores), known)
    return Watched(case, lambda days: kept.rates(days, made.looks))


def simulated(name: str, seeds: int, keep: Path, model: Detector) -> Iterator[Watched]:
    """Yield the trials of a scenario: what is kept, or what is simulated now."""
    scenario = read_scenario(name)
    plan = TrialPlan(scenario, model, Settings().water_coherence, keep)
    for seed in seeds_of(plan, seeds) if seeds else ():
        trial = trial_of(plan, seed)
        case = Case(f"seed {seed}", trial.pairs, trial_truth(scenario, seed))
        yield Watched(case, trial.rates)


class Judge:
    """Judges series by options; what pairs say is found once for several rates beside it."""

    def __init__(self) -> None:
        """Begin with nothing known."""
        self._known: dict[tuple[int, str], tuple[DateVerdict, ...]] = {}

    def assess(self, series: Watched, option: Option) -> Assessment:
        """Return what an option's verdicts on a series are worth."""
        method: OnsetMethod = find_method(option.method, option.given)
        key = (id(series), repr(method))
        if key not in self._known:
            self._known[key] = method.judge(series.case.pairs)
        verdicts = self._known[key]
        if option.rule:
            heard = series.case.heard
            rates = [one.rate for one in series.rates(option.rate_days) if one.rate.date in heard]
            verdicts = with_rates(verdicts, rates, option.rule)
        return assess(series.case.name, judged(verdicts), series.case.truth)


def row(option: Option, sets: Mapping[str, Sequence[Watched]], judge: Judge) -> list[str]:
    """Return the cells of an option."""
    cells, every = [option.name], []
    outcomes: dict[str, list[EpisodeOutcome]] = {}
    for series in sets.values():
        found = [judge.assess(one, option) for one in series]
        every += found
        false = sum(len(one.false_alarms) for one in found)
        years = sum(one.false_alarm_rate.years for one in found)
        watch = sum(one.watch_dates for one in found)
        cells.append(f"{false / years:.2f} ({watch / years:.1f})")
        for one in found:
            for outcome in one.episodes:
                outcomes.setdefault(outcome.episode.name, []).append(outcome)
    rates = [one.false_alarm_rate for one in every]
    whole = poisson_rate(sum(r.events for r in rates), sum(r.days for r in rates))
    cells.append(f"{whole.per_year:.2f} ({whole.low:.2f} to {whole.high:.2f})")
    return cells + [_episode(own) for own in outcomes.values()]


def _episode(outcomes: Sequence[EpisodeOutcome]) -> str:
    fresh = [o for o in outcomes if o.ending is Ending.FOUND and not o.ran_before]
    before = sum(outcome.ran_before for outcome in outcomes)
    first = sum(outcome.delay_acquisitions == 0 for outcome in fresh)
    days = [o.delay_days for o in fresh if o.delay_days is not None]
    spread = f", {statistics.median(days):g} d, {first} at once" if days else ""
    ran = f" +{before}*" if before else ""
    return f"{len(fresh)}{ran} of {len(outcomes)}{spread}"


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.date_curve")
    parser.add_argument("--keep", type=Path, required=True)
    parser.add_argument("--trees", type=Path)
    parser.add_argument("--moving", nargs="+", default=("laguna-del-maule",))
    parser.add_argument("--rewrapped", type=Path)
    parser.add_argument("--truth", type=Path)
    parser.add_argument("--decades", type=int, default=3)
    parser.add_argument("--fagradalsfjall", type=int, default=4)
    parser.add_argument("--all", action="store_true", help="single options too")
    given = parser.parse_args()
    logging.basicConfig(level=logging.WARNING)
    model = model_of(Settings(home=given.keep / "home"))
    keep = given.keep / f"real-{model.name}-{model.sha256[:12]}"
    keep.mkdir(parents=True, exist_ok=True)
    sets: dict[str, list[Watched]] = {}
    if given.trees:
        every = list(trees(given.trees, keep, model))
        sets["real quiet ground"] = [one for one in every if one.case.name not in given.moving]
    if given.rewrapped:
        sets["re-wrapped"] = [rewrapped(given.rewrapped, given.truth, keep, model)]
    for name, seeds in (
        ("quiet-decade", given.decades),
        ("fagradalsfjall-2019-2021", given.fagradalsfjall),
    ):
        if seeds:
            sets[name] = list(simulated(name, seeds, given.keep, model))
    judge = Judge()
    names = [
        e.name for own in sets.values() for e in own[0].case.truth.episodes if e.kind == "volcanic"
    ]
    for name, own in sets.items():
        found = [judge.assess(one, Option("rule", slow_deviations=0)) for one in own]
        years = sum(one.false_alarm_rate.years for one in found)
        print(f"{name}: {years:.1f} quiet years of {len(own)} series")
    header = ["option", *sets, "all (95 %)", *names]
    print("| " + " | ".join(header) + " |\n|" + "---|" * len(header))
    for option in options(every=given.all):
        print("| " + " | ".join(row(option, sets, judge)) + " |", flush=True)


if __name__ == "__main__":
    main()
