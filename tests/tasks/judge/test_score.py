"""What a pair's row says, and what a score depends on."""

import datetime as dt
from collections.abc import Iterator
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
from catalogs.world.volcanoes import find_volcano
from insar_models.phase.codes import encode_phase
from tasks.judge.models import model_of
from tasks.judge.score import score_frame
from tasks.records import FrameRequest
from tests.scenes import FRAME, FRINGES, SIDE, TRANSFORM, scene_phase

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
