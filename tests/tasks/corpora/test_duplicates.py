"""Equal patches: which of them is kept."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from catalogs.corpora.candidate import Candidate
from insar_models.phase.symmetries import patch_sha256, shape_sha256
from tasks.corpora.choose import DECORRELATED, DISPUTED, EQUAL, choose
from tests.tasks.corpora.offered import DAY, FRAME, LATER, RECIPE, cut, picture

NAN = float("nan")
KNOWN: dict[str, Any] = {"frame": FRAME, "volcano": "fernandina", "primary": DAY}
KNOWN |= {"secondary": LATER, "north": 0.0, "west": -91.7}


def reasons(*candidates: Candidate) -> dict[str, str]:
    """Reason by location."""
    rows = choose(candidates, RECIPE)
    return dict(zip(rows["location"], rows["reason"], strict=True))


class TestEqualPatches:
    def test_a_labelled_one_is_kept_before_others_then_the_first(self) -> None:
        kept = {"a.png": "", f"fernandina/{FRAME}": EQUAL}
        assert reasons(cut("a"), picture("a", label=0)) == kept
        assert reasons(cut("a"), picture("a")) == {"a.png": EQUAL, f"fernandina/{FRAME}": ""}
        later = picture("a", label=1, location="b.png")
        assert reasons(later, picture("a", label=1)) == {"a.png": "", "b.png": EQUAL}

    def test_opposite_labels_leave_none(self) -> None:
        rows = choose(
            [
                picture("a", label=0, location="1"),
                picture("a", label=1, location="2"),
                picture("a", location="3"),
                picture("b", label=1, location="4"),
            ],
            RECIPE,
        )
        assert rows["reason"].tolist() == ["", DISPUTED, DISPUTED, ""]
        assert rows["label"].tolist() == [-1, 1, -1, 1]

    def test_patches_that_are_left_out_for_other_reasons_are_not_compared(self) -> None:
        poor = picture("a", label=1, location="poor.png", phasor_coherence=0.3)
        rows = choose([poor, picture("a", label=0)], RECIPE)
        assert rows["reason"].tolist() == ["", DECORRELATED]
        assert rows["label"].tolist() == [0, 1]

    def test_hashes_of_the_bytes_serve_where_there_are_none_of_the_shape(self) -> None:
        one, other = (picture("a", location=name, shape_sha256="") for name in "xy")
        assert reasons(one, other) == {"x": "", "y": EQUAL}

    @pytest.mark.parametrize("turns", range(4))
    @pytest.mark.parametrize("transposed", [False, True])
    @pytest.mark.parametrize("labelled", [False, True])
    def test_turned_and_mirrored_copies_under_other_names(
        self, turns: int, transposed: bool, labelled: bool
    ) -> None:
        patch = np.random.default_rng(turns).integers(1, 256, (224, 224), dtype=np.uint8)
        copy = np.rot90(patch.T if transposed else patch, turns).copy()
        other = patch.copy()
        other[0, 0] ^= 1
        candidates = [
            hashed(patch, "first.png"),
            hashed(copy, "second.png", label=0 if labelled else -1),
            hashed(other, "third.png"),
        ]
        rows = choose(candidates, RECIPE)
        assert rows["reason"].tolist() == ([EQUAL, "", ""] if labelled else ["", EQUAL, ""])
        assert rows["group"].tolist() == [0, 0, 1]


def hashed(patch: NDArray[np.uint8], name: str, **changes: Any) -> Candidate:
    hashes: dict[str, Any] = {"sha256": patch_sha256(patch), "shape_sha256": shape_sha256(patch)}
    return picture(name, location=name, **hashes, **changes)
