"""Splits: what never stands on both sides."""

import datetime as dt
import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from fringewatch.errors import BadInputError
from fringewatch.numbers import NO_DATE
from insar_models.patchfile.splits import (
    HELD_OUT,
    LEARN,
    LEFT_OUT,
    UNKNOWN,
    SplitBy,
    SplitColumns,
    split,
)
from tests.insar_models.small_patch_file import FACTS, small_patch_file

DAY = dt.date(2020, 1, 1)
DAYS = DAY.toordinal() - dt.date(1970, 1, 1).toordinal()
UNITS = (SplitBy.AREA, SplitBy.FRAME, SplitBy.VOLCANO)


def table(*rows: tuple[int, int, int, int, int, int]) -> SplitColumns:
    """Rows of group, area, frame, volcano, and the dates in days from `DAY`."""
    columns = np.array(rows, dtype=np.int64).reshape(-1, 6).T
    group, area, frame, volcano, primary, secondary = columns
    return SplitColumns(
        *(group, area, frame, volcano, primary + DAYS, secondary + DAYS),
        frames=("", "F1", "F2", "F3"),
        volcanoes=("v0", "v1", "v2", ""),
    )


@st.composite
def tables(draw: st.DrawFn) -> SplitColumns:
    row = st.tuples(
        st.integers(0, 12),
        st.integers(0, 6),
        st.integers(UNKNOWN, 3),
        st.integers(UNKNOWN, 3),
        st.integers(-3, 3),
        st.integers(-3, 3),
    )
    columns = table(*draw(st.lists(row, min_size=1, max_size=25)))
    undated = np.array(draw(st.lists(st.booleans(), min_size=25, max_size=25)))
    undated = undated[: columns.group.size] & draw(st.booleans())
    return replace(columns, secondary=np.where(undated, NO_DATE, columns.secondary))


def pieces(columns: SplitColumns, way: SplitBy) -> int:
    """Number of units that could be held out, counted the slow way."""
    parts: list[set[object]] = []
    for k in range(columns.group.size):
        frame = "" if columns.frame[k] < 0 else columns.frames[columns.frame[k]]
        volcano = "" if columns.volcano[k] < 0 else columns.volcanoes[columns.volcano[k]]
        pair = (int(columns.primary[k]), int(columns.secondary[k]))
        mine: set[object] = {("group", int(columns.group[k]))}
        if way is SplitBy.AREA:
            mine.add(("area", int(columns.area[k])))
        if frame and way is not SplitBy.VOLCANO:
            mine.add(("frame", frame))
        if volcano and way is not SplitBy.FRAME:
            mine.add(("volcano", volcano))
        if frame and NO_DATE not in pair and way is SplitBy.VOLCANO:
            mine.add((frame, pair))
        met = [part for part in parts if part & mine]
        parts = [part for part in parts if not part & mine]
        parts.append(mine.union(*met))
    return len(parts)


def on_both_sides(sides: NDArray[np.int8], keys: NDArray[np.integer]) -> set[int]:
    return {*keys[sides == LEARN].tolist()} & {*keys[sides == HELD_OUT].tolist()}


def names_on_both_sides(
    sides: NDArray[np.int8], codes: NDArray[np.integer], names: tuple[str, ...]
) -> set[str]:
    known = {names[code] for code in on_both_sides(sides, codes) if code != UNKNOWN}
    return known - {""}


def check(columns: SplitColumns, way: SplitBy, sides: NDArray[np.int8]) -> None:
    assert sides.dtype == np.int8
    assert {LEARN, HELD_OUT} <= set(sides.tolist()) <= {LEARN, HELD_OUT, LEFT_OUT}
    assert not on_both_sides(sides, columns.group)
    if way is SplitBy.AREA:
        assert not on_both_sides(sides, columns.area)
    if way in {SplitBy.AREA, SplitBy.FRAME}:
        assert not names_on_both_sides(sides, columns.frame, columns.frames)
    if way in {SplitBy.AREA, SplitBy.VOLCANO}:
        assert not names_on_both_sides(sides, columns.volcano, columns.volcanoes)
    if way is SplitBy.VOLCANO:
        dated = (columns.secondary != NO_DATE) & (columns.frame > 0)
        seen = columns.frame * 10**12 + columns.primary * 10**6 + columns.secondary
        assert not on_both_sides(sides[dated], seen[dated])
    if way is SplitBy.TIME:
        dates = [
            {*columns.primary[sides == side].tolist(), *columns.secondary[sides == side].tolist()}
            for side in (LEARN, HELD_OUT)
        ]
        assert max(dates[0]) < DAYS <= min(dates[1])
        assert (sides[columns.secondary == NO_DATE] == LEFT_OUT).all()
    else:
        assert LEFT_OUT not in sides


class TestGuarantees:
    @settings(deadline=None)
    @given(tables(), st.sampled_from(UNITS), st.floats(0.01, 0.99), st.integers(0, 3))
    def test_by_share(self, columns: SplitColumns, way: SplitBy, share: float, seed: int) -> None:
        if pieces(columns, way) == 1:
            with pytest.raises(BadInputError, match="leaves no patch"):
                split(columns, way, share, seed=seed)
        else:
            check(columns, way, split(columns, way, share, seed=seed))

    @settings(deadline=None)
    @given(tables(), st.sampled_from(UNITS), st.data())
    def test_by_name(self, columns: SplitColumns, way: SplitBy, data: st.DataObject) -> None:
        frames = columns.frame[columns.frame > 0]
        volcanoes = columns.volcano[(columns.volcano != UNKNOWN) & (columns.volcano < 3)]
        known = {columns.frames[code] for code in frames if way is not SplitBy.VOLCANO}
        known |= {columns.volcanoes[code] for code in volcanoes if way is not SplitBy.FRAME}
        if not known:
            return
        name = data.draw(st.sampled_from(sorted(known)))
        try:
            sides = split(columns, way, [name])
        except BadInputError as error:
            assert "leaves no patch to learn from" in str(error)  # noqa: PT017
            return
        check(columns, way, sides)
        if name.startswith("F"):
            assert (sides[columns.frame == columns.frames.index(name)] == HELD_OUT).all()
        else:
            assert (sides[columns.volcano == columns.volcanoes.index(name)] == HELD_OUT).all()

    @settings(deadline=None)
    @given(tables())
    def test_by_time(self, columns: SplitColumns) -> None:
        try:
            sides = split(columns, "time", DAY)
        except BadInputError as error:
            assert "leaves no patch" in str(error) or "has dates" in str(error)  # noqa: PT017
            return
        check(columns, SplitBy.TIME, sides)

    @settings(deadline=None)
    @given(tables(), st.sampled_from(UNITS), st.integers(0, 99))
    def test_the_order_of_the_patches_does_not_matter(
        self, columns: SplitColumns, way: SplitBy, seed: int
    ) -> None:
        if pieces(columns, way) == 1:
            return
        order = np.random.default_rng(seed).permutation(columns.group.size)
        turned = SplitColumns(
            columns.group[order],
            columns.area[order],
            columns.frame[order],
            columns.volcano[order],
            columns.primary[order],
            columns.secondary[order],
            columns.frames,
            columns.volcanoes,
        )
        np.testing.assert_array_equal(split(turned, way, 0.3), split(columns, way, 0.3)[order])

    def test_a_long_chain_hangs_together(self) -> None:
        # Groups k and k + 1 are tied by a frame, then by a volcano: a path through all of them.
        count = 3000
        groups = np.repeat(np.random.default_rng(0).permutation(count), 2)[1:-1]
        keys = np.repeat(np.arange(count - 1), 2)
        frame = np.where(keys % 2 == 0, keys // 2, UNKNOWN)
        volcano = np.where(keys % 2 == 1, keys // 2, UNKNOWN)
        names = tuple(f"n{k}" for k in range(count))
        zeros = np.arange(len(keys))
        apart = np.zeros(len(keys), dtype=np.int64)
        columns = SplitColumns(groups, groups, frame, volcano, apart, apart, names, names)
        with pytest.raises(BadInputError, match="leaves no patch"):
            split(columns, "area", 0.5)
        cut = replace(columns, frame=np.where(frame == 700, UNKNOWN, frame))
        sides = split(cut, "area", ["n0"])
        np.testing.assert_array_equal(sides, np.where(zeros < 2801, HELD_OUT, LEARN))


class TestWays:
    def test_frames_that_share_a_group_go_together(self) -> None:
        columns = table(
            (0, 0, 1, 0, 0, 1), (0, 0, 2, 0, 0, 1), (1, 0, 2, 0, 2, 3), (2, 0, 3, 0, 0, 1)
        )
        assert split(columns, "frame", ["F1"]).tolist() == [1, 1, 1, 0]

    def test_volcanoes_of_one_interferogram_go_together(self) -> None:
        columns = table(
            (0, 0, 1, 0, 0, 1), (1, 0, 1, 1, 0, 1), (2, 0, 1, 2, 0, 2), (3, 0, 0, 2, 0, 1)
        )
        assert split(columns, "volcano", ["v0"]).tolist() == [1, 1, 0, 0]

    def test_the_whole_area_of_a_name_is_held_out(self) -> None:
        columns = table((0, 0, 1, 0, 0, 1), (1, 0, 2, 1, 0, 1), (2, 1, 3, 2, 0, 1))
        assert split(columns, "area", ["F1"]).tolist() == [1, 1, 0]
        assert split(columns, "area", ("v2",)).tolist() == [0, 0, 1]

    def test_pairs_that_span_the_date_are_left_out(self) -> None:
        columns = table(
            (0, 0, 1, 0, -2, -1),
            (1, 0, 1, 0, -1, 0),
            (2, 0, 1, 0, 0, 1),
            (3, 0, 1, 0, -1, 1),
            (4, 0, 1, 0, 2, 1),
        )
        assert split(columns, "time", DAY).tolist() == [0, -1, 1, -1, 1]
        moment = dt.datetime(2020, 1, 1, 23, tzinfo=dt.UTC)
        assert split(columns, "time", moment).tolist() == [0, -1, 1, -1, 1]

    def test_a_group_of_both_times_is_left_out(self) -> None:
        columns = table(
            (0, 0, 1, 0, -2, -1), (0, 0, 1, 0, 1, 2), (1, 0, 1, 0, -2, -1), (2, 0, 1, 0, 1, 2)
        )
        assert split(columns, "time", DAY).tolist() == [-1, -1, 0, 1]

    def test_how_many_have_no_dates_is_said(self, caplog: pytest.LogCaptureFixture) -> None:
        columns = table((0, 0, 1, 0, -2, -1), (1, 0, 1, 0, 1, 2), (2, 0, 1, 0, 1, 2))
        columns = replace(columns, primary=np.array([DAYS - 2, DAYS + 1, NO_DATE]))
        with caplog.at_level(logging.WARNING):
            assert split(columns, "time", DAY).tolist() == [0, 1, -1]
        assert "1 of 3 patches have no dates" in caplog.text

    @pytest.mark.parametrize("way", UNITS)
    def test_a_share_is_met_as_nearly_as_units_allow(self, way: SplitBy) -> None:
        count = 1000
        numbers = np.arange(count)
        names = tuple(map(str, numbers))
        columns = SplitColumns(
            numbers, numbers, numbers, numbers, numbers, numbers, frames=names, volcanoes=names
        )
        first, again, other = (split(columns, way, 0.2, seed=seed) for seed in (0, 0, 1))
        assert (first == HELD_OUT).sum() == 200
        np.testing.assert_array_equal(first, again)
        assert (first != other).any()

    @pytest.mark.parametrize("share", [0.01, 0.5, 0.99])
    def test_units_too_large_for_the_share_leave_no_side_empty(self, share: float) -> None:
        columns = table((0, 0, 1, 0, 0, 1), (0, 0, 1, 0, 0, 1), (1, 1, 2, 1, 0, 1))
        assert sorted(set(split(columns, "area", share).tolist())) == [0, 1]


class TestBadInput:
    COLUMNS = table((0, 0, 1, 0, 0, 1), (1, 1, 2, 1, 0, 1))

    @pytest.mark.parametrize("share", [0, 1, -0.1, 1.5, float("nan"), True])
    def test_share_out_of_range(self, share: float) -> None:
        with pytest.raises(BadInputError, match=f"share of {share:g} cannot be held out"):
            split(self.COLUMNS, "area", share)

    @pytest.mark.parametrize(
        ("way", "held_out", "words"),
        [
            ("patch", 0.5, r"'patch' is no way.*area, frame, volcano, time"),
            ("frame", "F1", "a share or a list of names, not 'F1'"),
            ("frame", DAY, "a share or a list of names"),
            ("time", 0.2, "needs the date"),
            ("time", ["2020-01-01"], "needs the date"),
            ("time", "2020-01-01", "needs the date"),
            ("time", dt.date(2030, 1, 1), "2030-01-01 leaves no patch to hold out"),
            ("frame", ["F1", "F2"], "leaves no patch to learn from, of 2"),
            ("frame", [], "leaves no patch to hold out, of 2"),
        ],
    )
    def test_what_no_way_can_hold_out(self, way: str, held_out: Any, words: str) -> None:
        with pytest.raises(BadInputError, match=words):
            split(self.COLUMNS, way, held_out)

    @pytest.mark.parametrize(
        ("way", "name", "choices"),
        [
            ("area", "etna", "F1, F2, v0, v1"),
            ("frame", "v0", "F1, F2"),
            ("volcano", "F1", "v0, v1"),
            ("volcano", "v2", "v0, v1"),
            ("frame", "", "F1, F2"),
        ],
    )
    def test_unknown_name(self, way: str, name: str, choices: str) -> None:
        with pytest.raises(BadInputError, match=f"no patch of '{name}'.*choose from {choices}$"):
            split(self.COLUMNS, way, [name])

    def test_no_names_at_all(self) -> None:
        nameless = replace(self.COLUMNS, frame=np.array([UNKNOWN, 0]))
        with pytest.raises(BadInputError, match="choose from a share: no names are known"):
            split(nameless, "frame", ["F1"])

    def test_no_patch_has_dates(self) -> None:
        undated = replace(self.COLUMNS, primary=np.array([NO_DATE, NO_DATE]))
        with pytest.raises(BadInputError, match="none of 2 patches has dates"):
            split(undated, "time", DAY)

    @pytest.mark.parametrize(
        ("columns", "words"),
        [
            ({"area": np.zeros(3, dtype=np.int64)}, "one a patch"),
            ({"area": np.zeros(2)}, "float64"),
            ({"frames": ("", "F1")}, "frame codes are 1 to 2, but 2 names"),
        ],
    )
    def test_columns_that_cannot_be(self, columns: dict[str, Any], words: str) -> None:
        with pytest.raises(BadInputError, match=words):
            replace(self.COLUMNS, **columns)

    def test_no_patches(self) -> None:
        with pytest.raises(BadInputError, match="at least one"):
            table()


def test_the_columns_of_a_flat_file_can_be_split(tmp_path: Path) -> None:
    file = small_patch_file(tmp_path / "tiny.safetensors", 12)
    columns = SplitColumns.of_file(file)
    assert columns.frames == FACTS.words["frame"]
    sides = split(columns, "volcano", ["etna"])
    assert set(file.words("volcano")[sides == HELD_OUT]) == {"etna"}
    assert (file.columns["group"] == columns.group).all()


def test_unknown_names_tie_nothing_together_in_the_narrow_types_of_a_file() -> None:
    columns = table(*((number, number, 0, 3, 0, 6) for number in range(10)))
    narrow = replace(
        columns, frame=columns.frame.astype(np.uint16), volcano=columns.volcano.astype(np.uint16)
    )
    for way in UNITS:
        assert (split(narrow, way, 0.3) == HELD_OUT).sum() == 3
