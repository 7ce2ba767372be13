"""What must stay together."""

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalogs.corpora.candidate import Candidate
from tasks.corpora.choose import choose
from tests.tasks.corpora.offered import (
    DAY,
    FRAME,
    LATER,
    NEXT_FRAME,
    OTHER_TRACK,
    RECIPE,
    TRAIN,
    cut,
    picture,
    scene,
)

NAN = float("nan")
NOWHERE: dict[str, Any] = {"north": NAN, "west": NAN}


def together(column: str, *candidates: Candidate) -> bool:
    return len(set(choose(candidates, RECIPE)[column])) == 1


def of_a_picture(content: str, **changes: Any) -> Candidate:
    """A picture that is known as well as a cube's patch is."""
    known: dict[str, Any] = {
        "frame": FRAME,
        "volcano": "fernandina",
        "primary": DAY,
        "secondary": LATER,
    }
    return picture(content, **known | {"north": 0.0, "west": -91.7} | changes)


NEAR = {"north": -0.138, "west": -91.562}
FAR = {"north": -0.5, "west": -91.1, "location": f"cerro-azul/{FRAME}", "volcano": "cerro-azul"}


class TestGroups:
    @pytest.mark.parametrize(
        ("other", "same"),
        [
            (cut("b", **NEAR), True),
            (cut("b", **FAR), False),
            (cut("b", secondary=LATER + dt.timedelta(12)), False),
            (cut("b", primary=DAY - dt.timedelta(12)), False),
            (cut("b", primary=None, secondary=None), False),
            (cut("b", frame=NEXT_FRAME, location=f"wolf/{NEXT_FRAME}", volcano="wolf"), True),
            (cut("b", frame=OTHER_TRACK, location=f"fernandina/{OTHER_TRACK}"), False),
            (of_a_picture("b"), True),
            (of_a_picture("b", **NOWHERE), True),
            (of_a_picture("b", volcano="wolf", **NOWHERE), True),
            (of_a_picture("b", frame=NEXT_FRAME, **NOWHERE), True),
            (of_a_picture("b", frame=NEXT_FRAME, volcano="wolf", **NOWHERE), False),
            (of_a_picture("b", frame=OTHER_TRACK, **NOWHERE), False),
            (of_a_picture("b", frame=""), True),
            (of_a_picture("b", frame="", volcano="Fernandina"), True),
            (of_a_picture("b", frame="", volcano="wolf"), False),
            (of_a_picture("b", frame="", secondary=LATER + dt.timedelta(6)), False),
            (of_a_picture("b", frame="a frame of its own"), False),
            (picture("a"), True),
            (picture("a", TRAIN), True),
            (scene("a", 1), True),
            (picture("b"), False),
            (scene("b", 1), False),
        ],
    )
    def test_with_a_patch_of_a_cube(self, other: Candidate, same: bool) -> None:
        assert together("group", cut("a"), other) == same
        assert together("group", other, cut("a")) == same

    def test_patches_of_one_picture_and_of_one_scene(self) -> None:
        assert together("group", picture("a", location="x"), picture("b", location="x"))
        assert not together("group", picture("a", location="x"), picture("b", TRAIN, location="x"))
        assert together("group", scene("a", 3), scene("b", 3))
        assert not together("group", scene("a", 3), scene("b", 4))
        assert not together("group", scene("a", 3), picture("b", location="3"))

    def test_patches_without_a_place_tie_those_of_one_interferogram(self) -> None:
        first, second = cut("a"), cut("b", **FAR)
        assert not together("group", first, second)
        assert together("group", first, second, of_a_picture("c", **NOWHERE))

    def test_a_frame_of_another_grammar_is_a_track_of_its_own(self) -> None:
        assert together("group", cut("a", frame="track 7"), cut("b", frame="track 7", **NEAR))
        assert not together("group", cut("a", frame="track 7"), cut("b", frame="track 8"))

    @pytest.mark.parametrize(
        "nothing",
        [
            {"valid_fraction": 0.0, "equal_share": NAN, "phasor_coherence": NAN},
            {"valid_fraction": 0.1},
            {"equal_share": 0.9},
            {"sha256": "", "shape_sha256": "", "problem": "cut short"},
        ],
    )
    def test_equal_patches_without_a_picture_tie_nothing(self, nothing: dict[str, Any]) -> None:
        pair = {"primary": DAY - dt.timedelta(99)}
        assert not together("group", cut("a", **nothing), cut("a", **FAR, **pair, **nothing))

    def test_uniform_patches_tie_nothing_whatever_the_rules(self) -> None:
        lax = RECIPE.model_copy(
            update={"rules": RECIPE.rules.model_copy(update={"maximum_equal_share": 1.0})}
        )
        one, other = cut("a", equal_share=1.0), cut("a", equal_share=1.0, **FAR)
        assert choose([one, other], lax)["group"].tolist() == [0, 1]

    def test_patches_that_are_left_out_tie_others(self) -> None:
        ends = cut("a"), cut("b", north=-0.276)
        assert not together("group", *ends)
        assert together("group", *ends, cut("c", north=-0.138, phasor_coherence=0.1))


class TestAreas:
    @pytest.mark.parametrize(
        ("other", "same"),
        [
            (cut("b", **FAR), True),  # the frame
            (cut("b", **NEAR, frame=OTHER_TRACK, location="x", volcano="x"), True),  # ground
            (of_a_picture("b", **NOWHERE, frame=OTHER_TRACK, volcano="Fernandina"), True),
            (cut("b", **FAR | {"frame": OTHER_TRACK}), False),
            (picture("a"), True),
            (picture("b", volcano="FERNANDINA"), True),
            (picture("b"), False),
            (scene("b", 1), False),
        ],
    )
    def test_with_a_patch_of_a_cube(self, other: Candidate, same: bool) -> None:
        assert together("area", cut("a"), other) == same

    def test_numbers_count_up_in_the_order_of_the_plan(self) -> None:
        rows = choose([scene("x", 1), picture("b"), cut("a"), cut("c", **NEAR)], RECIPE)
        for column in ("group", "area"):
            assert rows[column].tolist() == [0, 0, 1, 2]
            assert rows[column].dtype == np.int32


@st.composite
def offers(draw: st.DrawFn) -> list[Candidate]:
    """Few words and places, so that much hangs together."""
    candidates = []
    for number in range(draw(st.integers(1, 14))):
        kind = draw(st.sampled_from([cut, of_a_picture, picture]))
        changes: dict[str, Any] = {"location": draw(st.sampled_from(["x", "y", f"{number}"]))}
        if kind is not picture:
            days = draw(st.sampled_from([0, 12, 24]))
            changes |= {
                "frame": draw(st.sampled_from([FRAME, NEXT_FRAME, OTHER_TRACK])),
                "volcano": draw(st.sampled_from(["", "a", "A", "b", "c"])),
                "primary": DAY - dt.timedelta(days),
                "north": draw(st.sampled_from([NAN, 0.0, 0.2, 0.6])),
            }
        candidates.append(kind(f"{draw(st.integers(0, 9))}", row=number, **changes))
    return candidates


def hang_together(one: Any, other: Any) -> bool:
    same_pair = bool(one.primary and (one.primary == other.primary))
    same_track = one.frame[:4] == other.frame[:4] != ""
    if one.kind == other.kind == "images" and one.location == other.location:
        return True
    if same_pair and same_track and abs(one.north - other.north) < 0.224:
        return True
    if same_pair and np.isnan(one.north + other.north) and one.frame:
        same_volcano = one.volcano.lower() == other.volcano.lower() != ""
        if one.frame == other.frame or (same_track and same_volcano):
            return True
    return bool(one.shape_sha256 == other.shape_sha256)


@settings(max_examples=40, deadline=None)
@given(offers())
def test_groups_are_what_hangs_together_and_no_more(candidates: list[Candidate]) -> None:
    rows = choose(candidates, RECIPE)
    records = list(rows.itertuples())
    parts: list[list[Any]] = []
    for record in records:
        met = [part for part in parts if any(hang_together(record, other) for other in part)]
        parts = [part for part in parts if part not in met]
        parts.append([record, *(other for part in met for other in part)])
    found = {frozenset(of_group.index) for _, of_group in rows.groupby("group")}
    assert found == {frozenset(record.Index for record in part) for part in parts}


@settings(max_examples=40, deadline=None)
@given(offers())
def test_no_group_frame_volcano_or_ground_lies_in_two_areas(candidates: list[Candidate]) -> None:
    rows = choose(candidates, RECIPE)
    keys = {
        "group": rows["group"],
        "frame": rows["frame"].where(rows["frame"] != ""),
        "volcano": rows["volcano"].str.lower().where(rows["volcano"] != ""),
        "ground": (rows["north"] > 0.5).where(rows["north"].notna()),
    }
    for key in keys.values():
        assert all(len(set(of_key)) == 1 for _, of_key in rows["area"].groupby(pd.Series(key)))
