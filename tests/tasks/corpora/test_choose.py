"""Which candidates are kept, and why the others are not."""

import datetime as dt
import random
from typing import Any

import pandas as pd
import pytest

from catalogs.corpora.candidate import TRANSPOSED, Candidate
from catalogs.corpora.plan import make_plan
from catalogs.corpora.recipe import CorpusRecipe
from fringewatch.errors import BadInputError
from tasks.corpora.choose import (
    BLANK,
    DECORRELATED,
    DISPUTED,
    EQUAL,
    FOR_TESTING,
    LEFT_OUT_VOLCANO,
    REASONS,
    SHARED_WITH_TESTING,
    TOO_DENSE,
    TOO_LITTLE_DATA,
    UNREADABLE,
    choose,
)
from tests.tasks.corpora.offered import (
    ALL,
    DAY,
    FRAME,
    LATER,
    RECIPE,
    TRAIN,
    cut,
    picture,
    ruled,
    scene,
)

NAN = float("nan")
TEST: dict[str, Any] = {"part": "S1/Test"}
KNOWN: dict[str, Any] = {"frame": FRAME, "volcano": "fernandina", "primary": DAY}
KNOWN |= {"secondary": LATER, "north": 0.0, "west": -91.7}
ELSEWHERE: dict[str, Any] = {"north": 10.0, "primary": DAY - dt.timedelta(24)}


def reasons(*candidates: Candidate, recipe: CorpusRecipe = RECIPE) -> dict[str, str]:
    """Reason by location."""
    rows = choose(candidates, recipe)
    return dict(zip(rows["location"], rows["reason"], strict=True))


def reason(candidate: Candidate, recipe: CorpusRecipe = RECIPE) -> str:
    (found,) = choose([candidate], recipe)["reason"]
    return str(found)


class TestRules:
    @pytest.mark.parametrize(
        ("candidate", "expected"),
        [
            (cut("a"), ""),
            (cut("a", problem="cut short"), UNREADABLE),
            (cut("a", problem=TRANSPOSED), TRANSPOSED),
            (cut("a", sha256=""), UNREADABLE),
            (cut("a", valid_fraction=0.5), ""),
            (cut("a", valid_fraction=0.49), TOO_LITTLE_DATA),
            (cut("a", valid_fraction=NAN), TOO_LITTLE_DATA),
            (cut("a", equal_share=0.5), ""),
            (cut("a", equal_share=0.51), BLANK),
            (cut("a", equal_share=NAN), BLANK),
            (cut("a", phasor_coherence=0.4), ""),
            (cut("a", phasor_coherence=0.39), DECORRELATED),
            (cut("a", phasor_coherence=NAN), DECORRELATED),
            (cut("a", fringe_rate=0.33), ""),
            (cut("a", fringe_rate=0.34), TOO_DENSE),
            (cut("a", fringe_rate=NAN), ""),
            (picture("a", TRAIN, **TEST), FOR_TESTING),
            (picture("a", TRAIN, part="testing"), FOR_TESTING),
            (picture("a", TRAIN, part="S1/Train"), ""),
            (picture("a", TRAIN, part="latest"), ""),
            (picture("a", ALL, **TEST), ""),
            (scene("a", 1, **TEST), ""),
        ],
    )
    def test_one_patch(self, candidate: Candidate, expected: str) -> None:
        assert reason(candidate) == expected

    def test_the_first_rule_that_is_broken_is_the_reason(self) -> None:
        recipe = ruled(left_out_volcanoes=("fernandina",))
        changes: dict[str, Any] = KNOWN | TEST | {"problem": TRANSPOSED, "valid_fraction": 0.1}
        changes |= {"equal_share": 0.9, "phasor_coherence": 0.1, "fringe_rate": 0.4}
        mended: dict[str, Any] = {"problem": "", "volcano": "x", "north": 40.0, "part": ""}
        mended |= {"valid_fraction": 1.0, "equal_share": 0.0, "phasor_coherence": 1.0}
        mended |= {"fringe_rate": 0.0}
        steps = [("problem",), ("volcano", "north"), ("part",), ("valid_fraction",)]
        steps += [("equal_share",), ("phasor_coherence",), ("fringe_rate",)]
        seen = [reason(picture("a", TRAIN, **changes), recipe)]
        changes["problem"] = "cut short"
        for step in steps:
            seen.append(reason(picture("a", TRAIN, **changes), recipe))
            changes |= {name: mended[name] for name in step}
        assert (*seen, SHARED_WITH_TESTING, EQUAL, DISPUTED) == REASONS
        assert reason(picture("a", TRAIN, **changes), recipe) == ""

    def test_rules_that_let_all_through(self) -> None:
        lax = ruled(
            minimum_valid_fraction=0.0,
            minimum_phasor_coherence=0.0,
            maximum_equal_share=1.0,
            maximum_fringe_rate=0.5,
        )
        poor = {"valid_fraction": 0.001, "phasor_coherence": 0.0, "equal_share": 1.0}
        assert reason(cut("a", **poor, fringe_rate=0.5), lax) == ""
        empty = {"valid_fraction": 0.0, "phasor_coherence": NAN, "equal_share": NAN}
        assert reason(cut("a", **empty, fringe_rate=NAN), lax) == BLANK


class TestLeftOutVolcanoes:
    @pytest.mark.parametrize(
        ("changes", "left_out"),
        [
            ({"volcano": "erta-ale"}, True),
            ({"volcano": "Erta_Ale"}, True),
            ({"volcano": "erta-ale", "north": NAN, "west": NAN}, True),
            ({"volcano": "alu-dalafilla", "north": 13.6 + 0.3, "west": 40.67}, True),
            ({"volcano": "alu-dalafilla", "north": 13.6 + 0.48, "west": 40.67}, False),
            ({"volcano": "", "north": 13.6 + 0.1, "west": 40.67 - 0.47}, True),
            ({"volcano": "", "north": 13.6 + 0.1, "west": 40.67 - 0.48}, False),
            ({"volcano": "ale"}, False),
        ],
    )
    def test_by_name_and_by_place(self, changes: dict[str, Any], left_out: bool) -> None:
        recipe = ruled(left_out_volcanoes=("erta-ale",))
        expected = LEFT_OUT_VOLCANO if left_out else ""
        assert reason(cut("a", **changes), recipe) == expected

    def test_a_volcano_that_the_catalogue_does_not_know(self) -> None:
        recipe = ruled(left_out_volcanoes=("my-own",))
        assert reason(picture("a", volcano="My own"), recipe) == LEFT_OUT_VOLCANO


class TestPublishedForTesting:
    def test_what_shares_ground_and_dates_goes_too_from_any_source(self) -> None:
        found = reasons(
            picture("test", TRAIN, **KNOWN, **TEST),
            picture("train", TRAIN, **KNOWN | {"north": 0.2}, part="S1/Train"),
            picture("all", ALL, **KNOWN | {"west": -91.5}),
            cut("cube", location="cube"),
            cut("other dates", location="other dates", **ELSEWHERE),
            picture("test", ALL, location="copy of test.png"),
            scene("scene", 1),
        )
        assert found == {
            "test.png": FOR_TESTING,
            "train.png": SHARED_WITH_TESTING,
            "all.png": SHARED_WITH_TESTING,
            "cube": SHARED_WITH_TESTING,
            "other dates": "",
            "copy of test.png": SHARED_WITH_TESTING,
            "1": "",
        }

    @pytest.mark.parametrize(
        "flaw",
        [
            {"phasor_coherence": 0.1},
            {"valid_fraction": 0.1},
            {"sha256": "", "shape_sha256": "", "problem": "is not in this copy"},
        ],
    )
    def test_also_of_a_test_patch_that_breaks_a_rule_itself(self, flaw: dict[str, Any]) -> None:
        test = picture("test", TRAIN, **KNOWN, **TEST, **flaw)
        assert reasons(test, cut("a", location="cube"))["cube"] == SHARED_WITH_TESTING

    def test_a_source_that_takes_all_parts_leaves_nothing_out(self) -> None:
        found = reasons(picture("test", ALL, **KNOWN, **TEST), cut("a", location="cube"))
        assert set(found.values()) == {""}


class TestOrder:
    def offers(self) -> list[Candidate]:
        chance = random.Random(7)
        candidates = []
        for number in range(300):
            kind = chance.choice([cut, picture])
            changes: dict[str, Any] = {
                "label": chance.choice([-1, 0, 1]),
                "row": chance.choice([0, 138, 276]),
                "north": chance.choice([NAN, 0.0, 0.1, 5.0]),
                "valid_fraction": chance.choice([0.2, 0.9, 1.0]),
                "part": chance.choice(["", "S1/Test"]),
            }
            if kind is cut:
                changes["primary"] = DAY - dt.timedelta(chance.choice([0, 12, 24]))
            candidates.append(kind(str(chance.randrange(200)), rotation=number % 4, **changes))
        return [*candidates, *candidates[:9]]  # a few come twice

    def test_the_order_of_the_candidates_changes_nothing(self) -> None:
        candidates = self.offers()
        rows = choose(candidates, RECIPE)
        assert {"", EQUAL, DISPUTED, TOO_LITTLE_DATA} <= set(rows["reason"])
        for seed in range(4):
            random.Random(seed).shuffle(candidates)
            pd.testing.assert_frame_equal(choose(candidates, RECIPE), rows)

    def test_patches_of_one_cube_and_pair_lie_together(self) -> None:
        candidates = [
            cut(f"{volcano} {days} {row}", volcano=volcano, location=volcano, row=row, primary=day)
            for row in (276, 0, 138)
            for days in (0, 12)
            for volcano in ("b", "a")
            for day in [DAY - dt.timedelta(days)]
        ]
        rows = choose(candidates, RECIPE)
        key = list(zip(rows["location"], rows["primary"], rows["row"], strict=True))
        assert key == sorted(key)
        assert rows["index"].tolist() == list(range(12))

    def test_the_kept_are_numbered_in_the_order_of_the_plan(self) -> None:
        rows = choose(self.offers(), RECIPE)
        assert (rows["kept"] == (rows["reason"] == "")).all()
        assert rows["index"][rows["kept"]].tolist() == list(range(int(rows["kept"].sum())))
        assert set(rows["index"][~rows["kept"]]) == {-1}

    def test_the_rows_make_a_plan(self) -> None:
        real = {"sha256": "0" * 64, "shape_sha256": "1" * 64}
        candidates = [cut("a", **real), picture("b"), scene("c", 3, problem="no scene")]
        plan = make_plan("any", ruled(minimum_valid_fraction=0.6), choose(candidates[::2], RECIPE))
        assert plan.rows["kept"].tolist() == [True, False]
        assert plan.rows["primary"].tolist() == [DAY, None]

    def test_no_candidates(self) -> None:
        rows, one = choose([], RECIPE), choose([cut("a")], RECIPE)
        assert len(rows) == 0
        pd.testing.assert_series_equal(rows.dtypes, one.dtypes)


class TestBadInput:
    def test_a_source_that_is_not_in_the_recipe(self) -> None:
        with pytest.raises(BadInputError, match="a candidate has the source 4"):
            choose([cut("a", source=4)], RECIPE)

    def test_a_label_that_is_none(self) -> None:
        with pytest.raises(BadInputError, match="the label 2, which is none of -1, 0, 1"):
            choose([cut("a"), cut("b", label=2)], RECIPE)
