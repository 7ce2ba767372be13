"""Each rendering is told from its colours, and a picture of something else is refused."""

import io

import matplotlib as mpl
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from fringewatch.errors import ImageError
from insar_models.quicklook import PictureFamily
from insar_models.quicklook.families import recognise_family
from tests.insar_models.quicklook.pictures import bullseye, paint_grey, paint_hue, paint_palette


def as_jpeg(colours: NDArray[np.uint8], quality: int) -> NDArray[np.uint8]:
    """The picture after it was saved as a JPEG."""
    stream = io.BytesIO()
    Image.fromarray(colours).save(stream, "JPEG", quality=quality)
    return np.asarray(Image.open(stream))


def family_of(colours: NDArray[np.uint8]) -> PictureFamily:
    return recognise_family(colours.reshape(-1, 3))


@pytest.mark.parametrize("quality", [60, 90])
def test_the_family_survives_a_jpeg(quality: int) -> None:
    grey = np.stack([paint_grey(bullseye())] * 3, axis=-1)

    assert family_of(as_jpeg(grey, quality)) is PictureFamily.GREY
    assert family_of(as_jpeg(paint_palette(bullseye()), quality)) is PictureFamily.LICSAR_PALETTE
    assert family_of(as_jpeg(paint_hue(bullseye()), quality)) is PictureFamily.HUE_AMPLITUDE


def test_a_palette_picture_of_noise_alone_is_recognised() -> None:
    noise = np.random.default_rng(1).uniform(-np.pi, np.pi, (192, 192))
    fine = paint_palette(noise, posterised=False).astype(np.float64)
    shrunk = fine.reshape(64, 3, 64, 3, 3).mean(axis=(1, 3))

    assert family_of(np.rint(shrunk).astype(np.uint8)) is PictureFamily.LICSAR_PALETTE


def test_a_hue_picture_mostly_of_sea_is_recognised() -> None:
    colours = paint_hue(bullseye())
    colours[:150] = 51

    assert family_of(colours) is PictureFamily.HUE_AMPLITUDE


@pytest.mark.parametrize("name", ["viridis", "jet", "hsv", "twilight", "seismic", "terrain"])
def test_other_colour_maps_are_refused_with_what_was_seen(name: str) -> None:
    shade = (bullseye() + np.pi) / (2.0 * np.pi)
    colours = (mpl.colormaps[name](shade)[..., :3] * 255.0).astype(np.uint8)

    with pytest.raises(ImageError, match=r"no known rendering .* mean colour \(\d+, \d+, \d+\)"):
        family_of(colours)


def test_random_colours_are_refused() -> None:
    colours = np.random.default_rng(2).integers(0, 256, (64, 64, 3), dtype=np.uint8)

    with pytest.raises(ImageError, match="no known rendering"):
        family_of(colours)


def test_black_and_white_show_nothing() -> None:
    colours = np.zeros((20, 3), dtype=np.uint8)
    colours[5:9] = 255

    with pytest.raises(ImageError, match="nothing but black, white or transparent"):
        recognise_family(colours)


def test_no_pixel_shows_nothing() -> None:
    with pytest.raises(ImageError, match="nothing but black, white or transparent"):
        recognise_family(np.empty((0, 3), dtype=np.uint8))


def test_nearly_black_colours_are_refused() -> None:
    colours = np.random.default_rng(2).integers(1, 60, (4096, 3), dtype=np.uint8)

    with pytest.raises(ImageError, match="no known rendering"):
        recognise_family(colours)
