"""Rasters of a frame's metadata, brought into the cube by a run."""

import datetime as dt
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from rasterio.transform import Affine

from catalogs.cubes.cube import read_cube
from catalogs.cubes.layers import read_layer
from catalogs.home.home import home_of
from catalogs.ledger.ledger import open_ledger
from catalogs.ledger.rows import LayerRow
from catalogs.records import FrameRaster
from catalogs.settings import Settings
from tasks.ingest.frame_layers import bring_layers
from tasks.records import Published, RunReport, WatchRequest
from tasks.watch import Steps, parse_request, watch_volcano
from tests.portal.faults import Fault, FaultKind
from tests.portal.rasters import shifted
from tests.portal.server import StandInPortal
from tests.relief import HEIGHTS, put_raster
from tests.scenes import FRAME, SIDE, TRANSFORM

pytestmark = pytest.mark.usefixtures("undrawn")

NAME = f"{FRAME}.geo.landmask.tif"


@pytest.fixture
def portal(scene_tree: Path, tmp_path: Path) -> Iterator[StandInPortal]:
    tree = tmp_path / "tree"
    shutil.copytree(scene_tree, tree)
    put_mask(tree, np.full((SIDE, SIDE), 100.0), name=HEIGHTS)
    with StandInPortal(tree) as portal:
        yield portal


@pytest.fixture
def request_() -> WatchRequest:
    return parse_request("fernandina", dt.date(2024, 1, 1), dt.date(2024, 1, 20), [str(FRAME)])


def without_pictures(*_: object) -> Published | None:
    return None


def run(request: WatchRequest, settings: Settings) -> RunReport:
    return watch_volcano(request, settings, Steps(publish=without_pictures))


def put_mask(tree: Path, mask: np.ndarray, transform: Affine = TRANSFORM, name: str = NAME) -> Path:
    return put_raster(tree, mask, name, transform)


def west_is_sea() -> np.ndarray:
    return (np.arange(SIDE) >= SIDE // 2) * np.ones((SIDE, 1))


def layer(settings: Settings, raster: FrameRaster) -> np.ndarray | None:
    return read_layer(read_cube(home_of(settings).cube("fernandina", FRAME)), raster)


def remembered(settings: Settings) -> LayerRow:
    with open_ledger(home_of(settings).ledger) as ledger:
        return ledger.layers("fernandina", FRAME)[FrameRaster.LANDMASK]


def water_words(settings: Settings) -> str | None:
    with open_ledger(home_of(settings).ledger) as ledger:
        recipe = ledger.recipe("fernandina", FRAME)
        return recipe.water.value if recipe else None


def test_the_frames_landmask_says_where_water_is(
    request_: WatchRequest, settings: Settings, portal: StandInPortal
) -> None:
    put_mask(portal.tree, west_is_sea())
    assert run(request_, settings).notes == ()
    land = layer(settings, FrameRaster.LANDMASK)
    assert land is not None
    assert land.mean() == pytest.approx(0.5, abs=0.02)
    assert (land[:, -1] == 1).all()
    assert (land[:, 0] == 0).all()
    assert water_words(settings) == "landmask"
    assert remembered(settings).is_there
    asked = [request.path for request in portal.requests if NAME in request.path]
    assert run(request_, settings).notes == ()
    assert [request.path for request in portal.requests if NAME in request.path] == asked


def test_a_frame_without_landmask_is_a_note_once_and_no_fault(
    request_: WatchRequest, settings: Settings, portal: StandInPortal
) -> None:
    report = run(request_, settings)
    (note,) = report.notes
    assert "no landmask (no source has it); water is what is coherent in none" in note
    assert report.problems == ()
    assert water_words(settings) == "coherence"
    row = remembered(settings)
    assert row.next_attempt is not None
    assert row.next_attempt > dt.datetime.now(dt.UTC) + dt.timedelta(hours=19)
    put_mask(portal.tree, west_is_sea())
    assert run(request_, settings).notes == ()  # it is not asked for again so soon
    assert water_words(settings) == "coherence"


def test_a_landmask_that_gave_no_answer_is_asked_for_in_the_next_run(
    request_: WatchRequest, settings: Settings, portal: StandInPortal
) -> None:
    put_mask(portal.tree, west_is_sea())
    portal.faults[NAME] = Fault(FaultKind.STATUS, code=503)
    (note,) = run(request_, settings).notes
    assert "503" in note
    portal.faults.clear()
    assert run(request_, settings).notes == ()
    assert water_words(settings) == "landmask"


def test_a_raster_that_begins_elsewhere_on_the_lattice_is_cut_at_the_same_ground(
    request_: WatchRequest, settings: Settings, portal: StandInPortal
) -> None:
    taller = np.vstack([np.zeros((3, SIDE)), west_is_sea()])[:, 40:]
    put_mask(portal.tree, taller, shifted(TRANSFORM, -3, 40))
    run(request_, settings)
    land = layer(settings, FrameRaster.LANDMASK)
    assert land is not None
    assert np.isnan(land[:, :20]).all()  # outside of the raster, and so not known to be water
    assert (land[:, -1] == 1).all()
    assert (land[:, 40:200] == 0).all()


@pytest.mark.parametrize(
    ("mask", "transform", "words"),
    [
        (
            (np.arange(SIDE) < 5) * np.ones((SIDE, 1)),
            TRANSFORM,
            "has no land in the volcano's window",
        ),
        (
            west_is_sea(),
            Affine(0.00101, 0, TRANSFORM.c, 0, -0.00101, TRANSFORM.f),
            "lies on another grid",
        ),
    ],
)
def test_a_landmask_of_no_use_is_refused_with_its_reason(
    request_: WatchRequest, settings: Settings, portal: StandInPortal,
    mask: np.ndarray, transform: Affine, words: str,
) -> None:  # fmt: skip
    put_mask(portal.tree, mask, transform)
    (note,) = run(request_, settings).notes
    assert words in note
    assert layer(settings, FrameRaster.LANDMASK) is None
    assert water_words(settings) == "coherence"


def test_a_folder_of_this_machine_and_other_rasters_go_the_same_way(
    request_: WatchRequest, settings: Settings, portal: StandInPortal
) -> None:
    heights = np.linspace(0, 1476, SIDE) * np.ones((SIDE, 1))
    put_mask(portal.tree, heights, name=HEIGHTS)
    put_mask(portal.tree, west_is_sea())
    of_folder = settings.model_copy(update={"portal": (str(portal.tree),)})
    assert run(request_, of_folder).notes == ()
    assert water_words(settings) == "landmask"
    part = request_.of_frame(FRAME)
    assert bring_layers(part, of_folder, (FrameRaster.HEIGHT,)) == ()
    found = layer(settings, FrameRaster.HEIGHT)
    assert found is not None
    assert found[0, 0] == pytest.approx(heights[0, 10], abs=5)
    (note,) = bring_layers(part, of_folder, (FrameRaster.UP,))
    assert note == f"{FRAME}: no U (no source has it)"
    assert not list((settings.home / "granules").rglob("*.tif"))


def test_a_cube_that_was_made_anew_gets_its_layers_again(
    request_: WatchRequest, settings: Settings, portal: StandInPortal
) -> None:
    put_mask(portal.tree, west_is_sea())
    run(request_, settings)
    home_of(settings).cube("fernandina", FRAME).remove()
    run(request_, settings)
    assert layer(settings, FrameRaster.LANDMASK) is not None
