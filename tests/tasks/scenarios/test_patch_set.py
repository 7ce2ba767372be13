"""Patch sets: two pictures of each air, with and without a source, and a table of truth."""

import csv
from pathlib import Path

import numpy as np
import pytest

from catalogs.pictures.images import read_labelled_folder, read_picture
from fringewatch.errors import BadInputError
from insar_models.simulation import noise_free_phase_rad
from insar_models.simulation.geometry import GroundGrid
from insar_models.simulation.scene import deformation_m
from insar_models.simulation.sources import range_change_m
from tasks.scenarios.patch_scenario import PatchScenario
from tasks.scenarios.patch_scene import patch_scene
from tasks.scenarios.patch_set import write_patches
from tasks.scenarios.scenario_file import read_any
from tests.tasks.scenarios.small_scenario import small_file

SMALL = """
seed = 3

[patches]
positives = 4
negatives = 5
peak_edges_m = [0.02, 0.05, 0.20]
size_pixels = 48
step_degrees = 0.004

[ground]
sea_level_m = 0

[ground.terrain]
base_m = 500
roughness_m = 500
"""


def small_set(folder: Path, old: str = "", new: str = "") -> PatchScenario:
    assert old in SMALL
    found = read_any(small_file(folder, SMALL.replace(old, new) if old else SMALL))
    assert isinstance(found, PatchScenario)
    return found


@pytest.fixture
def scenario(tmp_path: Path) -> PatchScenario:
    return small_set(tmp_path)


def _rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "truth.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def _bytes(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.glob("?/*")}


def test_the_set_is_one_that_a_model_can_be_evaluated_on(
    scenario: PatchScenario, tmp_path: Path
) -> None:
    said = write_patches(scenario, tmp_path / "set")
    assert (said.positives, said.negatives, said.written) == (4, 5, 9)
    found = read_labelled_folder(tmp_path / "set")
    assert [picture.label for picture in found.pictures] == [0] * 5 + [1] * 4
    assert not found.skipped
    for picture in found.pictures:
        grey = read_picture(picture.path)
        assert grey.shape == (48, 48)
        assert grey.dtype == np.uint8
    rows = _rows(tmp_path / "set")
    assert [row["file"] for row in rows] == sorted(_bytes(tmp_path / "set"))
    assert {row["label"] for row in rows if row["kind"]} == {"1"}


def test_a_peak_is_as_large_as_the_table_says_and_lies_there(scenario: PatchScenario) -> None:
    for number in range(6):
        drawn = patch_scene(scenario, number)
        low, high = ((0.02, 0.05), (0.05, 0.20))[number % 2]
        assert low <= drawn.peak_m <= high
        moved_m = np.abs(deformation_m(drawn.moving, drawn.pair.primary, drawn.pair.secondary))
        moved_m[~drawn.moving.is_land] = 0
        assert moved_m.max() == pytest.approx(drawn.peak_m, rel=1e-6)
        assert moved_m[drawn.row, drawn.column] == moved_m.max()
        assert not deformation_m(drawn.still, drawn.pair.primary, drawn.pair.secondary).any()


def test_both_pictures_of_a_pair_have_one_atmosphere(
    scenario: PatchScenario, tmp_path: Path
) -> None:
    write_patches(scenario, tmp_path / "set")
    with_source = read_picture(tmp_path / "set" / "1" / "000000.png").astype(float)
    without = read_picture(tmp_path / "set" / "0" / "000000.png").astype(float)
    other = read_picture(tmp_path / "set" / "0" / "000001.png").astype(float)
    drawn = patch_scene(scenario, 0)
    # Where the ground does not move the two are the same; another air is another picture.
    rest = np.abs(deformation_m(drawn.moving, drawn.pair.primary, drawn.pair.secondary)) < 2e-4
    turns = np.exp(2j * np.pi * (with_source - without) / 255)[rest].mean()
    strange = np.exp(2j * np.pi * (with_source - other) / 255)[rest].mean()
    assert rest.sum() > 50
    assert abs(turns) > 0.8 > abs(strange)
    assert (with_source != without).any()


def test_a_second_run_makes_only_what_is_missing(scenario: PatchScenario, tmp_path: Path) -> None:
    folder = tmp_path / "set"
    write_patches(scenario, folder)
    whole, table = _bytes(folder), (folder / "truth.csv").read_bytes()
    (folder / "1" / "000001.png").unlink()
    (folder / "truth.csv").unlink()
    assert write_patches(scenario, folder).written == 1
    assert _bytes(folder) == whole
    assert (folder / "truth.csv").read_bytes() == table


def test_a_changed_set_is_made_anew(scenario: PatchScenario, tmp_path: Path) -> None:
    folder = tmp_path / "set"
    write_patches(scenario, folder)
    before = _bytes(folder)
    write_patches(small_set(tmp_path, "negatives = 5", "negatives = 2"), folder)
    after = _bytes(folder)
    assert sorted(after) == sorted([name for name in before if name not in
                                    {"0/000002.png", "0/000003.png", "0/000004.png"}])  # fmt: skip
    write_patches(small_set(tmp_path, "seed = 3", "seed = 4"), folder)
    assert all(content != before[name] for name, content in _bytes(folder).items())


def test_pictures_of_somebody_else_are_not_touched(scenario: PatchScenario, tmp_path: Path) -> None:
    real = tmp_path / "set" / "1" / "mine.png"
    real.parent.mkdir(parents=True)
    real.write_bytes(b"mine")
    with pytest.raises(BadInputError, match="not simulated"):
        write_patches(scenario, tmp_path / "set")
    assert real.read_bytes() == b"mine"


def test_most_of_what_moves_is_in_the_picture(tmp_path: Path) -> None:
    narrow = small_set(tmp_path, "step_degrees = 0.004", "step_degrees = 0.002")
    for number in range(8):
        drawn = patch_scene(narrow, number)
        grid, (episode,) = drawn.still.grid, drawn.moving.episodes
        wide = GroundGrid(grid.west - 48 * 0.002, grid.north + 48 * 0.002, 0.002, 144, 144)
        moved_m = np.abs(range_change_m(episode.source, wide, drawn.still.sight))
        moving = moved_m > 0.3 * drawn.peak_m
        assert moving[48:96, 48:96].sum() > 0.75 * moving.sum()  # the rule counts coarser pixels


def test_a_signal_can_be_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ratio = small_set(tmp_path, "positives = 4", "positives = 4\nleast_signal = 2.0")
    for number in range(3):
        drawn = patch_scene(ratio, number)
        days = drawn.pair.primary, drawn.pair.secondary
        moved_m = deformation_m(drawn.moving, *days)
        moved_m[~drawn.moving.is_land] = 0
        moving = np.abs(moved_m) > 0.3 * drawn.peak_m
        air = noise_free_phase_rad(drawn.still, *days)
        signal = moved_m[moving] * 4 * np.pi / 0.05546576
        assert signal.var() >= 2 * air[moving].var()
    impossible = small_set(tmp_path, "positives = 4", "positives = 4\nleast_signal = 1e9")
    with pytest.raises(BadInputError, match="lower least_signal"):
        patch_scene(impossible, 0)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("positives = 4", "positives = -4", "patches.positives: .*-4"),
        ("[0.02, 0.05, 0.20]", "[0.05, 0.02]", "patches.peak_edges_m: .*0.05, 0.02"),
        ("[0.02, 0.05, 0.20]", "[0.05]", "patches.peak_edges_m"),
        ("size_pixels = 48", "size_pixels = 1", "patches.size_pixels: .*1"),
        ("size_pixels = 48", 'kinds = ["dike"]', "patches.kinds: .*dike"),
        ("size_pixels = 48", "incidence_degrees = [40, 30]", "patches.incidence_degrees"),
        ("size_pixels = 48", "latitudes_degrees = [-90, 90]", "patches.latitudes_degrees"),
        ("size_pixels = 48", "visible_share = 2", "patches.visible_share: .*2"),
        ("size_pixels = 48", "spans_days = []", "patches.spans_days"),
        ("size_pixels = 48", "size = 48", "patches.size is no key: did you mean size_pixels"),
        ("seed = 3", 'seed = 3\nvolcano = "etna"', "volcano is no key"),
        ("seed = 3", "seed = -3", "seed=-3"),
        ("[ground]", "[processing]\ncut_share = 0.5\n[ground]", "processing: .*not for patches"),
        ("[ground]", "[ground]\ncoastline = [[0, 0], [1, 0], [1, 1]]", "ground: .*not for patches"),
        ("[ground]", "[ranges]\nmogi_depth_m = [9, 1]\n[ground]", "ranges.mogi_depth_m: "),
    ],
)
def test_what_is_wrong_is_named_by_its_path(tmp_path: Path, old: str, new: str, words: str) -> None:
    with pytest.raises(BadInputError, match=words):
        small_set(tmp_path, old, new)
