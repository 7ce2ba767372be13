"""Ground that an encoder has learned from is known by its card, or the card is refused."""

from typing import Any

import pytest

from fringewatch.errors import ModelError
from insar_models.encoders.learned_ground import areas_learned

TUNED = {"corpus": {"version": "aa"}, "areas_learned": [3, 1]}


def test_areas_count_for_their_own_corpus_alone() -> None:
    assert areas_learned({"tuned": TUNED}, "aa") == {1, 3}
    assert areas_learned({"tuned": TUNED}, "bb") == frozenset()
    assert areas_learned({"trained": {}}, "aa") == frozenset()


@pytest.mark.parametrize(
    "tuned",
    [{}, [], "yes", {"corpus": "aa", "areas_learned": []}, {**TUNED, "areas_learned": ["x"]},
     {**TUNED, "areas_learned": None}],
)  # fmt: skip
def test_a_card_that_was_spoilt_is_refused(tuned: Any) -> None:
    with pytest.raises(ModelError, match="which areas it was tuned on"):
        areas_learned({"tuned": tuned}, "aa")
