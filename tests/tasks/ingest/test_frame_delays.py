"""Delays of weather models, brought for each date where the settings ask for them."""

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from catalogs.cubes.cube import cube_pairs, read_cube
from catalogs.cubes.delays import delay_hashes, read_delay
from catalogs.home.home import home_of
from catalogs.ledger.ledger import open_ledger
from catalogs.ledger.rows import ScoredPair
from catalogs.records import FrameRaster, ModelId
from catalogs.settings import Settings
from insar_models.phase.codes import wrap
from tasks.judge.models import model_of
from tasks.records import Published, RunReport
from tasks.watch import Steps, parse_request, watch_volcano
from tests.portal.faults import Fault, FaultKind
from tests.portal.server import StandInPortal
from tests.relief import HEIGHTS, air_phase, cones_m, delay_rad, put_delay, put_raster
from tests.scenes import FRAME, write_scene

pytestmark = pytest.mark.usefixtures("undrawn")

REQUEST = parse_request("fernandina", dt.date(2024, 1, 1), dt.date(2024, 4, 30), [str(FRAME)])
FIRST, SECOND = "20240106_20240118", "20240118_20240130"
JANUARY_6, JANUARY_18 = dt.date(2024, 1, 6), dt.date(2024, 1, 18)


@pytest.fixture
def portal(tmp_path: Path) -> Iterator[StandInPortal]:
    tree = tmp_path / "tree"
    change = delay_rad(6.0) - delay_rad(0.0)
    for pair, rad_per_km in ((FIRST, 8.0), (SECOND, -9.0)):
        phase = wrap(air_phase(rad_per_km) + (change if pair == FIRST else 0))
        write_scene(tree, pair, phase)
    put_raster(tree, cones_m(), HEIGHTS)
    put_raster(tree, np.ones_like(cones_m()), f"{FRAME}.geo.landmask.tif")
    put_delay(tree, "20240106", delay_rad(0.0))
    put_delay(tree, "20240118", delay_rad(6.0))
    with StandInPortal(tree) as portal:
        yield portal


@pytest.fixture
def settings(portal: StandInPortal, tmp_path: Path) -> Settings:
    return Settings(
        home=tmp_path / "home",
        portal=(portal.url,),
        retries=0,
        requests_per_second=1000,
        workers=1,
        air=("heights", "gacos"),
    )


def without_tables(*_: object) -> Published | None:
    return None


def run(settings: Settings) -> RunReport:
    return watch_volcano(REQUEST, settings, Steps(publish=without_tables))


def scored(settings: Settings) -> list[ScoredPair]:
    model = model_of(settings)
    with open_ledger(home_of(settings).ledger) as ledger:
        return [*ledger.scored_pairs("fernandina", ModelId(model.name, model.sha256))]


def test_a_pair_goes_along_heights_and_delays_and_one_without_delay_along_heights_alone(
    settings: Settings, portal: StandInPortal
) -> None:
    report = run(settings)
    assert report.notes == (
        f"{FRAME}: no delay of gacos for 1 of 3 dates (no source has it); their pairs do without "
        "it",
    )
    assert report.problems == ()
    first, second = (row.air for row in scored(settings))
    assert first is not None
    assert second is not None
    assert [fit.field for fit in first.removed] == ["heights", "gacos"]
    assert [fit.factor for fit in first.removed] == pytest.approx([8, 1], abs=0.25)
    assert first.lacking == ()
    assert [fit.field for fit in second.removed] == ["heights"]
    assert second.lacking == ("gacos: no delay of 2024-01-30",)

    asked = [request.path for request in portal.requests if "epochs" in request.path]
    again = run(settings)
    assert (again.scored, again.notes) == (0, ())
    assert [request.path for request in portal.requests if "epochs" in request.path] == asked

    place = home_of(settings).cube("fernandina", FRAME)
    assert set(delay_hashes(place, FrameRaster.GACOS)) == {JANUARY_6, JANUARY_18}
    assert read_delay(place, FrameRaster.GACOS, JANUARY_18).max() == pytest.approx(406, abs=0.1)
    assert len(cube_pairs(place)) == 2
    assert "height" in read_cube(place)
    assert not list((settings.home / "granules").rglob("*.tif"))


def test_a_delay_that_gave_no_answer_comes_in_the_next_run_and_its_pair_is_scored_anew(
    settings: Settings, portal: StandInPortal
) -> None:
    portal.faults["20240118.sltd.geo.tif"] = Fault(FaultKind.STATUS, code=503)
    report = run(settings)
    (note,) = report.notes
    assert "for 2 of 3 dates" in note
    before = scored(settings)
    portal.faults.clear()
    assert run(settings).scored == 1
    after = scored(settings)
    assert after[0].air != before[0].air
    assert after[1].air == before[1].air


def test_delays_of_no_use_are_a_note(settings: Settings, portal: StandInPortal) -> None:
    put_delay(portal.tree, "20240106", np.zeros_like(cones_m()))
    (note,) = run(settings).notes
    assert "for 2 of 3 dates (" in note
    assert "no data" in note or "has no delay in the volcano's window" in note
    first, _ = (row.air for row in scored(settings))
    assert first is not None
    assert first.lacking == ("gacos: no delay of 2024-01-06",)


def test_delays_are_asked_for_only_where_the_settings_name_them(
    settings: Settings, portal: StandInPortal
) -> None:
    run(settings.model_copy(update={"air": ("heights",)}))
    assert not any("epochs" in request.path for request in portal.requests)


@pytest.mark.parametrize("air", [["heights", "heights"], ["height"]])
def test_a_field_that_is_none_or_named_twice_is_refused(air: list[str]) -> None:
    with pytest.raises(ValidationError, match="air"):
        Settings.model_validate_json(json.dumps({"air": air}))
