import io
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from catalogs.storage.place import Place
from fringewatch.errors import BadInputError
from insar_models.augmentation import PaperRecipe, Recipe
from insar_models.phase.codes import encode_phase
from tasks.pictures.augmentation_sheet import draw_augmentations, sheet_rows
from tests.insar_models.small_patch_file import small_patch_file

PIECES = 12


@pytest.fixture
def codes() -> NDArray[np.uint8]:
    y, x = np.mgrid[:32, :32]
    phase_rad = np.angle(np.exp(1j * np.hypot(y - 15, x - 15) / 3)) + 1e-6
    return np.stack([encode_phase(phase_rad), encode_phase(-phase_rad)])


def _picture(place: Place) -> NDArray[np.int64]:
    return np.asarray(Image.open(io.BytesIO(place.read())).convert("RGB")).astype(np.int64)


def test_a_patch_is_a_line_and_a_piece_a_column(here: Place, codes: NDArray[np.uint8]) -> None:
    sheet = draw_augmentations(codes, np.arange(2), Recipe(), here / "sheet.png")
    picture = _picture(sheet)
    assert picture.shape[1] == (1 + PIECES + 6) * 156 + 6
    assert picture.shape[0] == 2 * 156 + 84
    panels = [picture[84 + 10 : 84 + 140, 6 + at * 156 + 10 : at * 156 + 140] for at in range(19)]
    # Blur alone hardly shows where there is no noise.
    shown = [at for at, panel in enumerate(panels) if np.abs(panel - panels[0]).mean() > 1]
    assert len(shown) >= 15


def test_pieces_that_are_left_out_have_no_column(here: Place, codes: NDArray[np.uint8]) -> None:
    recipe = Recipe.parse({"sea": False, "blur": False})
    sheet = draw_augmentations(codes, np.arange(2), recipe, here / "sheet.png")
    assert _picture(sheet).shape[1] == (1 + PIECES - 2 + 6) * 156 + 6


def test_the_published_views_are_grey(here: Place, codes: NDArray[np.uint8]) -> None:
    picture = _picture(draw_augmentations(codes, np.arange(2), PaperRecipe(), here / "p.png"))
    assert picture.shape[1] == 7 * 156 + 6
    views = picture[90:, 170:]
    assert np.ptp(views, axis=-1).max() <= 2
    assert views.std() > 20


def test_the_same_patches_give_the_same_bytes(here: Place, codes: NDArray[np.uint8]) -> None:
    recipe = PaperRecipe()
    one, two = (
        draw_augmentations(codes, np.arange(2), recipe, here / name, seed=3) for name in ("a", "b")
    )
    other = draw_augmentations(codes, np.arange(2), recipe, here / "c", seed=4)
    assert one.read() == two.read()
    assert one.read() != other.read()


def test_rows_are_spread_over_the_corpus(tmp_path: Path) -> None:
    file = small_patch_file(tmp_path / "tiny.safetensors")
    assert sheet_rows(file, 4).tolist() == [0, 3, 6, 9]
    assert sheet_rows(file, 100).tolist() == list(range(10))
    with pytest.raises(BadInputError, match="0 of the 10 patches"):
        sheet_rows(file, 0)


@pytest.mark.parametrize("shape", [(0, 8, 8), (8, 8)])
def test_patches_that_make_no_sheet_are_said(here: Place, shape: tuple[int, ...]) -> None:
    with pytest.raises(BadInputError, match="make no sheet"):
        draw_augmentations(np.zeros(shape, np.uint8), np.arange(1), Recipe(), here / "s.png")
    assert not here.children()
