"""Features of pasted patches: both classes, repeatable, and refused where nothing can be seen."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from fringewatch.errors import BadInputError
from insar_models.patchfile.file import open_patch_file
from insar_models.tuning.grounds import Grounds
from insar_models.tuning.pasted_features import pasted_features
from tests.insar_models.small_patch_file import small_patch_file
from tests.insar_models.small_tuning import RECIPE, labelled_corpus, tiny_encoder


def ground_of(quiet: NDArray[np.int64]) -> Grounds:
    none = np.empty(0, np.int64)
    return Grounds(quiet, none, none, none)


def test_both_classes_come_and_the_same_seed_gives_the_same(tmp_path: Path) -> None:
    corpus = labelled_corpus(tmp_path)
    quiet = np.flatnonzero(corpus.columns["label"] == 0)
    one, same, other = (
        pasted_features(tiny_encoder(), corpus, ground_of(quiet), 40, seed, recipe=RECIPE)
        for seed in (1, 1, 2)
    )
    assert one.features.shape == (40, tiny_encoder().dimension)
    assert 8 < one.labels.sum() < 32
    np.testing.assert_array_equal(one.features, same.features)
    assert not np.array_equal(one.features, other.features)


def test_noise_alone_shows_nothing(tmp_path: Path) -> None:
    corpus = open_patch_file(small_patch_file(tmp_path / "noise.safetensors").path)
    recipe = RECIPE.__class__(**{**vars(RECIPE), "still": 0.0, "augmentation": None})
    with pytest.raises(BadInputError, match="deformation cannot be seen"):
        pasted_features(tiny_encoder(), corpus, ground_of(np.arange(10)), 20, 0, recipe=recipe)


@pytest.mark.parametrize(("rows", "count"), [(0, 5), (3, 0)])
def test_nothing_to_paste_on_is_refused(tmp_path: Path, rows: int, count: int) -> None:
    corpus = labelled_corpus(tmp_path)
    with pytest.raises(BadInputError, match="cannot be pasted"):
        pasted_features(tiny_encoder(), corpus, ground_of(np.arange(rows)), count, 0, recipe=RECIPE)
