import datetime as dt
import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from PIL import Image

from catalogs.place import Folder, Place
from catalogs.records import DatePair
from fringewatch.errors import BadInputError, HomeError
from tasks.contact_strip import PhaseWindow, draw_interferograms
from tasks.figures import VERMILLION
from tests.storage import folder_of

_Y, _X = np.mgrid[:100, :100]
PHASE = np.angle(np.exp(1j * np.hypot(_Y - 50, _X - 50) / 4)).astype(np.float32)
WINDOW = PhaseWindow(
    DatePair(dt.date(2021, 2, 23), dt.date(2021, 3, 1)), PHASE, probability=0.97, positive=False
)


@pytest.fixture
def here(tmp_path: Path) -> Place:
    return Folder(tmp_path)


def _share_of(path: Place, colour: str) -> float:
    image = np.asarray(Image.open(io.BytesIO(path.read())).convert("RGB")).astype(int)
    wanted = np.rint(np.array(to_rgb(colour)) * 255)
    return float((np.abs(image - wanted).max(axis=-1) <= 2).mean())


@pytest.mark.parametrize(
    ("count", "size"), [(1, (520, 430)), (3, (770, 430)), (5, (1270, 430)), (6, (1270, 726))]
)
def test_up_to_five_windows_stand_in_a_row(here: Place, count: int, size: tuple[int, int]) -> None:
    path = draw_interferograms([WINDOW] * count, here / "s.png", "Strip", "simulated")
    with Image.open(io.BytesIO(path.read())) as image:
        assert image.size == size


def test_no_data_is_grey(here: Place) -> None:
    nothing = replace(WINDOW, phase_rad=np.full((100, 100), np.nan, dtype=np.float32))
    full = draw_interferograms([WINDOW], here / "full.png", "x")
    empty = draw_interferograms([nothing], here / "empty.png", "x")
    assert _share_of(empty, "#B8B8B8") > 0.25
    assert _share_of(full, "#B8B8B8") < 0.02


def test_the_ends_of_the_cycle_have_one_colour(here: Place) -> None:
    low, high = (
        draw_interferograms(
            [replace(WINDOW, phase_rad=np.full((50, 50), value, dtype=np.float32))],
            here / f"{value}.png",
            "x",
        )
        for value in (-np.pi, np.pi)
    )
    difference = np.abs(
        np.asarray(Image.open(io.BytesIO(low.read())).convert("L")).astype(int)
        - np.asarray(Image.open(io.BytesIO(high.read())).convert("L"))
    )
    assert difference.max() <= 3


def test_a_positive_window_is_framed(here: Place) -> None:
    plain = draw_interferograms([WINDOW], here / "plain.png", "x")
    framed = draw_interferograms([replace(WINDOW, positive=True)], here / "framed.png", "x")
    assert _share_of(plain, VERMILLION) < 1e-3
    assert _share_of(framed, VERMILLION) > 5e-3


def test_a_window_without_a_score_differs_from_one_with(here: Place) -> None:
    paths = [
        draw_interferograms([replace(WINDOW, probability=value)], here / f"{value}.png", "x")
        for value in (0.97, np.nan)
    ]
    assert paths[0].read() != paths[1].read()


def test_the_same_windows_give_the_same_bytes(here: Place) -> None:
    one, two = (draw_interferograms([WINDOW] * 2, here / name, "x") for name in ("1", "2"))
    assert one.read() == two.read()


def test_a_strip_needs_a_window(here: Place) -> None:
    with pytest.raises(BadInputError, match="no interferogram to draw"):
        draw_interferograms([], here / "s.png", "x")


@pytest.mark.parametrize("shape", [(0, 5), (5,), (2, 5, 5)])
def test_a_phase_that_is_no_image_is_said(here: Place, shape: tuple[int, ...]) -> None:
    wrong = replace(WINDOW, phase_rad=np.zeros(shape, dtype=np.float32))
    with pytest.raises(BadInputError, match="20210223_20210301 has shape"):
        draw_interferograms([wrong], here / "s.png", "x")
    assert not here.children()


def test_a_file_in_the_way_of_the_folder_is_said(here: Place) -> None:
    (folder_of(here) / "file").write_text("x")
    with pytest.raises(HomeError, match="a file stands where a folder is needed"):
        draw_interferograms([WINDOW], here / "file" / "s.png", "x")
