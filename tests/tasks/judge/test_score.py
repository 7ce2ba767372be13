"""What a pair's row says, and what a score depends on."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from catalogs.cubes.cube import PairTile, open_cube
from catalogs.home.home import home_of, open_home
from catalogs.ledger.ledger import Ledger, open_ledger
from catalogs.ledger.rows import PairScore, TileRow, WaterSource
from catalogs.rasters.grid import Grid, volcano_window
from catalogs.records import DatePair, ModelId
from catalogs.settings import Settings
from catalogs.tables import INTERFEROGRAMS, read_table
from catalogs.world.volcanoes import find_volcano
from insar_models.detectors.deforming_share import deforming_share_of
from insar_models.phase.codes import encode_phase
from insar_models.phase.window_patches import cut_patches
from tasks.judge.models import model_of
from tasks.judge.score import score_frame
from tasks.publish import publish_volcano
from tasks.records import FrameRequest
from tests.scenes import FRAME, FRINGES, SIDE, TRANSFORM, scene_phase

pytestmark = pytest.mark.usefixtures("undrawn")

FERNANDINA = find_volcano("fernandina")
GRID = Grid(TRANSFORM.c, TRANSFORM.f, TRANSFORM.a, -TRANSFORM.e, SIDE, SIDE)
WINDOW = volcano_window(GRID, FERNANDINA.latitude, FERNANDINA.longitude)
REQUEST = FrameRequest(FERNANDINA, FRAME, dt.date(2024, 1, 1), dt.date(2024, 3, 31))
NAMES = ("20240106_20240118", "20240118_20240130", "20240130_20240211")
CODES = encode_phase(scene_phase(FRINGES)[:500, :500], np.ones((500, 500), dtype=np.bool_))
LAND = 204
NOISE = 15


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home", portal=(str(tmp_path),))


@pytest.fixture
def ledger(settings: Settings) -> Iterator[Ledger]:
    home = open_home(home_of(settings))
    with open_ledger(home.ledger) as ledger:
        yield ledger


def add(settings: Settings, ledger: Ledger, name: str, coherence: np.ndarray) -> None:
    """Put a pair of fringes with that coherence into the cube."""
    tile = PairTile(DatePair.parse(name), CODES, coherence.astype(np.uint8))
    place = home_of(settings).cube("fernandina", FRAME)
    open_cube(place, "fernandina", FRAME, WINDOW).append([tile])
    row = TileRow(tile.pair, "file:///a", "aa", "bb", tile.sha256)
    ledger.record_tiles("fernandina", FRAME, [row])


def scores(settings: Settings, ledger: Ledger) -> list[PairScore]:
    model = model_of(settings)
    return [
        row.score for row in ledger.scored_pairs("fernandina", ModelId(model.name, model.sha256))
    ]


def flat(value: int) -> np.ndarray:
    return np.full((500, 500), value)


def half_sea(value: int) -> np.ndarray:
    return np.where(np.arange(500) < 250, value, NOISE) * np.ones((500, 1))


def test_the_share_that_was_scored_is_of_patches_with_a_score(
    settings: Settings, ledger: Ledger
) -> None:
    add(settings, ledger, NAMES[0], half_sea(LAND))
    score_frame(REQUEST, settings)
    (score,) = scores(settings, ledger)
    # The right third of the patches begins at column 276, beyond the land.
    assert score.patches_scored == 6
    assert score.valid_fraction == pytest.approx(0.5)


def test_ground_under_snow_is_ground_once_a_pair_is_coherent(
    settings: Settings, ledger: Ledger
) -> None:
    add(settings, ledger, NAMES[0], flat(NOISE))
    score_frame(REQUEST, settings)
    (blind,) = scores(settings, ledger)
    assert np.isnan(blind.score)
    add(settings, ledger, NAMES[1], flat(LAND))
    assert len(score_frame(REQUEST, settings).done) == 2  # also the one that had another mask
    blind, seeing = scores(settings, ledger)
    # The ground is known now, and in the first pair it is all noise: that is no data, not quiet.
    assert (blind.patches_scored, seeing.patches_scored) == (0, 9)
    assert np.isnan(blind.score)
    assert seeing.positive
    assert score_frame(REQUEST, settings).done == ()


def test_the_same_pairs_have_the_same_scores_in_any_order(
    settings: Settings, ledger: Ledger, tmp_path: Path
) -> None:
    kinds = (half_sea(LAND), flat(LAND), half_sea(LAND))
    for name, coherence in zip(NAMES, kinds, strict=True):
        add(settings, ledger, name, coherence)
        score_frame(REQUEST, settings)
    other = settings.model_copy(update={"home": tmp_path / "other"})
    with open_ledger(open_home(home_of(other)).ledger) as other_ledger:
        for index in (1, 2, 0):
            add(other, other_ledger, NAMES[index], kinds[index])
        score_frame(REQUEST, other)
        assert scores(other, other_ledger) == scores(settings, ledger)


def test_an_observatorys_share_of_deforming_windows_moves_probability_alone(
    settings: Settings, ledger: Ledger
) -> None:
    add(settings, ledger, NAMES[0], flat(LAND))
    score_frame(REQUEST, settings)
    (before,) = scores(settings, ledger)
    restless = settings.model_copy(update={"deforming_share": 0.3})
    assert len(score_frame(REQUEST, restless).done) == 1  # no score of another share is left
    (after,) = scores(restless, ledger)
    assert after.probability > before.probability
    assert replace(after, probability=before.probability) == before
    assert score_frame(REQUEST, restless).done == ()
    publish_volcano(FERNANDINA, (FRAME,), restless)
    table = read_table(INTERFEROGRAMS, home_of(restless).detections("fernandina"))
    model = model_of(settings)
    usual = model.probabilities(np.array([model.threshold]))[0]
    assert table["deforming_share"].tolist() == [0.3]
    assert table["threshold"].tolist() == [model.threshold]
    assert (table["threshold_probability"] > usual).all()
    assert table["probability"].tolist() == [after.probability]
    assert len(score_frame(REQUEST, settings).done) == 1
    assert scores(settings, ledger) == [before]


def test_one_patch_of_nine_is_judged_by_itself_and_the_row_says_so(
    settings: Settings, ledger: Ledger
) -> None:
    corner = np.full((500, 500), NOISE)
    corner[:150, :150] = LAND  # less than half of any patch
    snow = flat(LAND)
    add(settings, ledger, NAMES[0], corner)
    add(settings, ledger, NAMES[1], snow)  # so that the ground is known for ground
    score_frame(REQUEST, settings)
    one, all_nine = scores(settings, ledger)
    assert (one.patches_scored, all_nine.patches_scored) == (0, 9)
    corner[:200, :200] = LAND
    add(settings, ledger, NAMES[2], corner)
    score_frame(REQUEST, settings)
    one = scores(settings, ledger)[-1]
    assert one.patches_scored == 1
    assert one.valid_fraction == pytest.approx((224 / 500) ** 2)
    assert np.isfinite(one.score)
    model = model_of(settings)
    expected = model.window_logits(model.logits_of_codes(CODES[None, :224, :224])[None])
    assert one.score == pytest.approx(expected[0], abs=1e-3)


def test_a_model_without_a_windows_calibration_goes_by_its_highest_patch(
    settings: Settings, ledger: Ledger
) -> None:
    older = settings.model_copy(update={"model": "simclr-compact-1"})
    add(older, ledger, NAMES[0], flat(LAND))
    score_frame(REQUEST, older)
    (score,) = scores(older, ledger)
    model = model_of(older)
    patches = cut_patches(CODES).astype(np.uint8)
    assert score.score == pytest.approx(np.nanmax(model.logits_of_codes(patches)), abs=1e-3)
    assert 0 < score.probability < 1
    assert publish_volcano(FERNANDINA, (FRAME,), older) is not None
    table = read_table(INTERFEROGRAMS, home_of(older).detections("fernandina"))
    assert table["positive"].tolist() == [score.positive]
    assert table["deforming_share"].tolist() == [deforming_share_of(model)]


def test_another_water_coherence_scores_all_anew(settings: Settings, ledger: Ledger) -> None:
    add(settings, ledger, NAMES[0], half_sea(LAND))
    add(settings, ledger, NAMES[1], half_sea(LAND))
    assert len(score_frame(REQUEST, settings).done) == 2
    before = scores(settings, ledger)
    lower = settings.model_copy(update={"water_coherence": 0.05})
    assert len(score_frame(REQUEST, lower).done) == 2
    assert scores(lower, ledger) != before
    recipe = ledger.recipe("fernandina", FRAME)
    assert recipe is not None
    assert (recipe.water, recipe.least_coherence) == (WaterSource.COHERENCE, 0.05)
    assert len(score_frame(REQUEST, settings).done) == 2
    assert scores(settings, ledger) == before
