import csv
import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import rasterio

from catalogs.grid import volcano_window
from catalogs.portal.client import Portal
from catalogs.portal.session import SessionSettings, make_session
from catalogs.rasters import check_raster
from catalogs.records import DatePair, Product
from fringewatch.errors import BadInputError
from insar_models.simulation import Scene, reykjanes_scene
from insar_models.simulation.geometry import GroundGrid
from tasks import simulate
from tasks.serve_folder import serve_folder
from tasks.simulate import FRAME, DemoPortal, demo_pairs, write_demo_portal

ADDRESS = "http://127.0.0.1:8000"
PLACE = Path("155", "155D_02579_100800", "interferograms")


def _coarse_scene() -> Scene:
    grid = GroundGrid(west=-22.6205, north=64.2051667, step_degrees=0.01, width=70, height=62)
    return replace(reykjanes_scene(), grid=grid)


@pytest.fixture
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three passes instead of twenty, on pixels ten times as large."""
    monkeypatch.setattr(simulate, "_PASSES", 3)
    monkeypatch.setattr(simulate, "reykjanes_scene", _coarse_scene)


@pytest.fixture
def portal(_small: None, tmp_path: Path) -> Iterator[DemoPortal]:
    with serve_folder(tmp_path) as address:
        yield write_demo_portal(tmp_path, address)


def _rasters(tree: Path) -> dict[Path, int]:
    return {
        path: path.stat().st_mtime_ns for path in (tree / "LiCSAR_products.public").rglob("*.tif")
    }


def test_the_pairs_are_those_of_6_and_12_days() -> None:
    pairs = demo_pairs()
    assert len(pairs) == len(set(pairs)) == 37
    assert list(pairs) == sorted(pairs)
    assert {pair.days for pair in pairs} == {6, 12}
    assert pairs[0].primary == dt.date(2021, 1, 6)
    assert pairs[-1].secondary == dt.date(2021, 4, 30)


def test_the_pairs_are_true_ones_of_the_frame(shared_data: Path) -> None:
    table = shared_data / "labels" / "reykjanes_155D_02579_100800_per_ifg.csv"
    with table.open(newline="") as file:
        true = {
            DatePair.parse(f"{row['primary_date']}_{row['secondary_date']}")
            for row in csv.DictReader(file)
        }
    assert set(demo_pairs()) <= true


def test_the_portals_own_client_finds_and_fetches_everything(
    portal: DemoPortal, tmp_path: Path
) -> None:
    with make_session(SessionSettings()) as session:
        client = Portal([portal.root], session)
        entries = client.list_pairs(portal.frame).entries
        assert tuple(entry.pair for entry in entries) == portal.pairs
        assert not any(entry.is_folder for entry in entries)
        for entry in entries:
            files = client.read_manifest(portal.frame, entry)
            assert set(files) == set(Product)
            for product, remote in files.items():
                path = tmp_path / "fetched" / remote.file_name
                client.fetch(remote, path, lambda _: None)
                check_raster(path, product)
    assert portal.episode_start == dt.date(2021, 2, 24)


@pytest.mark.usefixtures("_small")
def test_a_manifest_has_licsars_own_bytes(tmp_path: Path) -> None:
    portal = write_demo_portal(tmp_path, f"{ADDRESS}/")
    assert portal.root == f"{ADDRESS}/LiCSAR_products"
    folder = f"{ADDRESS}/LiCSAR_products.public/{PLACE.as_posix()}/20210106_20210112"
    assert (tmp_path / "LiCSAR_products" / PLACE / "20210106_20210112").read_text() == (
        f"<a href='{folder}/20210106_20210112.geo.cc.tif'>20210106_20210112.geo.cc.tif</a><br />\n"
        f"<a href='{folder}/20210106_20210112.geo.diff_pha.tif'>"
        "20210106_20210112.geo.diff_pha.tif</a><br />\n"
    )


@pytest.mark.usefixtures("_small")
def test_a_second_run_keeps_the_rasters_and_moves_the_links(tmp_path: Path) -> None:
    write_demo_portal(tmp_path, ADDRESS)
    before = _rasters(tmp_path)
    assert len(before) == 6
    write_demo_portal(tmp_path, "http://127.0.0.1:9000")
    assert _rasters(tmp_path) == before
    manifests = [path.read_text() for path in (tmp_path / "LiCSAR_products" / PLACE).iterdir()]
    assert len(manifests) == 3
    assert all("127.0.0.1:9000" in text and "8000" not in text for text in manifests)


@pytest.mark.usefixtures("_small")
def test_a_run_that_was_cut_is_completed(tmp_path: Path) -> None:
    write_demo_portal(tmp_path, ADDRESS)
    whole = {path: path.read_bytes() for path in _rasters(tmp_path)}
    lost = sorted(whole)[:3]
    for path in lost:
        path.unlink()
    write_demo_portal(tmp_path, ADDRESS)
    assert {path: path.read_bytes() for path in _rasters(tmp_path)} == whole


@pytest.mark.usefixtures("_small")
def test_another_recipe_makes_everything_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_demo_portal(tmp_path, ADDRESS)
    before = {path.name: path.read_bytes() for path in _rasters(tmp_path)}
    monkeypatch.setattr(simulate, "_PASSES", 2)
    monkeypatch.setattr(simulate, "reykjanes_scene", lambda: replace(_coarse_scene(), seed=1))
    write_demo_portal(tmp_path, ADDRESS)
    after = {path.name: path.read_bytes() for path in _rasters(tmp_path)}
    assert len(after) == 2
    assert all(after[name] != before[name] for name in after)
    assert len(list((tmp_path / "LiCSAR_products" / PLACE).iterdir())) == 1


@pytest.mark.usefixtures("_small")
@pytest.mark.parametrize("part", ["LiCSAR_products", "LiCSAR_products.public"])
def test_a_frame_that_is_no_demo_is_not_touched(tmp_path: Path, part: str) -> None:
    real = tmp_path / part / PLACE / "20210106_20210112"
    real.mkdir(parents=True)
    with pytest.raises(BadInputError, match="no demo"):
        write_demo_portal(tmp_path, ADDRESS)
    assert real.is_dir()
    assert not _rasters(tmp_path)


@pytest.mark.parametrize("address", ["", "127.0.0.1:80", "ftp://x", "http://a'b c/"])
def test_an_address_that_is_none_is_refused(tmp_path: Path, address: str) -> None:
    with pytest.raises(BadInputError, match="not the root of a portal"):
        write_demo_portal(tmp_path, address)
    assert not list(tmp_path.iterdir())


def test_the_real_size_holds_the_volcanos_window(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(simulate, "_PASSES", 2)
    (pair,) = write_demo_portal(tmp_path, ADDRESS).pairs
    folder = tmp_path / "LiCSAR_products.public" / PLACE / str(pair)
    grids = [check_raster(folder / f"{pair}{product.ending}", product) for product in Product]
    assert grids[0] == grids[1]
    window = volcano_window(grids[0], 63.895, -22.27)
    assert 0 <= window.row <= grids[0].height - window.size
    assert 0 <= window.column <= grids[0].width - window.size
    with rasterio.open(folder / f"{pair}.geo.diff_pha.tif") as raster:
        assert raster.read(1)[0, 0] == np.float32(0)
    assert str(FRAME) in str(folder)
