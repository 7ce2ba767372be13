"""Scenario files: what they may hold, and what is said about what they may not."""

import csv
import datetime as dt
from pathlib import Path

import pytest

from catalogs.records import DatePair
from fringewatch.errors import BadInputError
from insar_models.simulation.sources import Mogi, Rectangle
from insar_models.simulation.time_courses import Eruption, ExponentialInflation, Ramp, Step
from tasks.scenarios.patch_scenario import PatchScenario
from tasks.scenarios.scenario import Scenario, pairs_of_frame
from tasks.scenarios.scenario_file import read_any, read_scenario, shipped_scenarios
from tests.tasks.scenarios.small_scenario import SMALL, small_file, small_scenario

NAMES = [name for name, _ in shipped_scenarios()]


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_scenario_can_be_read_and_says_what_it_is(name: str) -> None:
    found = read_any(name)
    assert found.name == name
    assert 10 < len(found.summary) < 100
    assert (found.summary) == dict(shipped_scenarios())[name]


def test_all_kinds_of_sources_and_courses_are_shipped() -> None:
    scenarios = [found for found in map(read_any, NAMES) if isinstance(found, Scenario)]
    episodes = [episode for scenario in scenarios for episode in scenario.episodes]
    assert {type(episode.course) for episode in episodes} == {
        Step, Ramp, ExponentialInflation, Eruption,
    }  # fmt: skip
    assert {type(episode.source) for episode in episodes} == {Mogi, Rectangle}
    assert {episode.kind for episode in episodes} == {"volcanic", "tectonic"}
    quiet = read_scenario("quiet-decade")
    assert quiet.episodes == ()
    assert len(quiet.frames) == 2
    assert (quiet.days[-1] - quiet.days[0]).days > 3640


def test_the_patch_sets_are_those_of_the_paper_and_of_a_curve() -> None:
    paper, curve = read_any("paper-synthetic"), read_any("detection-curve")
    assert isinstance(paper, PatchScenario)
    assert isinstance(curve, PatchScenario)
    assert (paper.patches.positives, paper.patches.negatives) == (731, 731)
    assert paper.patches.peak_edges_m == (0.05, 0.25)
    assert curve.patches.peak_edges_m[0] == 0.01
    assert curve.patches.peak_edges_m[-1] == 0.25
    assert curve.patches.positives % (len(curve.patches.peak_edges_m) - 1) == 0


def test_the_demo_has_the_pairs_of_6_and_12_days() -> None:
    demo = read_scenario("demo")
    (frame,) = demo.frames
    pairs = pairs_of_frame(demo, frame)
    assert len(pairs) == len(set(pairs)) == 37
    assert list(pairs) == sorted(pairs)
    assert {pair.days for pair in pairs} == {6, 12}
    assert pairs[0].primary == dt.date(2021, 1, 6)
    assert pairs[-1].secondary == dt.date(2021, 4, 30)
    assert demo.episodes[0].course.start == dt.date(2021, 2, 24)


def test_the_dates_of_reykjanes_are_the_frames_true_ones(shared_data: Path) -> None:
    table = shared_data / "labels" / "reykjanes_155D_02579_100800_per_ifg.csv"
    with table.open(newline="") as file:
        true = {
            DatePair.parse(f"{row['primary_date']}_{row['secondary_date']}")
            for row in csv.DictReader(file)
        }
    days = {day for pair in true for day in (pair.primary, pair.secondary)}
    frame = read_scenario("fagradalsfjall-2019-2021").frames[0]
    assert set(frame.acquisitions) == {day for day in days if day >= dt.date(2019, 6, 1)}
    demo = read_scenario("demo")
    assert set(pairs_of_frame(demo, demo.frames[0])) <= true


def test_a_seed_of_the_callers_replaces_the_files(tmp_path: Path) -> None:
    path = small_file(tmp_path)
    assert read_scenario(path).seed == 7
    assert read_scenario(path, seed=8).seed == 8
    with pytest.raises(BadInputError, match="seed=-1"):
        read_scenario(path, seed=-1)


def test_dates_and_passes_unite_and_gaps_take_away(tmp_path: Path) -> None:
    found = small_scenario(
        tmp_path,
        "dates = [2021-02-19, 2021-02-25]",
        "dates = [2021-02-19, 2021-02-25]\n"
        "passes = [{first = 2021-02-25, last = 2021-03-30, step_days = 6}]\n"
        "missing = [2021-03-03]\ngaps = [[2021-03-10, 2021-03-20]]",
    )
    days = [dt.date(2021, 2, 19), dt.date(2021, 2, 25), dt.date(2021, 3, 9), dt.date(2021, 3, 21),
            dt.date(2021, 3, 27)]  # fmt: skip
    assert list(found.frames[1].acquisitions) == days
    assert [pair.days for pair in pairs_of_frame(found, found.frames[1])] == [
        6, 18, 12, 24, 12, 18, 6,
    ]  # fmt: skip


def test_no_pair_is_longer_than_the_longest(tmp_path: Path) -> None:
    found = small_scenario(tmp_path, "spans = [1, 2]", "spans = [1, 2]\nlongest_days = 6")
    pairs = [pair for frame in found.frames for pair in pairs_of_frame(found, frame)]
    assert [pair.days for pair in pairs] == [6, 6, 6]


SOURCE = 'type = "dyke", longitude = -22.229, latitude = 63.909, top_m = 1000'
COURSE = "start = 2021-02-24, stop = 2021-03-19"

WRONG = [
    ("seed = 7", "seeds = 7", "seeds is no key: did you mean seed"),
    ("seed = 7", "", "seed is missing"),
    ("seed = 7", 'seed = "7"', "seed is '7': give a number"),
    ("seed = 7", "seed = 7.5", "seed is 7.5: give a whole number"),
    ("seed = 7", "seed = true", "seed is True: give a number"),
    ("seed = 7", 'seed = 7\nname = "x"', "name is no key"),
    ("fagradalsfjall", "fagradalsfjal", "volcano: no volcano 'fagradalsfjal'.*fagradalsfjall"),
    ('"fagradalsfjall"', "371032", "volcano is 371032: give a text"),
    ("155D_02579_100800", "142A_07606_131313", r"frames\[1\].id: frame 142A\S+ is not listed for"),
    ("155D_02579_100800", "155D", r"frames\[1\].id: '155D' is not a LiCSAR frame id"),
    ("155D_02579_100800", "016A_02562_091313", r"frames\[1\].id: frame 016A\S+ stands there twice"),
    ("heading_degrees = -167.83", "heading_degrees = -12",
     r"frames\[.\].heading_degrees = -12 is ascending, and frame \S+D\S+ is descending"),
    ("incidence_degrees = 39\n", "incidence_degrees = 93\n", r"frames\[1\].incidence_deg\w+: .*93"),
    ("last = 2021-03-01", "last = 2021-02-01", r"frames\[1\].passes\[1\].last: .*comes before"),
    ("step_days = 6", "step_days = 0", r"frames\[1\].passes\[1\].step_days"),
    ("[2021-02-19, 2021-02-25]", "[2021-02-25, 2021-02-19]", r"frames\[2\].dates: .*out of order"),
    ("[2021-02-19, 2021-02-25]", "[2021-02-25]", r"frames\[2\].dates: .*a pair needs two"),
    ("[2021-02-19, 2021-02-25]", '["2021-02-25"]', r"frames\[2\].dates\[1\] .*without quotes"),
    ("[2021-02-19, 2021-02-25]", "[2021-02-25T10:00:00]", r"frames\[2\].dates\[1\] .*a date"),
    ("[2021-02-19, 2021-02-25]", "2021-02-25", r"frames\[2\].dates is .*a list"),
    ("[2021-02-19, 2021-02-25]", "[2021-02-19, 2021-02-25]\nmissing = [2021-02-20]",
     r"frames\[2\].missing: .*2021-02-20"),
    ("[2021-02-19, 2021-02-25]", "[2021-02-19, 2021-02-25]\ngaps = [[2021-03-01, 2021-02-26]]",
     r"frames\[2\].gaps: .*ends before it starts"),
    ("[2021-02-19, 2021-02-25]",
     "[2021-02-19, 2021-02-25]\nfootprint = [[0, 0], [1, 0], [1, 1]]",
     r"frames\[2\].footprint: it leaves out all"),
    ("[2021-02-19, 2021-02-25]", "[2021-02-19, 2021-02-25]\nfootprint = [[0, 0, 0]]",
     r"frames\[2\].footprint\[1\] is \[0, 0, 0\]: give a list of 2"),
    ("spans = [1, 2]", "spans = [0]", r"pairs.spans: .*\[0\]"),
    ("spans = [1, 2]", "spans = [9]", "pairs: the rule makes none"),
    ("spans = [1, 2]", "spans = [1]\nlongest_days = 3", "pairs: the rule makes none"),
    ("width = 70", "width = 0", "area.width: GroundGrid: width=0: give a whole number"),
    ("west = -22.6205", "west = 22.6205", "the window round 63.895 N"),
    (SOURCE, SOURCE.replace("1000", "-10"), r"episodes\[1\].source.top_m: .*-10"),
    (SOURCE, SOURCE.replace("1000", "6000"), r"episodes\[1\].source.bottom_m: .*5000"),
    (SOURCE, SOURCE.replace("dyke", "dike"), r"episodes\[1\].source.type is 'dike': .*dyke"),
    (SOURCE, SOURCE.partition(", ")[2], r"episodes\[1\].source.type is missing"),
    (SOURCE, "dip_degrees = 95, " + SOURCE, r"episodes\[1\].source.dip_degrees: .*95"),
    (SOURCE, "depth_m = 95, " + SOURCE, r"episodes\[1\].source.depth_m is no key"),
    (SOURCE, SOURCE.replace("-22.2", "22.2"), r"episodes\[1\].source of 'dyke' lies at .*22.229"),
    (SOURCE, SOURCE.replace("63.909", "inf"), r"episodes\[1\].source.latitude is inf"),
    (COURSE, "start = 2021-03-19, stop = 2021-02-24", r"episodes\[1\].course.stop: .*2021-02-24"),
    (COURSE, "start = 2012-02-24, stop = 2012-03-19", r"episodes\[1\].course .*2012.*outside"),
    (COURSE, "start = 2022-02-24, stop = 2022-03-19", r"episodes\[1\].course .*2022.*outside"),
    ("decay_days = 9", "decay_days = -9", r"episodes\[1\].course.decay_days: .*-9"),
    ('name = "dyke"', 'name = "dyke"\nkind = "odd"', r"episodes\[1\].kind is 'odd': give one of"),
    ('name = "dyke"', "", r"episodes\[1\].name is missing"),
    ("[[ground.lava]]", "[ground.lava]", r"ground.lava is .*a list"),
    ("[[ground.lava]]", "[ground.terrain]\nexponent = 9\n[[ground.lava]]",
     r"ground.terrain.exponent: .*9"),
    ("[[ground.lava]]", "[ground]\nterrain = 3\n[[ground.lava]]", "ground.terrain is 3: .*table"),
    ("area_km2 = 5", "area_km2 = -5", r"ground.lava\[1\].area_km2: .*-5"),
    ("[area]", "[faults]\ncut_files = 0.7\nblank_pairs = 0.7\n[area]", "faults: shares"),
    ("[area]", "[weather.orbit]\noffset = 1\n[area]", "weather.orbit.offset is no key"),
    ("[area]", "[area", "is no TOML"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "words"), WRONG)
def test_what_is_wrong_is_named_by_its_path(tmp_path: Path, old: str, new: str, words: str) -> None:
    with pytest.raises(BadInputError, match=words) as caught:
        small_scenario(tmp_path, old, new)
    assert "small.toml" in str(caught.value)


def test_two_episodes_of_one_name_may_follow_but_not_overlap(tmp_path: Path) -> None:
    start = SMALL.index("[[episodes]]")
    block = SMALL[start : SMALL.index("[[ground")]
    first = block.replace("2021-03-19", "2021-02-26")
    second = block.replace("2021-02-24", "2021-02-27")
    both = SMALL.replace(block, first + second)
    assert len(read_scenario(small_file(tmp_path, both)).episodes) == 2
    overlap = SMALL.replace(block, block + second)
    with pytest.raises(BadInputError, match=r"episodes\[1\] and episodes\[2\].*'dyke'.*overlap"):
        read_scenario(small_file(tmp_path, overlap))
    named = SMALL.replace(block, block + second.replace('"dyke"\n', '"other"\n'))
    assert len(read_scenario(small_file(tmp_path, named)).episodes) == 2


def test_a_scenario_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match=r"'quiet-decad': did you mean quiet-decade"):
        read_any("quiet-decad")
    with pytest.raises(BadInputError, match=r"cannot read the scenario .*none\.toml"):
        read_any(tmp_path / "none.toml")
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(BadInputError, match="is no TOML"):
        read_any(tmp_path / "bytes.toml")
    with pytest.raises(BadInputError, match="set of patches"):
        read_scenario("paper-synthetic")


def test_the_ordinary_grid_holds_the_window_and_little_more() -> None:
    demo = read_scenario("demo")
    assert demo.grid.shape == (620, 620)
    window = demo.window
    assert 55 <= window.row <= 65
    assert 55 <= window.column <= 65
