import base64
import io
import re

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tasks.site.images import coast_lines, outline, phase_picture, shade_picture

SIDE = 500


def pixels(href: str) -> NDArray[np.uint8]:
    """Red, green, blue and alpha of a picture in an address."""
    content = base64.b64decode(href.removeprefix("data:image/png;base64,"))
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGBA"))


def test_no_data_is_transparent_and_phase_is_cyclic() -> None:
    phase = np.zeros((SIDE, SIDE), dtype=np.float32)
    phase[:100] = np.nan
    phase[200:300], phase[300:400] = -3.1415, 3.1415
    shown = pixels(phase_picture(phase, 2))
    assert shown.shape == (250, 250, 4)
    assert not shown[:50, :, 3].any()
    assert (shown[60:, :, 3] == 255).all()
    gap = shown[120, 0, :3].astype(int) - shown[180, 0, :3].astype(int)
    assert np.abs(gap).max() < 12
    assert np.abs(shown[120, 0, :3].astype(int) - shown[90, 0, :3].astype(int)).max() > 50


def test_slopes_towards_the_north_west_are_light() -> None:
    y, x = np.mgrid[:SIDE, :SIDE]
    cone = np.clip(2000 - 20 * np.hypot(y - 250, x - 250), 0, None).astype(np.float32)
    water = np.zeros((SIDE, SIDE), dtype=bool)
    water[:, 450:] = True
    shade = pixels(shade_picture(cone, water, (0.0, 0.001), 2)).astype(int)
    north_west, south_east = shade[100, 100, 0], shade[150, 150, 0]
    assert north_west > south_east + 40
    assert not shade[:, 230:, 3].any()
    assert (shade[:, :220, 3] == 255).all()


def points(path: str) -> NDArray[np.int_]:
    return np.array([int(number) for number in re.findall(r"-?\d+", path)]).reshape(-1, 2)


def test_the_outline_goes_round_half_of_the_peak() -> None:
    y, x = np.mgrid[:SIDE, :SIDE]
    peak = np.exp(-(np.hypot(y - 300, x - 200) ** 2) / (2 * 50.0**2)).astype(np.float32)
    radius = np.hypot(*(points(outline(peak)) - [200, 300]).T)
    assert np.abs(radius - 50 * np.sqrt(2 * np.log(2))).max() < 3
    assert outline(np.zeros((SIDE, SIDE), dtype=np.float32)) == ""


def test_coasts_are_lines_and_specks_are_not() -> None:
    water = np.zeros((SIDE, SIDE), dtype=bool)
    water[:, :250] = True
    assert np.abs(points(coast_lines(water, is_rough=False))[:, 0] - 250).max() <= 2
    speck = np.zeros((SIDE, SIDE), dtype=bool)
    speck[100:104, 100:104] = True
    assert coast_lines(speck, is_rough=True) == ""
    assert coast_lines(~np.zeros((SIDE, SIDE), dtype=bool), is_rough=False) == ""
