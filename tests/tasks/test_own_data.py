"""Interferograms of one's own: HyP3's names and grid, unwrapped phase, a wrong unit."""

import datetime as dt
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np
import pytest
import rasterio
from numpy.typing import NDArray
from rasterio.crs import CRS
from rasterio.transform import Affine
from rasterio.warp import transform_bounds

from catalogs.cubes.cube import read_cube
from catalogs.home.home import Home
from catalogs.rasters.writer import write_geotiff
from catalogs.settings import Settings
from catalogs.tables import INTERFEROGRAMS, read_table
from catalogs.world.volcanoes import find_volcano
from fringewatch.errors import BadInputError
from insar_models.phase.codes import decode_phase
from tasks.ingest.tile import tile_pairs
from tasks.records import Outcome, RunReport, WatchRequest
from tasks.watch import Steps, watch_volcano
from tests.scenes import FRAME, QUIET, full_coherence, scene_phase
from tests.tasks.ingest.tile_homes import GRID

pytestmark = pytest.mark.usefixtures("undrawn")

REQUEST = WatchRequest(
    find_volcano("fernandina"), (FRAME,), dt.date(2024, 1, 1), dt.date(2024, 3, 31), True
)
DATES = (("20240106", "20240118"), ("20240118", "20240130"))


def watch(folder: Path, home: Path, **options: Any) -> RunReport:
    return watch_volcano(REQUEST, Settings(home=home, portal=(str(folder),), workers=1, **options))


def write_hyp3(folder: Path) -> None:
    """Two jobs as HyP3 delivers them: UTM, 80 m, float32 with a NoData tag of 0."""
    area = (-91.85, -0.67, -91.25, -0.07)
    bounds = transform_bounds(CRS.from_epsg(4326), CRS.from_epsg(32715), *area)
    place = Affine(80.0, 0, bounds[0], 0, -80.0, bounds[3])
    side = round((bounds[2] - bounds[0]) / 80)
    columns = np.mgrid[:side, :side][1]
    phase = np.angle(np.exp(1j * (columns * 80 / 5000 + 0.1))).astype(np.float32)
    for first, second in DATES:
        job = f"S1AA_{first}T113344_{second}T113344_VVP012_INT80_G_ueF_4C2E"
        for name, band in (
            ("wrapped_phase", phase), ("corr", np.full_like(phase, 0.8)), ("dem", phase)
        ):  # fmt: skip
            write_utm(folder / job / f"{job}_{name}.tif", band, place)


def write_utm(path: Path, band: NDArray[np.float32], place: Affine) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with rasterio.open(
        path, "w", driver="GTiff", width=band.shape[1], height=band.shape[0], count=1,
        dtype="float32", crs="EPSG:32715", transform=place, nodata=0,
    ) as raster:  # fmt: skip
        raster.write(band, 1)


def test_hyp3_jobs_are_brought_to_the_lattice_and_say_so(tmp_path: Path) -> None:
    write_hyp3(tmp_path / str(FRAME))
    report = watch(tmp_path / str(FRAME), tmp_path / "home")
    assert (report.outcome, report.problems, report.in_table) == (Outcome.DONE, (), 2)
    home = Home(tmp_path / "home")
    cube = read_cube(home.cube("fernandina", FRAME))
    assert set(cube.attrs["resampled_from"].values()) == {"EPSG:32715 80 x 80 metre"}
    phase = decode_phase(cube["phase"].to_numpy()[0])
    assert np.isfinite(phase).mean() > 0.99
    steps = np.angle(np.exp(1j * np.diff(phase[250])))
    assert np.nanmean(steps) == pytest.approx(111.3 / 5000, rel=0.05)
    url = read_table(INTERFEROGRAMS, home.detections("fernandina"))["source_url"].iloc[0]
    assert "_wrapped_phase.tif#resampled-from=EPSG:32715 80 x 80 metre" in unquote(url)


def write_licsar(folder: Path, product: str, phases: list[NDArray[np.float32]]) -> Path:
    days = [dt.date(2024, 1, 1) + dt.timedelta(days=12 * number) for number in range(6)]
    for number, phase in enumerate(phases):
        pair = f"{days[number]:%Y%m%d}_{days[number + 1]:%Y%m%d}"
        stem = folder / str(FRAME) / "GEOC" / pair / f"{pair}.geo."
        write_geotiff(Path(f"{stem}{product}.tif"), phase, GRID)
        write_geotiff(Path(f"{stem}cc.tif"), full_coherence(), GRID)
    return folder


def test_unwrapped_phase_alone_is_named_and_read_when_asked_for(tmp_path: Path) -> None:
    unwrapped = (scene_phase(QUIET) + 7 * np.float32(2 * np.pi)).astype(np.float32)
    folder = write_licsar(tmp_path / "mine", "unw", [unwrapped])
    report = watch(folder, tmp_path / "first")
    assert report.outcome is Outcome.PARTIAL
    assert "it has unw: run with --product unw" in report.problems[0].reason
    report = watch(folder, tmp_path / "home", product="unw")
    assert (report.outcome, report.in_table) == (Outcome.DONE, 1)
    cube = read_cube(Home(tmp_path / "home").cube("fernandina", FRAME))
    assert cube.attrs["phase_product"] == "unw"
    with pytest.raises(BadInputError, match="was made of unw, and the setting product says"):
        watch(folder, tmp_path / "home")


def test_quiet_phase_in_cycles_is_refused_over_the_batch(tmp_path: Path) -> None:
    random = np.random.default_rng(4)
    quiet = [random.normal(0.1, 0.03, (520, 520)).astype(np.float32) for _ in range(5)]
    report = watch(write_licsar(tmp_path / "mine", "diff_pha", quiet), tmp_path / "home")
    assert (report.outcome, report.fetched, len(report.problems)) == (Outcome.PARTIAL, 0, 5)
    assert all("in 5 pairs" in problem.reason for problem in report.problems)
    assert not Home(tmp_path / "home").cube("fernandina", FRAME).is_folder()


def test_a_file_that_is_cut_between_download_and_tiling_is_one_pair(tmp_path: Path) -> None:
    folder = write_licsar(tmp_path / "mine", "diff_pha", [scene_phase(QUIET, n) for n in range(3)])

    def cut_first(request: Any, batch: Any, settings: Any) -> Any:
        path = next((tmp_path / "home" / "granules").rglob("20240101_20240113.diff_pha.tif"))
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        return tile_pairs(request, batch, settings)

    settings = Settings(home=tmp_path / "home", portal=(str(folder),), workers=1)
    report = watch_volcano(REQUEST, settings, Steps(tile=cut_first))
    assert (report.outcome, report.in_table) == (Outcome.PARTIAL, 2)
    assert "does not decode" in report.problems[0].reason
