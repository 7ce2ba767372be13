import dataclasses
import datetime as dt
import shutil
from pathlib import Path

import numpy as np
import pytest

from catalogs.rasters.grid import Grid, Window
from catalogs.records import DatePair
from catalogs.settings import Settings
from fringewatch.errors import BadInputError
from insar_models.detectors.protocol import Detector
from insar_models.onset.scored_pair import evidence_of
from insar_models.simulation import Scene
from tasks.assess import trials
from tasks.assess.trials import TrialPlan, seeds_of, trial_of, trial_truth
from tasks.assess.windows import cube_in_memory, cut_window, simulated_tile
from tasks.judge.cube_windows import MEASURING
from tasks.judge.models import model_of
from tasks.scenarios.faults import Faults
from tasks.scenarios.frames import PairsRule
from tasks.scenarios.scenario import Scenario
from tasks.scenarios.scenario_file import read_scenario
from tasks.scenarios.scenes import scene_of


def small_scenario() -> Scenario:
    """Three dates before a dyke and two after it, and the seven pairs of them."""
    whole = read_scenario("dyke-step")
    (onset,) = (episode.course.start for episode in whole.episodes)
    (frame,) = whole.frames
    steps = (-18, -12, -6, 6, 12)
    days = tuple(onset + dt.timedelta(days=step) for step in steps)
    few = dataclasses.replace(frame, passes=(), dates=days, gaps=())
    return dataclasses.replace(whole, frames=(few,), pairs=PairsRule(spans=(1, 2)))


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return small_scenario()


@pytest.fixture(scope="module")
def model() -> Detector:
    return model_of(Settings())


@pytest.fixture(scope="module")
def kept(
    scenario: Scenario, model: Detector, tmp_path_factory: pytest.TempPathFactory
) -> TrialPlan:
    """A plan of which the trial of seed 5 was made."""
    plan = TrialPlan(scenario, model, 0.1, tmp_path_factory.mktemp("kept"))
    trial_of(plan, 5)
    return plan


def test_the_pairs_over_the_dyke_score_higher(kept: TrialPlan) -> None:
    pairs = trial_of(kept, 5).pairs
    onset = kept.scenario.episodes[0].course.start
    over = [pair.logit for pair in pairs if pair.primary < onset < pair.secondary]
    beside = [pair.logit for pair in pairs if not pair.primary < onset < pair.secondary]
    assert (len(over), len(beside)) == (3, 4)
    assert min(over) > max(beside)
    for pair in pairs:
        dates = (pair.primary, pair.secondary)
        score = pair.logit + kept.model.threshold
        same = evidence_of(pair.frame, dates, score, kept.model)
        assert same.probability == pytest.approx(pair.probability, abs=1e-6)


def test_a_finished_trial_is_not_simulated_again(
    kept: TrialPlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = trial_of(kept, 5)
    monkeypatch.setattr(trials, "simulated_tile", None)
    again = trial_of(kept, 5)
    assert again.pairs == before.pairs
    for one, other in zip(again.looks, before.looks, strict=True):
        assert (one.frame, one.window, one.dates) == (other.frame, other.window, other.dates)
        np.testing.assert_array_equal(one.phasors, other.phasors)
    with pytest.raises(TypeError):
        trial_of(kept, 6)


def test_another_recipe_has_another_folder(kept: TrialPlan) -> None:
    other = dataclasses.replace(kept, water_coherence=0.2)
    assert other.folder != kept.folder
    reseeded = dataclasses.replace(kept.scenario, seed=99)
    assert dataclasses.replace(kept, scenario=reseeded).folder == kept.folder
    assert dataclasses.replace(kept, keep=None).folder is None


def test_a_damaged_table_is_named(kept: TrialPlan, tmp_path: Path) -> None:
    plan = dataclasses.replace(kept, keep=tmp_path)
    assert plan.folder is not None
    assert kept.folder is not None
    shutil.copytree(kept.folder, plan.folder)
    file = plan.folder / "seed-00005.csv"
    file.write_text("volcano,frame\n")
    with pytest.raises(BadInputError, match=r"seed-00005\.csv"):
        trial_of(plan, 5)


def test_spoilt_pairs_have_no_score(kept: TrialPlan) -> None:
    blank = dataclasses.replace(kept.scenario, faults=Faults(blank_pairs=1.0))
    pairs = trial_of(TrialPlan(blank, kept.model, 0.1), 5).pairs
    assert len(pairs) == 7
    assert not any(pair.scored for pair in pairs)
    missing = dataclasses.replace(kept.scenario, faults=Faults(missing_pairs=1.0))
    nothing = trial_of(TrialPlan(missing, kept.model, 0.1), 5)
    assert nothing.pairs == ()
    assert nothing.rates(72) == ()


def test_the_rates_of_a_trial_stand_beside_what_the_ground_did(
    kept: TrialPlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    trial = trial_of(kept, 5)
    rates = trial.rates(72)
    (newest,) = rates  # of fewer than five acquisitions there is none
    assert newest.rate.date == max(pair.secondary for pair in trial.pairs)
    assert newest.moves
    assert newest.has_sign
    assert newest.error_mm_per_day < 0.4 * abs(newest.true_mm_per_day)
    monkeypatch.setattr(trials, "simulated_rates", None)
    assert repr(trial_of(kept, 5).rates(72)) == repr(rates)  # NaN is not itself
    assert trial.rates(0) == ()


def test_damaged_rates_are_named(kept: TrialPlan, tmp_path: Path) -> None:
    plan = dataclasses.replace(kept, keep=tmp_path)
    assert plan.folder is not None
    trial = dataclasses.replace(trial_of(kept, 5), plan=plan)
    plan.folder.mkdir()
    (plan.folder / f"seed-00005.rates-{MEASURING}-72.csv").write_text("track,date\n")
    with pytest.raises(BadInputError, match=r"rates-.*\.csv holds no rates"):
        trial.rates(72)


def test_the_truth_of_a_trial(scenario: Scenario) -> None:
    truth = trial_truth(scenario, 5)
    (episode,) = truth.episodes
    assert episode.start == scenario.episodes[0].course.start
    deforming = {pair for pair, label in truth.pairs.items() if label.value == "deforming"}
    assert deforming == {p for p in truth.pairs if p.primary < episode.start < p.secondary}
    assert len(deforming) == 3
    quake = dataclasses.replace(scenario.episodes[0], kind="tectonic")
    tectonic = trial_truth(dataclasses.replace(scenario, episodes=(quake,)), 5)
    assert {label.value for label in tectonic.pairs.values()} == {"quiet", "tectonic"}


def test_seeds_count_on_from_the_scenarios_own(kept: TrialPlan) -> None:
    own = kept.scenario.seed
    assert list(seeds_of(kept, 3)) == [own, own + 1, own + 2]
    with pytest.raises(BadInputError, match="--seeds is 0"):
        seeds_of(kept, 0)


def test_a_window_beyond_the_raster_holds_no_data() -> None:
    raster = np.arange(1, 13, dtype=np.uint8).reshape(3, 4)
    grid = Grid(0.0, 0.0, 1.0, 1.0, 4, 3)
    assert cut_window(raster, Window(grid, -1, -1, 3)).tolist() == [[0, 0, 0], [0, 1, 2], [0, 5, 6]]
    assert cut_window(raster, Window(grid, 1, 2, 3)).tolist() == [[7, 8, 0], [11, 12, 0], [0, 0, 0]]
    assert cut_window(raster, Window(grid, 0, 1, 2)).tolist() == [[2, 3], [6, 7]]


def test_a_cube_in_memory_is_one_chunk_a_pair(scenario: Scenario) -> None:
    (frame,) = scenario.frames
    scene: Scene = scene_of(scenario, frame)
    pair = DatePair(*frame.acquisitions[:2])
    tile = simulated_tile(scenario.window, scene, pair)
    assert tile.phase.any()
    assert not tile.phase[tile.coherence == 0].any()
    cube = cube_in_memory(scenario.window, [tile, tile])
    assert cube["phase"].data.chunks == ((1, 1), (500,), (500,))
    assert cube["y"].to_numpy()[0] > cube["y"].to_numpy()[-1]
