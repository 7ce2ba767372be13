import datetime as dt
import io
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from numpy.typing import NDArray
from PIL import Image

from catalogs.records import DatePair
from catalogs.storage.place import Place
from fringewatch.errors import BadInputError, HomeError
from tasks.pictures.contact_strip import PhaseWindow, draw_interferograms
from tasks.pictures.figures import UNREST
from tests.storage import folder_of

_Y, _X = np.mgrid[:100, :100]
PHASE = np.angle(np.exp(1j * np.hypot(_Y - 50, _X - 50) / 4)).astype(np.float32)
WINDOW = PhaseWindow(
    DatePair(dt.date(2021, 2, 23), dt.date(2021, 3, 1)), PHASE, probability=0.97, positive=False
)


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


def test_a_window_that_is_left_out_has_no_colour(here: Place) -> None:
    def coloured(window: PhaseWindow) -> float:
        content = draw_interferograms([window], here / "s.png", "x").read()
        image = np.asarray(Image.open(io.BytesIO(content)).convert("RGB")).astype(int)
        above_the_colour_bar = image[: image.shape[0] * 3 // 4]
        return float((np.ptp(above_the_colour_bar, axis=-1) > 20).mean())

    assert coloured(WINDOW) > 0.2
    assert coloured(replace(WINDOW, is_left_out=True)) == 0.0


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
    assert _share_of(plain, UNREST) < 1e-3
    assert _share_of(framed, UNREST) > 5e-3


def _bump(row: float, column: float) -> NDArray[np.float32]:
    bump: NDArray[np.float64] = np.exp(-((_Y - row) ** 2 + (_X - column) ** 2) / 200)
    return bump.astype(np.float32)


def _outline_rows(path: Place) -> NDArray[np.intp]:
    image = np.asarray(Image.open(io.BytesIO(path.read())).convert("RGB")).astype(int)
    return np.flatnonzero((np.abs(image - [255, 230, 0]).max(axis=-1) <= 60).any(axis=1))


def test_a_line_goes_round_half_of_the_peak_of_the_activation(here: Place) -> None:
    """A bump of variance 100 is half as high 11.8 pixels away."""
    scale = 2.78  # pixels of the picture to one of the window
    flat = replace(WINDOW, phase_rad=np.zeros((100, 100), dtype=np.float32))
    assert not len(_outline_rows(draw_interferograms([flat], here / "none.png", "x")))
    heights = []
    for name, row in (("up.png", 30), ("down.png", 70)):
        window = replace(flat, activation=7 * _bump(row, 50))
        rows = _outline_rows(draw_interferograms([window], here / name, "x"))
        assert np.ptp(rows) == pytest.approx(2 * 11.8 * scale, abs=4)
        heights.append(rows.mean())
    assert heights[1] - heights[0] == pytest.approx(40 * scale, abs=2)


@pytest.mark.parametrize("value", [np.nan, 0.0])
def test_an_activation_of_nothing_has_no_line(here: Place, value: float) -> None:
    nothing = np.full((100, 100), value, dtype=np.float32)
    path = draw_interferograms([replace(WINDOW, activation=nothing)], here / "s.png", "x")
    assert not len(_outline_rows(path))


def test_an_activation_with_holes_has_a_line(here: Place) -> None:
    holes = _bump(50, 50)
    holes[:45] = np.nan
    flat = replace(WINDOW, phase_rad=np.zeros((100, 100), dtype=np.float32), activation=holes)
    assert len(_outline_rows(draw_interferograms([flat], here / "s.png", "x")))


def test_an_activation_of_another_shape_is_said(here: Place) -> None:
    wrong = replace(WINDOW, activation=np.zeros((5, 5), dtype=np.float32))
    with pytest.raises(BadInputError, match=r"activation of 20210223_20210301 has shape \(5, 5\)"):
        draw_interferograms([wrong], here / "s.png", "x")


def test_the_track_is_in_the_caption(here: Place) -> None:
    one, two = (
        draw_interferograms([replace(WINDOW, track=track)], here / f"{track}.png", "x")
        for track in ("155D", "")
    )
    assert one.read() != two.read()


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


def test_a_long_title_is_broken_and_not_cut(here: Place) -> None:
    title = "Fagradalsfjall: unrest 2021-03-07 to 2021-03-31: its 3 positive interferograms"
    path = draw_interferograms([WINDOW] * 3, here / "long.png", title)
    head = np.asarray(Image.open(io.BytesIO(path.read())).convert("L"))[:50]
    assert (head[:, -8:] > 250).all()  # nothing reaches the edge
    assert (head[:, :700] < 100).any()
