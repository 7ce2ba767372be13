"""The contact sheet of a corpus: which patches stand on it, and that their pixels are right."""

import io
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.colors import to_rgb
from numpy.typing import NDArray
from PIL import Image

from fringewatch.errors import StoreError
from fringewatch.numbers import NO_DATA_CODE, PATCH_SIZE
from tasks.corpora.contact_sheet import (
    COLUMNS,
    NO_DATA_COLOUR,
    ROWS,
    choose_patches,
    draw_contact_sheet,
)
from tasks.pictures.figures import UNREST
from tests.tasks.corpora.small_version import noise, write_small

_LEFT, _TOP = 26, 130
"""Where the first patch of a sheet stands."""
_STEP = PATCH_SIZE + 12
_TOLERANCE = 6
"""A step of the picture's palette; that of two phase bytes is 3."""


def pixels(content: bytes) -> NDArray[np.int64]:
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGB")).astype(np.int64)


def patch_pixels(sheet: NDArray[np.int64], column: int) -> NDArray[np.int64]:
    left = _LEFT + column * _STEP
    return sheet[_TOP : _TOP + PATCH_SIZE, left : left + PATCH_SIZE]


def colour(name: str) -> NDArray[np.float64]:
    return np.array([round(255 * part) for part in to_rgb(name)], dtype=np.float64)


def flat(*codes: int) -> NDArray[np.uint8]:
    """Patches of one byte each; the corner differs, so that no two are equal."""
    patches = np.stack([np.full((PATCH_SIZE, PATCH_SIZE), code, np.uint8) for code in codes])
    patches[:, 0, 0] = np.arange(1, len(codes) + 1)
    return patches


@given(st.lists(st.sampled_from([f"source-{n}" for n in range(11)]), max_size=400), st.data())
def test_a_choice_spans_sources_and_quality(words: list[str], data: st.DataObject) -> None:
    sources = np.array(words, dtype=np.str_)
    number = st.floats(0, 1, width=32) | st.just(float("nan"))
    coherence = np.array(
        data.draw(st.lists(number, min_size=len(words), max_size=len(words))), dtype=np.float32
    )
    sections = choose_patches(sources, coherence)
    assert sum(section.rows for section in sections) <= ROWS
    assert len(sections) == min(len(set(words)), ROWS)
    for section in sections:
        of_source = np.flatnonzero(sources == section.source)
        assert section.patches == len(of_source)
        assert set(section.shown) <= set(of_source)
        assert len(set(section.shown)) == len(section.shown) > 0
        ranked = np.nan_to_num(coherence[section.shown], nan=-1)
        assert (np.diff(ranked) >= 0).all()
        if len(section.shown) > 1:
            every = np.nan_to_num(coherence[of_source], nan=-1)
            assert (ranked[0], ranked[-1]) == (every.min(), every.max())


def test_rows_are_shared_and_none_is_wasted() -> None:
    sources = np.array(["small"] * 5 + ["large"] * 5000 + ["middle"] * 100)
    sections = choose_patches(sources, np.linspace(0, 1, len(sources)))
    assert [(s.source, s.rows, len(s.shown)) for s in sections] == [
        ("large", 4, 4 * COLUMNS),
        ("middle", 3, 3 * COLUMNS),
        ("small", 1, 5),
    ]


def test_more_sources_than_rows_leave_the_smallest_out() -> None:
    sources = np.repeat([f"source-{n}" for n in range(10)], range(20, 10, -1))
    sections = choose_patches(sources, np.ones(len(sources)))
    assert [s.source for s in sections] == [f"source-{n}" for n in range(ROWS)]


def test_each_pixel_has_the_colour_of_its_phase(tmp_path: Path) -> None:
    codes = (1, 64, 128, 192, 255)
    sheet = pixels(draw_contact_sheet(write_small(tmp_path, flat(*codes)).place))
    for column, code in enumerate(codes):
        expected = np.array(mpl.colormaps["twilight"]((code - 1) / 254, bytes=True))[:3]
        found = patch_pixels(sheet, column).reshape(-1, 3)[1:]
        assert np.abs(found - expected).max() <= _TOLERANCE


def test_the_ends_of_the_cycle_look_alike_and_no_data_does_not(tmp_path: Path) -> None:
    sheet = pixels(draw_contact_sheet(write_small(tmp_path, flat(1, 255, NO_DATA_CODE)).place))
    low, high, nothing = (patch_pixels(sheet, column)[100, 100] for column in range(3))
    assert np.abs(low - high).max() <= _TOLERANCE
    assert np.abs(nothing - colour(NO_DATA_COLOUR)).max() <= _TOLERANCE
    assert np.abs(nothing - low).max() > 20


def test_patches_stand_in_the_order_of_their_coherence(tmp_path: Path) -> None:
    """Also where that is not their order in the corpus."""
    small = write_small(tmp_path, flat(40, 100, 200), phasor_coherence=[0.9, 0.5, 0.7])
    sheet = pixels(draw_contact_sheet(small.place))
    shown = [patch_pixels(sheet, column)[100, 100] for column in range(3)]
    for found, code in zip(shown, (100, 200, 40), strict=True):
        expected = np.array(mpl.colormaps["twilight"]((code - 1) / 254, bytes=True))[:3]
        assert np.abs(found - expected).max() <= _TOLERANCE


def test_only_what_deforms_has_a_frame(tmp_path: Path) -> None:
    sheet = pixels(draw_contact_sheet(write_small(tmp_path, flat(9, 8, 7), label=[1, 0, -1]).place))
    framed = [
        np.abs(sheet[_TOP - 2, _LEFT + column * _STEP + 100] - colour(UNREST)).max() <= _TOLERANCE
        for column in range(3)
    ]
    assert framed == [True, False, False]


def test_odd_names_are_drawn_and_the_same_version_gives_the_same_bytes(tmp_path: Path) -> None:
    """Dollars are no formula, long names are cut, scenes have no volcano and no dates."""
    small = write_small(
        tmp_path, noise(4), volcano=["$\\frac$", "a" * 300, "", "Öræfajökull"],
        sources=[0, 1, 2, 1], location=["a", "b", "17", "x y"], primary=None, secondary=None,
        phasor_coherence=np.nan,
    )  # fmt: skip
    content = draw_contact_sheet(small.place)
    assert content == draw_contact_sheet(small.place)
    assert Image.open(io.BytesIO(content)).size == (2872, 84 + 76 + 3 * (46 + PATCH_SIZE + 46))


def test_a_damaged_shard_is_told_as_damage(tmp_path: Path) -> None:
    place = write_small(tmp_path, noise(3)).place
    assert place.path is not None
    shard = place.path / "phase" / "c.0.0.0"
    content = bytearray(shard.read_bytes())
    content[1000] ^= 255
    shard.write_bytes(bytes(content))
    with pytest.raises(StoreError, match=r"damaged .*corpus verify small"):
        draw_contact_sheet(place)
