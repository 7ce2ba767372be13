"""Choosing from the published dataset, whose flaws are known, and splitting what is kept."""

import datetime as dt
import hashlib
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
import pytest

from catalogs.corpora.candidate import Candidate
from catalogs.corpora.recipe import CorpusRecipe, ImagesSource
from catalogs.pictures.s1_index import S1Patch, contradictions, read_s1_index
from insar_models.patchfile.splits import HELD_OUT, LEARN, LEFT_OUT, SplitBy, SplitColumns, split
from tasks.corpora.choose import EQUAL, FOR_TESTING, SHARED_WITH_TESTING, choose
from tests.tasks.corpora.offered import picture

SIDE = 0.224


@pytest.fixture(scope="module")
def patches(shared_data: Path) -> tuple[S1Patch, ...]:
    return read_s1_index(shared_data / "s1")


def chosen(patches: tuple[S1Patch, ...], part: Literal["all", "train"]) -> pd.DataFrame:
    recipe = CorpusRecipe(sources=(ImagesSource(folder=Path("s1"), part=part),))
    return choose([offered(patch) for patch in patches], recipe)


def offered(patch: S1Patch) -> Candidate:
    """A good patch, known by the hash that the index has of the whole picture."""
    north, west = patch.corner or (float("nan"), float("nan"))
    content = hashlib.sha256(patch.md5.encode()).hexdigest()
    return picture(
        content,
        0,
        location=patch.file,
        volcano=patch.volcano,
        frame=str(patch.frame),
        primary=patch.pair.primary,
        secondary=patch.pair.secondary,
        label=patch.label,
        part=patch.split.value,
        north=north,
        west=west,
    )


def columns_of(rows: pd.DataFrame) -> SplitColumns:
    frame, frames = pd.factorize(rows["frame"])
    volcano, volcanoes = pd.factorize(rows["volcano"])
    primary, secondary = (
        rows[name].to_numpy("datetime64[D]").astype(np.int64) for name in ("primary", "secondary")
    )
    return SplitColumns(
        rows["group"].to_numpy(),
        rows["area"].to_numpy(),
        frame,
        volcano,
        primary,
        secondary,
        frames=tuple(frames),
        volcanoes=tuple(volcanoes),
    )


def test_what_is_published_for_testing_takes_its_ground_and_dates_along(
    patches: tuple[S1Patch, ...],
) -> None:
    rows = chosen(patches, "train")
    counts = rows["reason"].value_counts().to_dict()
    assert counts == {"": 7453, EQUAL: 66, FOR_TESTING: 64, SHARED_WITH_TESTING: 17}
    kept = rows[rows["kept"]]
    assert not set(kept["group"]) & set(rows["group"][rows["reason"] == FOR_TESTING])


def test_negatives_of_one_frame_and_pair_share_a_group_or_no_ground(
    patches: tuple[S1Patch, ...],
) -> None:
    rows = chosen(patches, "all")
    quiet = rows[rows["label"] == 0]
    both = quiet[quiet["part"] == "S1/Test"].merge(
        quiet[quiet["part"] == "S1/Train"],
        on=["frame", "primary", "secondary"],
        suffixes=("", "_train"),
    )
    assert both["location"].nunique() == 21
    apart = np.maximum(
        (both["north"] - both["north_train"]).abs(), (both["west"] - both["west_train"]).abs()
    )
    same = both["group"] == both["group_train"]
    # A place that is unknown counts as overlapping.
    assert same[~(apart > SIDE)].all()
    assert both["location"][same].nunique() == 6


def test_overlapping_windows_of_opposite_labels_share_a_group(patches: tuple[S1Patch, ...]) -> None:
    rows = chosen(patches, "all")
    group = {
        str(file): int(number) for file, number in zip(rows["location"], rows["group"], strict=True)
    }
    ((deforming, quiet),) = contradictions(patches)
    assert group[deforming.file] == group[quiet.file]


@pytest.mark.parametrize("way", list(SplitBy))
def test_no_group_is_on_both_sides(patches: tuple[S1Patch, ...], way: SplitBy) -> None:
    rows = chosen(patches, "all")
    kept = rows[rows["kept"]]
    held_out = dt.date(2019, 1, 1) if way is SplitBy.TIME else 0.2
    sides = split(columns_of(kept), way, held_out)
    learn, held = kept[sides == LEARN], kept[sides == HELD_OUT]
    assert not set(learn["group"]) & set(held["group"])
    if way is SplitBy.TIME:
        assert max(learn["secondary"]) < min(held["primary"])
    else:
        assert LEFT_OUT not in sides
        assert len(held) / len(kept) == pytest.approx(0.2, abs=0.05)
    for name, ways in {
        "area": {SplitBy.AREA},
        "frame": {SplitBy.AREA, SplitBy.FRAME},
        "volcano": {SplitBy.AREA, SplitBy.VOLCANO},
    }.items():
        if way in ways:
            assert not set(learn[name]) & set(held[name])
