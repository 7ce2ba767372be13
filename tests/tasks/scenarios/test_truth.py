"""The tables of truth, and the scenes they are made of."""

import csv
import dataclasses
import datetime as dt
from pathlib import Path

import numpy as np
import pytest

from insar_models.simulation.scene import deformation_m
from tasks.scenarios.faults import Fault, Faults
from tasks.scenarios.scenario import Scenario, pairs_of_frame
from tasks.scenarios.scenario_file import read_scenario
from tasks.scenarios.scenes import scene_of
from tasks.scenarios.truth import LEAST_PEAK_M, date_truths, pair_truths, window_land, write_truth
from tests.tasks.scenarios.small_scenario import small_scenario


@pytest.fixture
def scenario(tmp_path: Path) -> Scenario:
    return small_scenario(tmp_path)


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_the_tables_have_their_columns_and_rows(scenario: Scenario, tmp_path: Path) -> None:
    write_truth(scenario, tmp_path)
    (episode,) = _rows(tmp_path / "truth" / "episodes.csv")
    assert episode == {
        "volcano": "fagradalsfjall", "name": "dyke", "kind": "volcanic",
        "start": "2021-02-24", "end": "2021-03-19",
    }  # fmt: skip
    pairs = _rows(tmp_path / "truth" / "pairs.csv")
    assert list(pairs[0]) == [
        "volcano", "frame", "primary_date", "secondary_date", "days", "episodes", "peak_m",
        "deforming", "fault",
    ]  # fmt: skip
    assert [(row["secondary_date"], row["days"], row["episodes"], row["deforming"])
            for row in pairs] == [
        ("2021-02-23", "6", "", "0"),
        ("2021-03-01", "12", "dyke", "1"),
        ("2021-03-01", "6", "dyke", "1"),
        ("2021-02-25", "6", "dyke", "1"),
    ]  # fmt: skip
    assert float(pairs[0]["peak_m"]) == 0
    # The same dates of the same source: a pair of 12 days has what its second half has.
    assert float(pairs[1]["peak_m"]) == float(pairs[2]["peak_m"]) > 0.05
    dates = _rows(tmp_path / "truth" / "dates.csv")
    assert [(row["date"], row["deforming"]) for row in dates] == [
        ("2021-02-19", "0"), ("2021-02-23", "0"), ("2021-02-25", "1"), ("2021-03-01", "1"),
    ]  # fmt: skip


def test_what_stands_there_keeps_its_bytes(scenario: Scenario, tmp_path: Path) -> None:
    write_truth(scenario, tmp_path)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "truth").iterdir()}
    write_truth(scenario, tmp_path)
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "truth").iterdir()} == before


def test_the_peak_is_that_of_the_land_of_the_window(scenario: Scenario) -> None:
    frame = scenario.frames[0]
    scene = scene_of(scenario, frame)
    pair = pairs_of_frame(scenario, frame)[-1]
    moved_m = np.abs(deformation_m(scene, pair.primary, pair.secondary))
    truth = pair_truths(scenario)[2]
    assert truth.pair == pair
    assert truth.peak_m == moved_m[window_land(scenario, scene)].max()


def test_sea_counts_for_nothing(scenario: Scenario) -> None:
    far = ((-21.9, 64.0), (-21.95, 64.0), (-21.95, 64.1))
    sea = dataclasses.replace(scenario, ground=dataclasses.replace(scenario.ground, coastline=far))
    assert max(truth.peak_m for truth in pair_truths(scenario)) > 0.05
    assert max(truth.peak_m for truth in pair_truths(sea)) < LEAST_PEAK_M


def test_what_the_footprint_leaves_out_counts_for_nothing(scenario: Scenario) -> None:
    east = ((-22.05, 63.5), (-21.5, 63.5), (-21.5, 63.7), (-22.05, 63.7))
    frame = dataclasses.replace(scenario.frames[0], footprint=east)
    moved = dataclasses.replace(scenario, frames=(frame,))
    scene = scene_of(moved, frame)
    assert scene.is_seen.any()
    assert max(truth.peak_m for truth in pair_truths(moved)) < LEAST_PEAK_M


def test_half_a_fringe_is_where_a_pair_begins_to_deform() -> None:
    demo = read_scenario("demo")
    truths = pair_truths(demo)
    assert [truth.deforming for truth in truths] == [truth.peak_m >= 0.014 for truth in truths]
    first = next(truth for truth in truths if truth.deforming)
    assert first.pair.secondary == dt.date(2021, 3, 1)


def test_the_published_centimetres_of_reykjanes() -> None:
    """Uplift of the inflations, line of sight of the earthquake: a third around the published."""
    scenario = read_scenario("fagradalsfjall-2019-2021")
    scene = scene_of(scenario, scenario.frames[0])
    up = scene.sight.unit_vector[2]
    peaks_m = {
        episode.name: float(np.abs(change_m).max())
        for episode, change_m in zip(scenario.episodes, scene.episode_range_changes_m, strict=True)
    }
    inflations_m = [peaks_m[f"inflation {number} of Svartsengi"] for number in (1, 2, 3)]
    assert sum(inflations_m[:2]) / up == pytest.approx(0.075, rel=0.33)
    assert sum(inflations_m) == pytest.approx(4 * 0.0277, rel=0.33)
    assert peaks_m["earthquake of Nupshlidarhals"] == pytest.approx(0.05, rel=0.33)
    first = scenario.episodes[0].course
    five_days_m = first.fraction(dt.date(2020, 1, 26)) * inflations_m[0] / up
    assert five_days_m == pytest.approx(0.02, rel=0.33)


def test_an_earthquake_deforms_and_is_called_tectonic() -> None:
    scenario = read_scenario("fagradalsfjall-2019-2021")
    one_frame = dataclasses.replace(scenario, frames=scenario.frames[:1])
    dates = {truth.date: truth for truth in date_truths(one_frame)}
    quake = dates[dt.date(2020, 10, 20)]
    assert quake.episodes == ("earthquake of Nupshlidarhals",)
    assert not dates[dt.date(2020, 10, 26)].deforming
    assert not dates[dt.date(2019, 12, 1)].deforming
    assert [e.kind for e in scenario.episodes if e.name == quake.episodes[0]] == ["tectonic"]


def test_frames_share_the_ground_but_not_the_weather(scenario: Scenario) -> None:
    one, other = (scene_of(scenario, frame) for frame in scenario.frames)
    assert np.array_equal(one.ground_fields.bareness, other.ground_fields.bareness)
    assert one.track != other.track
    again = scene_of(scenario, scenario.frames[0], seed=8)
    assert again.episodes == one.episodes
    assert not np.array_equal(again.ground_fields.bareness, one.ground_fields.bareness)


def test_faults_are_as_many_as_their_shares_and_always_the_same() -> None:
    scenario = read_scenario("quiet-decade")
    frame = scenario.frames[1]
    faults = Faults(missing_pairs=0.2, cut_files=0.1)
    pairs = pairs_of_frame(scenario, frame)
    found = [faults.fault_of(1, frame.id, pair) for pair in pairs]
    assert found == [faults.fault_of(1, frame.id, pair) for pair in pairs]
    assert found != [faults.fault_of(2, frame.id, pair) for pair in pairs]
    assert set(found) == {Fault.NONE, Fault.MISSING_PAIR, Fault.CUT_FILE}
    assert found.count(Fault.MISSING_PAIR) / len(pairs) == pytest.approx(0.2, abs=0.06)
    assert found.count(Fault.CUT_FILE) / len(pairs) == pytest.approx(0.1, abs=0.05)
