"""Cubes as a source: which ones, in what order, what of each pair, and what damage does."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
import zarr
from zarr.storage import LocalStore

from catalogs.corpora.recipe import CubesSource
from catalogs.cubes.cube import open_cube
from catalogs.cubes.layout import publish
from catalogs.cubes.pair_tile import PairTile
from catalogs.cubes.reading import read_cube
from catalogs.rasters.grid import Grid, volcano_window
from catalogs.records import DatePair, FrameId
from catalogs.storage.place import Folder, Place
from fringewatch.errors import BadInputError, StoreError
from insar_models.phase.window_patches import PATCH_ORIGINS
from tasks.corpora import cubes_source
from tasks.corpora.cubes_source import CubePatches
from tasks.corpora.patch_source import Item, PatchKey
from tests.tasks.corpora.source_checks import check_source, survey_all

FRAME = "106A_09048_000909"
GRID = Grid(-92.4255, 0.4871667, 0.001, 0.001, 1840, 1913)
WINDOW = volcano_window(GRID, -0.37, -91.55)
NAMES = ("20240118_20240130", "20240106_20240130", "20240106_20240118")


def tile(name: str) -> PairTile:
    """Smooth phase with some noise; the left fifth is water, the upper fifth has no data."""
    generator = np.random.default_rng(int(name[:8]) + int(name[9:]))
    slope = np.add.outer(np.arange(500), 2 * np.arange(500)) // 9 % 255
    phase = (1 + (slope + generator.integers(0, 20, (500, 500))) % 255).astype(np.uint8)
    coherence = generator.integers(60, 250, (500, 500), dtype=np.uint8)
    coherence[:, :100] = 9
    phase[:100] = coherence[:100] = 0
    return PairTile(DatePair.parse(name), phase, coherence)


def make(cubes: Path, volcano: str = "fernandina", *names: str, frame: str = FRAME) -> Path:
    path = cubes / volcano / f"{frame}.zarr"
    path.parent.mkdir(parents=True, exist_ok=True)
    cube = open_cube(Folder(path), volcano, FrameId.parse(frame), WINDOW)
    cube.append([tile(name) for name in names or NAMES])
    return path


def patches_of(cubes: Path, volcanoes: str = "", regions: str = "") -> CubePatches:
    source = CubesSource(volcanoes=tuple(volcanoes.split()), regions=tuple(regions.split()))
    return CubePatches(2, source, 0.1, Folder(cubes))


@pytest.fixture(scope="module")
def cubes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cubes")
    make(folder)
    make(folder, "etna", NAMES[0], frame="044A_05225_191916")
    return folder


def test_it_is_a_source(cubes: Path) -> None:
    assert len(check_source(patches_of(cubes))) == 4 * 9


def test_pairs_come_in_order_of_dates_and_patches_row_by_row(cubes: Path) -> None:
    found = survey_all(patches_of(cubes, "fernandina"))

    assert [f"{c.primary:%Y%m%d}_{c.secondary:%Y%m%d}" for c in found[::9]] == sorted(NAMES)
    assert [(c.row, c.column) for c in found[:9]] == [(o.row, o.column) for o in PATCH_ORIGINS]
    assert {(c.source, c.kind, c.location) for c in found} == {(2, "cubes", f"fernandina/{FRAME}")}
    assert {(c.volcano, c.frame, c.label, c.rotation) for c in found} == {
        ("fernandina", FRAME, -1, 0)
    }


def test_a_candidate_says_what_the_tile_says(cubes: Path) -> None:
    first, *_, last = survey_all(patches_of(cubes, "fernandina"))[:9]
    true = tile(min(NAMES))

    assert first.source_sha256 == last.source_sha256 == true.sha256
    assert first.valid_fraction == pytest.approx((124 / 224) ** 2, abs=1e-6)  # water, no data
    assert last.valid_fraction == 1.0
    assert first.coherence_mean == pytest.approx(
        true.coherence[100:224, 100:224].mean() / 255, abs=1e-6
    )
    assert last.coherence_mean == pytest.approx(true.coherence[276:, 276:].mean() / 255, abs=1e-6)


def test_the_corner_is_the_outer_edge_of_the_first_pixel(cubes: Path) -> None:
    found = survey_all(patches_of(cubes, "fernandina"))[5]
    north = GRID.north - WINDOW.row * GRID.step_y
    west = GRID.west + WINDOW.column * GRID.step_x

    assert (found.row, found.column) == (138, 276)
    assert found.north == pytest.approx(north - 0.138, abs=1e-6)
    assert found.west == pytest.approx(west + 0.276, abs=1e-6)


def test_the_bytes_are_those_of_the_tile_without_water(cubes: Path) -> None:
    source = patches_of(cubes, "fernandina")
    pair = DatePair.parse(NAMES[1])
    (patch,) = source.read([PatchKey(f"fernandina/{FRAME}", pair, 138, 0)])
    expected = tile(NAMES[1]).phase[138:362, :224].copy()
    expected[:, :100] = 0

    np.testing.assert_array_equal(patch, expected)


def test_long_cubes_are_surveyed_in_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path)
    monkeypatch.setattr("tasks.corpora.cubes_source.PAIRS_IN_AN_ITEM", 2)
    source = patches_of(tmp_path)
    location = f"fernandina/{FRAME}"

    assert source.items() == (Item(2, location, 0, 2), Item(2, location, 2, 1))
    assert [len(source.survey(item)) for item in source.items()] == [18, 9]
    monkeypatch.undo()
    (item,) = source.items()
    assert item == Item(2, location, 0, 3)


@pytest.mark.parametrize(
    ("volcanoes", "regions", "found"),
    [
        ("", "", ["etna", "fernandina"]),
        ("ETNA", "", ["etna"]),
        ("353010", "", ["fernandina"]),
        ("", "Europe", ["etna"]),
        ("fernandina", "europe", ["etna", "fernandina"]),
    ],
)
def test_the_recipe_says_which_cubes(
    cubes: Path, volcanoes: str, regions: str, found: list[str]
) -> None:
    items = patches_of(cubes, volcanoes, regions).items()
    assert [item.location.partition("/")[0] for item in items] == found


@pytest.mark.parametrize(
    ("volcanoes", "regions", "said"),
    [
        ("taal etna", "", "no cube of taal in"),
        ("", "iceland", "no cube of iceland in"),
        ("etna", "iceland", "no cube of iceland in"),
        ("atlantis", "", "no volcano 'atlantis'"),
        ("", "atlantis", "no region 'atlantis'"),
    ],
)
def test_what_is_named_must_be_there(cubes: Path, volcanoes: str, regions: str, said: str) -> None:
    with pytest.raises(BadInputError, match=said):
        patches_of(cubes, volcanoes, regions).items()


def test_a_home_without_cubes(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match=r"no cube of any volcano.*fringewatch backfill"):
        patches_of(tmp_path / "absent").items()
    (tmp_path / "etna").mkdir()
    (tmp_path / "a file").write_text("")
    with pytest.raises(BadInputError, match="no cube of any volcano"):
        patches_of(tmp_path).items()


def test_a_cube_that_does_not_open_is_one_problem_and_the_others_go_on(tmp_path: Path) -> None:
    make(tmp_path)
    broken = make(tmp_path, "etna", NAMES[0])
    (broken / "zarr.json").write_text("{")
    make(tmp_path, "askja", NAMES[0])
    shutil.rmtree(tmp_path / "askja" / f"{FRAME}.zarr" / "y")
    (tmp_path / "taal" / f"{FRAME}.zarr").mkdir(parents=True)
    found = survey_all(patches_of(tmp_path))
    bad = [c for c in found if c.problem]

    assert {c.volcano for c in bad} >= {"etna", "taal"}
    assert len(bad) == len({c.location for c in bad})
    assert not any(str(tmp_path) in c.problem for c in bad)
    assert len([c for c in found if c.volcano == "fernandina" and not c.problem]) == 27


def test_a_cube_of_another_layout_is_a_problem(tmp_path: Path) -> None:
    group = zarr.create_group(tmp_path / "etna" / f"{FRAME}.zarr")
    group.create_array("phase", shape=(1, 3, 3), dtype="u1", dimension_names=("pair", "y", "x"))
    publish(LocalStore(tmp_path / "etna" / f"{FRAME}.zarr"))
    (found,) = survey_all(patches_of(tmp_path))
    assert "is no cube of 500 x 500" in found.problem


def test_a_damaged_pair_is_one_problem(tmp_path: Path) -> None:
    path = make(tmp_path)
    (path / "phase" / "c" / "1" / "0" / "0").write_bytes(b"spoilt")
    source = patches_of(tmp_path)
    (bad,) = (c for c in survey_all(source) if c.problem)

    assert "cannot be read" in bad.problem
    assert PatchKey.of(bad).pair == DatePair.parse(NAMES[1])
    assert len(check_source(source)) == 18
    with pytest.raises(StoreError, match=f"does not give pair {NAMES[1]}"):
        source.read([PatchKey(bad.location, DatePair.parse(NAMES[1]), 0, 0)])


def test_damaged_coherence_is_a_problem_of_its_pair_and_hides_no_ground(tmp_path: Path) -> None:
    path = make(tmp_path)
    sound = survey_all(patches_of(tmp_path))
    (path / "coherence" / "c" / "1" / "0" / "0").write_bytes(b"spoilt")
    cubes_source._opened.cache_clear()
    found = survey_all(patches_of(tmp_path))
    (bad,) = [candidate for candidate in found if candidate.problem]
    assert "the pair cannot be read" in bad.problem
    others = [candidate for candidate in found if not candidate.problem]
    assert others == [
        one for one in sound if one.primary != bad.primary or (one.secondary != bad.secondary)
    ]


def test_what_is_gone_since_the_plan_is_said(tmp_path: Path) -> None:
    make(tmp_path)
    source, location = patches_of(tmp_path), f"fernandina/{FRAME}"
    pair = DatePair.parse(NAMES[0])

    with pytest.raises(StoreError, match="does not hold pair 20200101_20200107: plan again"):
        source.read([PatchKey(location, DatePair.parse("20200101_20200107"), 0, 0)])
    with pytest.raises(StoreError, match="no patch at row 1, column 0"):
        source.read([PatchKey(location, pair, 1, 0)])
    with pytest.raises(StoreError, match="is no cube"):
        source.read([PatchKey("etna/nothing", pair, 0, 0)])


def test_a_cube_is_opened_once_until_it_is_published_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make(tmp_path, "fernandina", *NAMES[:2])
    opened: list[Place] = []

    def counted(place: Place, **options: bool) -> xr.Dataset:
        opened.append(place)
        return read_cube(place, **options)

    monkeypatch.setattr(cubes_source, "read_cube", counted)
    location = f"fernandina/{FRAME}"
    keys = [PatchKey(location, DatePair.parse(name), 0, 0) for name in NAMES]
    first = patches_of(tmp_path).read(keys[:1])
    np.testing.assert_array_equal(patches_of(tmp_path).read(keys[:1]), first)
    assert len(opened) == 1
    cube = open_cube(Folder(path), "fernandina", FrameId.parse(FRAME), WINDOW)
    cube.append([tile(NAMES[2])])
    assert patches_of(tmp_path).read(keys[2:]).any()
    assert len(opened) == 2


def test_new_pairs_leave_the_old_ones_as_they_were(tmp_path: Path) -> None:
    path = make(tmp_path)
    source = patches_of(tmp_path)
    before = survey_all(source)
    cube = open_cube(Folder(path), "fernandina", FrameId.parse(FRAME), WINDOW)
    cube.append([tile("20231201_20240106")])
    after = survey_all(source)

    assert after[9:] == before
    assert len(after) == len(before) + 9
