"""Layered air is taken from pairs where the heights of their frame explain it, and nowhere else."""

import datetime as dt
from pathlib import Path

import numpy as np
import pytest
from rasterio.transform import Affine

from catalogs.cubes.cube import read_cube
from catalogs.home.home import home_of
from catalogs.ledger.ledger import open_ledger
from catalogs.ledger.rows import ScoredPair
from catalogs.records import DatePair, ModelId
from catalogs.settings import Settings
from catalogs.tables import INTERFEROGRAMS, read_table
from tasks.judge.correct import correct_frame
from tasks.judge.models import model_of
from tasks.rebuild import rebuild_frame
from tasks.records import Published, RunReport
from tasks.watch import Steps, parse_request, watch_volcano
from tests.relief import HEIGHTS, cones_m, put_raster, write_air_pair
from tests.scenes import FRAME, TRANSFORM
from tests.storage import folder_of

pytestmark = pytest.mark.usefixtures("undrawn")

REQUEST = parse_request("fernandina", dt.date(2024, 1, 1), dt.date(2024, 4, 30), [str(FRAME)])
PART = REQUEST.of_frame(FRAME)
FIRST, SECOND, THIRD = "20240106_20240118", "20240118_20240130", "20240130_20240211"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return tmp_path / "tree"


@pytest.fixture
def settings(tree: Path, tmp_path: Path) -> Settings:
    tree.mkdir()
    return Settings(home=tmp_path / "home", portal=(str(tree),), workers=1)


def without_tables(*_: object) -> Published | None:
    return None


def run(settings: Settings) -> RunReport:
    return watch_volcano(REQUEST, settings, Steps(publish=without_tables))


def scored(settings: Settings) -> dict[str, ScoredPair]:
    model = model_of(settings)
    with open_ledger(home_of(settings).ledger) as ledger:
        rows = ledger.scored_pairs("fernandina", ModelId(model.name, model.sha256))
    return {str(row.pair): row for row in rows}


def factor(row: ScoredPair) -> float | None:
    assert row.air is not None
    return row.air.removed[0].factor if row.air.removed else None


def test_air_over_cones_alarms_no_more_and_a_source_does(settings: Settings, tree: Path) -> None:
    write_air_pair(tree, FIRST, 12.0)
    write_air_pair(tree, SECOND, -13.0)
    write_air_pair(tree, THIRD, 8.0, source_rad=40.0)
    put_raster(tree, cones_m(), HEIGHTS)
    as_it_came = settings.model_copy(update={"air": ()})
    run(as_it_came)
    before = scored(as_it_came)
    assert [row.score.positive for row in before.values()] == [True, True, True]
    assert all(row.air is None for row in before.values())
    phase = read_cube(home_of(settings).cube("fernandina", FRAME))["phase"].to_numpy()

    report = watch_volcano(REQUEST, settings)
    assert (report.fetched, report.scored, report.problems) == (0, 3, ())
    table = read_table(INTERFEROGRAMS, home_of(settings).detections("fernandina"))
    assert table["positive"].tolist() == [False, False, True]
    assert table["air"].tolist() == ["heights: removed"] * 3
    assert table["air_rad_per_km"].tolist() == pytest.approx([12, -13, 8], abs=0.3)
    assert table["air_share"].between(0.3, 1.0).all()
    middle = TRANSFORM @ (270.5, 210.5)
    assert table["peak_longitude"][2] == pytest.approx(middle[0], abs=0.08)
    assert table["peak_latitude"][2] == pytest.approx(middle[1], abs=0.08)
    kept = read_cube(home_of(settings).cube("fernandina", FRAME))["phase"].to_numpy()
    assert np.array_equal(kept, phase)  # as it came
    assert run(settings).scored == 0

    assert run(as_it_came).scored == 3  # nothing that was once taken stays taken
    assert {name: row.score for name, row in scored(as_it_came).items()} == {
        name: row.score for name, row in before.items()
    }


def test_heights_that_explain_nothing_change_no_score(settings: Settings, tree: Path) -> None:
    write_air_pair(tree, FIRST, 0.0)
    write_air_pair(tree, SECOND, 0.0, source_rad=40.0)
    put_raster(tree, cones_m(), HEIGHTS)
    as_it_came = settings.model_copy(update={"air": ()})
    run(as_it_came)
    before = scored(as_it_came)
    assert run(settings).scored == 0
    after = scored(settings)
    assert [row.score for row in after.values()] == [row.score for row in before.values()]
    for row in after.values():
        assert row.air is not None
        assert (row.air.removed, row.air.share) == ((), 0.0)
        assert "follow" in row.air.fits[0].outcome


def test_without_heights_the_columns_are_empty_and_the_reason_is_a_note(
    settings: Settings, tree: Path
) -> None:
    write_air_pair(tree, FIRST, 12.0)
    report = watch_volcano(REQUEST, settings)
    assert report.problems == ()
    assert any("no hgt (no source has it); air that follows" in note for note in report.notes)
    table = read_table(INTERFEROGRAMS, home_of(settings).detections("fernandina"))
    assert table[["air", "air_rad_per_km", "air_share"]].isna().all(axis=None)
    assert table["positive"].tolist() == [True]


@pytest.mark.parametrize(
    ("heights", "transform", "words"),
    [
        (np.zeros_like(cones_m()), TRANSFORM, "no data"),
        (np.full_like(cones_m(), -32768), TRANSFORM, "has no heights in the volcano's window"),
        (
            cones_m(),
            Affine(0.00101, 0, TRANSFORM.c, 0, -0.00101, TRANSFORM.f),
            "lies on another grid",
        ),
    ],
)
def test_heights_of_no_use_are_a_note_and_the_pair_is_scored_as_it_came(
    settings: Settings, tree: Path, heights: np.ndarray, transform: Affine, words: str
) -> None:
    write_air_pair(tree, FIRST, 12.0)
    put_raster(tree, heights, HEIGHTS, transform)
    report = run(settings)
    assert any("no hgt" in note and words in note for note in report.notes)
    assert report.problems == ()
    (row,) = scored(settings).values()
    assert row.air is None
    assert row.score.positive


def test_sea_and_holes_take_no_part_and_air_is_found_beside_them(
    settings: Settings, tree: Path
) -> None:
    write_air_pair(tree, FIRST, 12.0)
    heights = cones_m().copy()
    heights[:, :60] = 0  # sea
    heights[300:330, 300:330] = np.nan
    heights[50:70, 200:240] = -32768
    put_raster(tree, heights, HEIGHTS)
    run(settings)
    (row,) = scored(settings).values()
    assert factor(row) == pytest.approx(12, abs=0.3)
    assert not row.score.positive


def test_other_heights_after_a_rebuild_correct_and_score_anew(
    settings: Settings, tree: Path
) -> None:
    write_air_pair(tree, FIRST, 12.0)
    put_raster(tree, cones_m(), HEIGHTS)
    run(settings)
    (first,) = scored(settings).values()
    put_raster(tree, cones_m() * np.float32(1.5), HEIGHTS)
    assert run(settings).scored == 0  # the frame's heights are read once
    rebuild_frame(REQUEST.volcano, FRAME, settings)
    (row,) = scored(settings).values()
    assert factor(first) == pytest.approx(12, abs=0.3)
    assert factor(row) == pytest.approx(8, abs=0.3)
    assert row.score.probability == pytest.approx(first.score.probability, abs=0.02)


def test_a_pair_that_does_not_decode_stops_no_other(settings: Settings, tree: Path) -> None:
    write_air_pair(tree, FIRST, 12.0)
    write_air_pair(tree, SECOND, -13.0)
    put_raster(tree, cones_m(), HEIGHTS)
    run(settings)
    with open_ledger(home_of(settings).ledger) as ledger:
        pairs = [DatePair.parse(FIRST), DatePair.parse(SECOND)]
        ledger.forget_corrections("fernandina", FRAME, pairs)
    folder = folder_of(home_of(settings).cube("fernandina", FRAME))
    chunk = folder / "phase" / "c" / "0" / "0" / "0"
    chunk.write_bytes(b"damaged" + chunk.read_bytes()[7:])
    report = correct_frame(PART, settings)
    assert list(map(str, report.done)) == [SECOND]
    (problem,) = report.problems
    assert str(problem.pair) == FIRST
    assert "run `fringewatch verify`" in problem.reason
