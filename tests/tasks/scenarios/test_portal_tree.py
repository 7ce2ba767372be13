"""A scenario on disk: what the portal's client finds, what a second run keeps, what is refused."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio

from catalogs.portal.client import Portal
from catalogs.portal.session import SessionSettings, make_session
from catalogs.rasters.grid import volcano_window
from catalogs.rasters.reading import check_raster
from catalogs.rasters.writer import write_geotiff
from catalogs.records import Product
from fringewatch.errors import BadInputError, FringewatchError
from tasks.scenarios import portal_tree
from tasks.scenarios.portal_tree import SimulatedPortal, write_scenario
from tasks.scenarios.scenario import Scenario
from tasks.scenarios.scenario_file import read_scenario
from tasks.scenarios.serve_folder import serve_folder
from tests.tasks.scenarios.small_scenario import SMALL, small_scenario

ADDRESS = "http://127.0.0.1:8000"
PLACE = Path("155", "155D_02579_100800", "interferograms")
OTHER = Path("16", "016A_02562_091313", "interferograms")


@pytest.fixture
def scenario(tmp_path: Path) -> Scenario:
    return small_scenario(tmp_path)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return tmp_path / "tree"


@pytest.fixture
def portal(scenario: Scenario, tree: Path) -> Iterator[SimulatedPortal]:
    tree.mkdir()
    with serve_folder(tree) as address:
        yield write_scenario(scenario, tree, address)


def _rasters(tree: Path) -> dict[Path, int]:
    """Those of pairs, with the time of their last change."""
    return {
        path: path.stat().st_mtime_ns
        for path in (tree / "LiCSAR_products.public").rglob("interferograms/*/*.tif")
    }


def _bytes(tree: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in _rasters(tree)}


def test_the_portals_own_client_finds_and_fetches_everything(
    portal: SimulatedPortal, tmp_path: Path
) -> None:
    assert [len(frame.pairs) for frame in portal.frames] == [3, 1]
    with make_session(SessionSettings()) as session:
        client = Portal([portal.root], session)
        for frame in portal.frames:
            entries = client.list_pairs(frame.frame).entries
            assert tuple(entry.pair for entry in entries) == frame.pairs
            for entry in entries:
                files = client.read_manifest(frame.frame, entry)
                assert set(files) == set(Product.DIFF_PHA.needed)
                for remote in files.values():
                    path = tmp_path / "fetched" / remote.file_name
                    client.fetch(remote, path, lambda _: None)
                    with rasterio.open(path) as raster:
                        assert raster.read(1).any()


def test_without_an_address_the_folder_is_the_portal(scenario: Scenario, tree: Path) -> None:
    portal = write_scenario(scenario, tree)
    assert not (tree / "LiCSAR_products").exists()
    with make_session(SessionSettings()) as session:
        client = Portal([portal.root], session)
        entries = client.list_pairs(portal.frames[0].frame).entries
        assert tuple(entry.pair for entry in entries) == portal.frames[0].pairs
        assert set(client.read_manifest(portal.frames[0].frame, entries[0])) == set(
            Product.DIFF_PHA.needed
        )


def test_a_manifest_has_licsars_own_bytes(scenario: Scenario, tree: Path) -> None:
    portal = write_scenario(scenario, tree, f"{ADDRESS}/")
    assert portal.root == f"{ADDRESS}/LiCSAR_products"
    folder = f"{ADDRESS}/LiCSAR_products.public/{PLACE.as_posix()}/20210217_20210223"
    assert (tree / "LiCSAR_products" / PLACE / "20210217_20210223").read_text() == (
        f"<a href='{folder}/20210217_20210223.geo.cc.tif'>20210217_20210223.geo.cc.tif</a><br />\n"
        f"<a href='{folder}/20210217_20210223.geo.diff_pha.tif'>"
        "20210217_20210223.geo.diff_pha.tif</a><br />\n"
    )


def test_a_second_run_keeps_the_rasters_and_moves_the_links(scenario: Scenario, tree: Path) -> None:
    assert write_scenario(scenario, tree, ADDRESS).written == 8 + 4
    before = _rasters(tree)
    assert write_scenario(scenario, tree, "http://127.0.0.1:9000").written == 0
    assert _rasters(tree) == before
    manifests = [path.read_text() for path in (tree / "LiCSAR_products" / PLACE).iterdir()]
    assert len(manifests) == 3
    assert all("127.0.0.1:9000" in text and "8000" not in text for text in manifests)


def test_a_run_that_was_killed_is_completed_and_loses_nothing(
    scenario: Scenario, tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_scenario(scenario, tmp_path / "whole", ADDRESS)
    whole = {path.relative_to(tmp_path / "whole"): content
             for path, content in _bytes(tmp_path / "whole").items()}  # fmt: skip
    write, calls = write_geotiff, []

    def dies(path: Path, *rest: object) -> None:
        calls.append(path)
        if len(calls) == 2 + 4:
            raise KeyboardInterrupt
        write(path, *rest)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(portal_tree, "write_geotiff", dies)
        with pytest.raises(KeyboardInterrupt):
            write_scenario(scenario, tree, ADDRESS)
    kept = _rasters(tree)
    assert len(kept) == 3
    assert not (tree / "truth" / "pairs.csv").exists()
    write_scenario(scenario, tree, ADDRESS)
    after = _rasters(tree)
    untouched = [path for path in kept if "20210217_20210223" in str(path)]
    assert len(untouched) == 2
    assert all(after[path] == kept[path] for path in untouched)
    assert {path.relative_to(tree): path.read_bytes() for path in after} == whole


@pytest.mark.parametrize(
    ("old", "new"), [("seed = 7", "seed = 8"), ("opening_m = 0.95", "opening_m = 0.9")]
)
def test_a_changed_scenario_makes_everything_anew(
    scenario: Scenario, tree: Path, tmp_path: Path, old: str, new: str
) -> None:
    write_scenario(scenario, tree, ADDRESS)
    before = _bytes(tree)
    write_scenario(small_scenario(tmp_path, old, new), tree, ADDRESS)
    after = _bytes(tree)
    assert set(after) == set(before)
    changed = {path for path in after if after[path] != before[path]}
    assert any("diff_pha" in path.name for path in changed)
    assert old != "seed = 7" or changed == set(after)


def test_dates_and_frames_that_a_scenario_lost_are_removed(
    scenario: Scenario, tree: Path, tmp_path: Path
) -> None:
    write_scenario(scenario, tree, ADDRESS)
    less = small_scenario(tmp_path, "last = 2021-03-01", "last = 2021-02-24")
    write_scenario(less, tree, ADDRESS)
    for part in ("LiCSAR_products", "LiCSAR_products.public"):
        assert [path.name for path in (tree / part / PLACE).iterdir()] == ["20210217_20210223"]
        assert (tree / part / OTHER).is_dir()
    second = SMALL[SMALL.rindex("[[frames]]") : SMALL.index("[[episodes]]")]
    write_scenario(small_scenario(tmp_path, second, ""), tree, ADDRESS)
    for part in ("LiCSAR_products", "LiCSAR_products.public"):
        assert (tree / part / PLACE).is_dir()
        assert not (tree / part / OTHER.parent).exists()


@pytest.mark.parametrize("part", ["LiCSAR_products", "LiCSAR_products.public"])
def test_a_frame_that_was_not_simulated_is_not_touched(
    scenario: Scenario, tree: Path, part: str
) -> None:
    real = tree / part / OTHER / "20210106_20210112"
    real.mkdir(parents=True)
    with pytest.raises(BadInputError, match="016A_02562_091313 that was not simulated"):
        write_scenario(scenario, tree, ADDRESS)
    assert real.is_dir()
    assert not _rasters(tree)


def test_a_tree_belongs_to_one_scenario(scenario: Scenario, tree: Path) -> None:
    write_scenario(scenario, tree, ADDRESS)
    before = _rasters(tree)
    with pytest.raises(BadInputError, match="holds the scenario small, not demo"):
        write_scenario(read_scenario("demo"), tree, ADDRESS)
    assert _rasters(tree) == before


@pytest.mark.parametrize("address", ["", "127.0.0.1:80", "ftp://x", "http://a'b c/"])
def test_an_address_that_is_none_is_refused(scenario: Scenario, tree: Path, address: str) -> None:
    with pytest.raises(BadInputError, match="not the root of a portal"):
        write_scenario(scenario, tree, address)
    assert not tree.exists()


def test_faults_are_what_the_portals_client_meets(tree: Path, tmp_path: Path) -> None:
    def written(fault: str) -> tuple[list[Path], Path]:
        found = small_scenario(tmp_path, "[area]", f"[faults]\n{fault} = 1.0\n[area]")
        place = tree / fault
        write_scenario(found, place, ADDRESS)
        again = write_scenario(found, place, ADDRESS)
        assert again.written == 0
        return sorted(_rasters(place)), place

    assert written("missing_pairs")[0] == []
    lacking, place = written("missing_coherence")
    assert {path.name.split(".")[-2] for path in lacking} == {"diff_pha"}
    assert "cc.tif" not in (place / "LiCSAR_products" / PLACE / "20210217_20210223").read_text()
    for path in written("cut_files")[0]:
        if "diff_pha" in path.name:
            with pytest.raises(FringewatchError):
                check_raster(path, Product.DIFF_PHA)
    assert not list(tree.rglob("*.whole"))
    for path in written("blank_pairs")[0]:
        with rasterio.open(path) as raster:
            assert not raster.read(1).any()


def test_the_real_size_holds_the_volcanos_window(tmp_path: Path, tree: Path) -> None:
    small = small_scenario(tmp_path)
    found = dataclasses.replace(small, area=None, frames=small.frames[1:])
    assert found.grid == read_scenario("demo").grid
    portal = write_scenario(found, tree)
    (pair,) = portal.pairs
    folder = tree / "LiCSAR_products.public" / OTHER / str(pair)
    grids = [
        check_raster(folder / f"{pair}{product.ending}", product)
        for product in Product.DIFF_PHA.needed
    ]
    assert grids[0] == grids[1]
    window = volcano_window(grids[0], found.volcano.latitude, found.volcano.longitude)
    assert 0 <= window.row <= grids[0].height - window.size
    assert 0 <= window.column <= grids[0].width - window.size
    with rasterio.open(folder / f"{pair}.geo.diff_pha.tif") as raster:
        assert np.count_nonzero(raster.read(1)) > 300_000


def _read(path: Path) -> Any:
    with rasterio.open(path) as raster:
        return raster.read(1)


MOUNTAIN = """
[epochs]
delays = true

[weather.turbulence]
typical_m = 0.0

[weather.orbit]
fringes_per_100_km = 0.0
offset_fringes = 0.0

[weather.stratification]
spread_m_per_km = 0.008

[ground]
sea_level_m = 0.0

[ground.terrain]
base_m = 100
roughness_m = 300

"""


def test_heights_and_delays_are_those_of_the_pairs(tree: Path, tmp_path: Path) -> None:
    without_motion = SMALL[SMALL.index("[[episodes]]") : SMALL.index("[[ground.lava]]")]
    small = small_scenario(tmp_path, without_motion, MOUNTAIN)
    portal = write_scenario(small, tree)
    frame = tree / "LiCSAR_products.public" / PLACE.parent
    heights = _read(frame / "metadata" / "155D_02579_100800.geo.hgt.tif")
    land = _read(frame / "metadata" / "155D_02579_100800.geo.landmask.tif")
    assert heights.dtype == np.float32
    assert land.dtype == np.uint8
    assert np.array_equal(land == 1, heights > 0)
    assert set(np.unique(land)) == {0, 1}
    dates = sorted(path.name for path in (frame / "epochs").iterdir())
    assert dates == ["20210217", "20210223", "20210301"]
    primary, secondary = (
        _read(frame / "epochs" / date / f"{date}.sltd.geo.tif") for date in dates[:2]
    )
    assert np.all(primary[land == 0] == 0)
    pair = str(portal.frames[0].pairs[0])
    assert pair == "20210217_20210223"
    phase = _read(frame / "interferograms" / pair / f"{pair}.geo.diff_pha.tif")
    usable = (phase != 0) & (land == 1)
    without_air = np.exp(1j * (phase - (secondary - primary))[usable]).mean()
    assert abs(without_air) > abs(np.exp(1j * phase[usable]).mean()) + 0.1
    the_other_way = np.exp(1j * (phase + (secondary - primary))[usable]).mean()
    assert abs(without_air) > abs(the_other_way) + 0.1


def test_metadata_and_dates_are_served_as_the_portal_does(tree: Path, tmp_path: Path) -> None:
    scenario = small_scenario(tmp_path, "[area]", "[epochs]\ndelays = true\n[area]")
    tree.mkdir()
    session_settings = SessionSettings(hosts=("127.0.0.1",))
    with serve_folder(tree) as address, make_session(session_settings) as session:
        root = write_scenario(scenario, tree, address).root
        frame, public = PLACE.parent.as_posix(), f"{address}/LiCSAR_products.public"
        heights = f"{frame}/metadata/155D_02579_100800.geo.hgt.tif"
        bodies = [session.get(f"{place}/{heights}").content for place in (root, public)]
        assert bodies[0] == bodies[1]
        assert bodies[0].startswith(b"II*")
        link = session.get(f"{root}/{frame}/epochs/20210217").text.split("'")[1]
        assert link == f"{public}/{frame}/epochs/20210217/20210217.sltd.geo.tif"
        assert session.get(link).content.startswith(b"II*")


def test_dates_have_no_delays_unless_a_scenario_says_so(scenario: Scenario, tree: Path) -> None:
    write_scenario(scenario, tree, ADDRESS)
    assert not list(tree.rglob("epochs"))
