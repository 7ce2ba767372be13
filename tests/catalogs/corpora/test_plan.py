import datetime as dt
import hashlib
import json
import math
import struct
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fringewatch
from catalogs.corpora.candidate import Candidate
from catalogs.corpora.plan import (
    KindCount,
    Plan,
    counts_by_reason,
    make_plan,
    read_plan,
    write_plan,
)
from catalogs.corpora.plan_columns import PLAN, as_table, hash_plan
from catalogs.corpora.recipe import CorpusRecipe, ImagesSource, Rules
from catalogs.corpora.versions import checked_version
from catalogs.storage.place import Folder, Place
from fringewatch.errors import BadInputError, HomeError, StoreError
from tests.catalogs.corpora.plan_rows import RECIPE, five_rows, left_out, plan_row, simulated, table

LETTERS = {"int8": "b", "int32": "i", "int64": "q", "float": "f", "double": "d"}


def some_plan() -> Plan:
    return make_plan("first", RECIPE, five_rows())


def written(folder: Path, plan: Plan | None = None) -> Folder:
    place = Folder(folder / "plan.parquet")
    write_plan(plan or some_plan(), place)
    return place


def hash_by_hand(recipe: dict[str, Any], rows: pd.DataFrame) -> str:
    """The hash as its docstring says it, one value at a time."""
    names = list(rows.columns)
    header = {
        "format": 1,
        "code_version": fringewatch.__version__,
        "recipe": recipe,
        "columns": names,
        "rows": len(rows),
    }
    content = json.dumps(header, sort_keys=True, separators=(",", ":")).encode() + b"\n"
    for column in PLAN.columns:
        values, kind = rows[column.name].tolist(), str(column.type)
        if kind == "string":
            words = [value.encode() for value in values]
            content += b"".join(struct.pack("<I", len(word)) for word in words) + b"".join(words)
        elif kind == "date32[day]":
            days = [-(2**31) if v is None else (v - dt.date(1970, 1, 1)).days for v in values]
            content += struct.pack(f"<{len(days)}i", *days)
        elif kind == "bool":
            content += bytes(values)
        else:
            numbers = [math.nan if value != value else value + 0 for value in values]  # noqa: PLR0124
            content += struct.pack(f"<{len(values)}{LETTERS[kind]}", *numbers)
    return hashlib.sha256(content).hexdigest()


def test_the_columns_begin_with_what_is_known_of_a_candidate() -> None:
    fields = list(Candidate.__dataclass_fields__)
    names = [column.name for column in PLAN.columns]
    assert names == [*fields, "kept", "reason", "group", "area", "index"]
    assert all(column.meaning for column in PLAN.columns)


def test_the_hash_is_what_is_written_down() -> None:
    plan = some_plan()
    assert plan.sha256 == hash_by_hand(RECIPE.model_dump(mode="json"), plan.rows)
    assert plan.version == plan.sha256[:12]
    assert checked_version(plan.version) == plan.version


def test_the_hash_of_known_content_never_changes() -> None:
    """Whatever pandas and Arrow become: corpora that were built before keep their names."""
    content = as_table(five_rows())
    assert hash_plan('{"sources": []}', "0.1.0", content)[:12] == "d418d27b226b"


CHANGES: dict[str, st.SearchStrategy[Any]] = {
    "location": st.text(st.characters(exclude_categories=["Cs"]), max_size=9),
    "volcano": st.sampled_from(["", "etna", "etn", "taal"]),
    "primary": st.none() | st.dates(),
    "row": st.integers(-(2**31), 2**31 - 1),
    "rotation": st.integers(0, 3),
    "label": st.integers(-1, 1),
    "north": st.floats(allow_infinity=False),
    "fringe_rate": st.floats(width=32, allow_infinity=False),
    "source_sha256": st.sampled_from(["f" * 64, "e" * 64]),
    "group": st.integers(0, 9),
    "problem": st.text(st.characters(exclude_categories=["Cs"]), max_size=9),
}


@settings(max_examples=60)
@given(st.data())
def test_plans_that_differ_in_one_value_have_different_versions(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(CHANGES)))
    number = data.draw(st.integers(0, 2))
    rows = [plan_row(0), plan_row(1), simulated(2)]
    before = make_plan("a", RECIPE, table(*rows))
    rows[number] = rows[number] | {name: data.draw(CHANGES[name])}
    after = make_plan("a", RECIPE, table(*rows))
    assert (before.version == after.version) == before.rows.equals(after.rows)
    assert after.sha256 == hash_by_hand(RECIPE.model_dump(mode="json"), after.rows)


def test_text_cannot_move_from_one_value_to_its_neighbour() -> None:
    versions = {
        make_plan(
            "a", RECIPE, table(plan_row(0, location=one), plan_row(1, location=other))
        ).version
        for one, other in [("ab", "c"), ("a", "bc"), ("", "abc"), ("abc", "")]
    }
    assert len(versions) == 4


def test_an_unknown_number_is_one_however_it_is_kept() -> None:
    found = as_table(table(plan_row(0, coherence_mean=float("nan"))))
    number = found.schema.get_field_index("coherence_mean")
    odd_nan = np.array([0xFFC00001], dtype=np.uint32).view(np.float32)  # as other programs write it
    other = found.set_column(number, "coherence_mean", pa.array(odd_nan))
    assert (found.column(number).null_count, other.column(number).null_count) == (1, 0)
    assert hash_plan('{"sources": []}', "1", found) == hash_plan('{"sources": []}', "1", other)


def test_the_order_of_the_rows_and_all_of_the_recipe_are_content() -> None:
    first, second = plan_row(0), plan_row(1)
    plans = [
        make_plan("a", RECIPE, table(first, second)),
        make_plan("a", RECIPE, table(second, first)),
        make_plan("a", RECIPE, table(first)),
        make_plan("a", RECIPE, pd.DataFrame(columns=list(first))),
        make_plan("a", RECIPE.model_copy(update={"patches_in_a_shard": 3}), table(first, second)),
        make_plan(
            "a",
            RECIPE.model_copy(update={"rules": Rules(maximum_fringe_rate=0.2)}),
            table(first, second),
        ),
    ]
    assert len({plan.version for plan in plans}) == len(plans)


def test_another_version_of_the_code_makes_another_version(monkeypatch: pytest.MonkeyPatch) -> None:
    before = some_plan()
    monkeypatch.setattr(fringewatch, "__version__", "99.0")
    after = some_plan()
    assert after.code_version == "99.0"
    assert after.version != before.version


def test_the_name_of_the_corpus_is_no_content() -> None:
    assert make_plan("other", RECIPE, five_rows()).version == some_plan().version


def test_a_folder_of_pictures_counts_by_its_name_wherever_it_lies(tmp_path: Path) -> None:
    def plan(folder: str) -> Plan:
        recipe = CorpusRecipe(sources=(ImagesSource(folder=Path(folder)),))
        return make_plan("a", recipe, table(plan_row(0, kind="images")))

    here, there = plan("/here/pictures"), plan("../there/pictures")
    assert here.version == there.version
    assert plan("/here/drawings").version != here.version
    assert read_plan(written(tmp_path, there)).recipe == there.recipe  # where to find them


def test_frames_made_in_other_ways_are_the_same_plan() -> None:
    rows = five_rows()
    ways = [
        rows.astype({"volcano": "category", "row": "int64", "rotation": "float64"}),
        rows.astype({"kept": object, "location": object, "north": "float64"}),
        rows.assign(primary=pd.to_datetime(rows["primary"])),
        rows.set_index(pd.Index([9, 9, 3, 1, 0])),
    ]
    assert {make_plan("a", RECIPE, way).version for way in ways} == {some_plan().version}


def test_a_plan_comes_back_as_it_was_written(corpora: Place) -> None:
    plan, place = some_plan(), corpora / "first" / "plans" / "x.parquet"
    write_plan(plan, place)
    back = read_plan(place)
    pd.testing.assert_frame_equal(back.rows, plan.rows)
    assert (back.name, back.recipe, back.sha256) == (plan.name, plan.recipe, plan.sha256)
    assert back.code_version == fringewatch.__version__
    assert back.rows["primary"].tolist()[2:4] == [None, dt.date(1968, 5, 4)]
    assert np.isnan(back.rows["north"][2])


def test_a_plan_without_candidates_is_a_plan(tmp_path: Path) -> None:
    nothing = pd.DataFrame(columns=list(plan_row(0)))
    plan = read_plan(written(tmp_path, make_plan("a", RECIPE, nothing)))
    assert (len(plan.rows), plan.shards, len(plan.kept)) == (0, 0, 0)
    with pytest.raises(BadInputError, match="keeps no patch"):
        plan.shard(0)


def test_the_same_plan_gives_the_same_bytes(tmp_path: Path) -> None:
    first = written(tmp_path / "one").read()
    assert written(tmp_path / "two").read() == first
    again = read_plan(written(tmp_path / "one"))
    assert written(tmp_path / "three", again).read() == first


def test_shards_hold_the_kept_rows_in_their_order() -> None:
    plan = some_plan()
    assert plan.kept["index"].tolist() == [0, 1, 2]
    assert plan.kept["location"].tolist() == ["Ätna/ü", "etna/frame-1", "2"]
    assert plan.shards == 2
    assert [plan.shard(i)["index"].tolist() for i in range(2)] == [[0, 1], [2]]
    pd.testing.assert_frame_equal(plan.shard(0), plan.kept[:2])


@pytest.mark.parametrize("number", [-1, 2])
def test_a_shard_that_is_none_is_refused(number: int) -> None:
    with pytest.raises(BadInputError, match=rf"no shard {number}: .* has shards 0 to 1"):
        some_plan().shard(number)


def test_candidates_are_counted_by_kind_and_reason_in_the_order_of_the_rules() -> None:
    plan = make_plan(
        "a", RECIPE, table(plan_row(0), *(left_out(n, "ab"[n % 2]) for n in range(1, 4)))
    )
    assert counts_by_reason(plan) == (
        KindCount("cubes", 4, {"a": 1, "b": 2}, 1),
        KindCount("simulated", 0, {}, 0),
    )
    ordered = counts_by_reason(plan, order=("never met", "b"))[0].left_out
    assert list(ordered.items()) == [("b", 2), ("a", 1)]


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (table({"kind": "cubes"}), "wrong columns: area, coherence_mean"),
        (table(dict(reversed(plan_row(0).items()))), "wrong columns: their order"),
        (table(plan_row(0, row=2**31)), "does not fit its column"),
        (table(plan_row(0, row="top")), "does not fit its column"),
        (table(plan_row(0, rotation=0.5)), "does not fit its column"),
        (table(plan_row(0, location=None)), "does not fit its column"),
        (table(plan_row(0, kept=None)), "does not fit its column"),
        (table(plan_row(0, source=2)), "row 0 .*etna/frame-0.* not in the recipe"),
        (table(plan_row(0, source=-1)), "not in the recipe"),
        (table(plan_row(0), plan_row(1, source=1)), "row 1 .*of another kind"),
        (table(plan_row(0, rotation=4)), "rotation is none of"),
        (table(plan_row(0, label=2)), "label is none of"),
        (table(plan_row(0, reason="little data")), "kept with a reason"),
        (table(left_out(0, "")), "left out without"),
        (table(left_out(0, "little data", index=0)), "left out, but has a place"),
        (table(plan_row(0, sha256="")), "without the SHA-256"),
        (table(plan_row(0, sha256="F" * 64)), "without the SHA-256"),
        (table(plan_row(0, source_sha256="tile")), "what it was cut from"),
        (table(plan_row(0, group=-1)), "without a group"),
        (table(plan_row(0, area=-1)), "without a group or an area"),
        (table(plan_row(0, index=1)), "not below 1"),
        (table(plan_row(0), plan_row(1, index=0)), "row 1 .*another has its place"),
        (table(plan_row(0), plan_row(0, index=1)), "row 1 .*kept twice"),
    ],
)
def test_rows_that_are_no_plan_are_refused(rows: pd.DataFrame, words: str) -> None:
    with pytest.raises(BadInputError, match=words):
        make_plan("a", RECIPE, rows)


def test_a_name_of_a_file_that_is_no_text_is_refused() -> None:
    rows = table(plan_row(0)).astype(object)
    rows["location"] = pd.Series(["\udcff.png"], dtype=object)
    with pytest.raises(BadInputError, match="does not fit its column"):
        make_plan("a", RECIPE, rows)


def test_a_name_that_no_corpus_may_have_is_refused() -> None:
    with pytest.raises(BadInputError, match="cannot name a corpus"):
        make_plan("../a", RECIPE, five_rows())


def test_what_is_no_plan_is_refused_by_name(tmp_path: Path, corpora: Place) -> None:
    missing = corpora / "plans" / "gone.parquet"
    with pytest.raises(StoreError, match=r"no plan at .*gone\.parquet: plan the corpus first"):
        read_plan(missing)
    text = corpora / "notes.txt"
    text.write(b"shopping")
    with pytest.raises(StoreError, match=r"notes\.txt is damaged, or no Parquet file"):
        read_plan(text)
    pq.write_table(pa.table({"a": [1]}), tmp_path / "other.parquet")
    with pytest.raises(StoreError, match=r"other\.parquet is a Parquet file, but no plan"):
        read_plan(Folder(tmp_path / "other.parquet"))
    with pytest.raises(StoreError, match="no plan at"):
        read_plan(Folder(tmp_path))


def test_a_plan_that_may_not_be_read_is_an_error_of_the_home(tmp_path: Path) -> None:
    class Locked(Folder):
        def read(self) -> bytes:
            raise PermissionError(13, "no")

    with pytest.raises(HomeError, match="may not"):
        read_plan(Locked(written(tmp_path).folder))


def test_a_damaged_plan_is_never_read_as_another(tmp_path: Path) -> None:
    place = written(tmp_path)
    whole, rows = place.read(), some_plan().rows
    generator = np.random.default_rng(1)
    for _ in range(200):
        broken = bytearray(whole)
        broken[generator.integers(len(whole))] ^= 1 << int(generator.integers(8))
        place.folder.write_bytes(broken)
        with suppress(StoreError):  # nearly always; a bit may mean nothing
            found = read_plan(place)
            pd.testing.assert_frame_equal(found.rows, rows)
            assert found.recipe == RECIPE


def test_a_plan_that_is_cut_is_refused(tmp_path: Path) -> None:
    place = written(tmp_path)
    whole = place.read()
    for length in (0, 4, len(whole) // 2, len(whole) - 1):
        place.write(whole[:length])
        with pytest.raises(StoreError, match=r"plan\.parquet is damaged"):
            read_plan(place)


def rewritten(place: Folder, change: Any = None, **about: str) -> Folder:
    """Change a plan's table or what its file says of it, as another program would."""
    found = pq.read_table(place.folder)
    metadata = found.schema.metadata | {
        key.encode(): value.encode() for key, value in about.items()
    }
    found = found if change is None else change(found)
    pq.write_table(found.replace_schema_metadata(metadata), place.folder)
    return place


def with_label(found: pa.Table, label: int) -> pa.Table:
    labels = pa.array([label] * len(found), pa.int8())
    return found.set_column(found.schema.get_field_index("label"), "label", labels)


def with_empty(found: pa.Table, name: str) -> pa.Table:
    field = pa.field(name, found[name].type)
    column = pa.array([None] * len(found), field.type)
    return found.set_column(found.schema.get_field_index(name), field, column)


@pytest.mark.parametrize(
    ("change", "about", "words"),
    [
        (None, {"fringewatch_plan": "2"}, "of format 2, and this version reads 1: install"),
        (None, {"recipe": "{}"}, "cannot use"),
        (None, {"recipe": RECIPE.model_dump_json().replace("9", "8")}, "was changed after"),
        (None, {"code_version": "0.0.1"}, "was changed after"),
        (None, {"name": "../up"}, "cannot use"),
        (None, {"sha256": "0" * 64}, "was changed after"),
        (lambda found: with_label(found, 1), {}, "was changed after"),
        (lambda found: with_label(found, 9), {}, "was changed after"),
        (lambda found: found.slice(0, 4), {}, "was changed after"),
        (lambda found: found.take([1, 0, 2, 3, 4]), {}, "was changed after"),
        (lambda found: found.drop_columns(["area"]), {}, "has other columns"),
        (lambda found: with_empty(found, "label"), {}, "empty values: label"),
        (lambda found: with_empty(found, "volcano"), {}, "empty values: volcano"),
        (lambda found: found.append_column("more", found["area"]), {}, "has other columns"),
        (lambda found: found.rename_columns([*found.column_names[:-1], "x"]), {}, "other columns"),
    ],
)
def test_a_plan_that_was_changed_is_refused(
    tmp_path: Path, change: Any, about: dict[str, str], words: str
) -> None:
    place = rewritten(written(tmp_path), change, **about)
    with pytest.raises(StoreError, match=words) as caught:
        read_plan(place)
    assert str(place) in str(caught.value)
    assert "plan the corpus again" in str(caught.value)


def test_rows_that_contradict_themselves_are_refused_though_the_hash_fits(tmp_path: Path) -> None:
    place = written(tmp_path)
    found = with_label(pq.read_table(place.folder), 9)
    sha256 = hash_plan(RECIPE.model_dump_json(), fringewatch.__version__, found)
    rewritten(place, lambda _: found, sha256=sha256)
    with pytest.raises(StoreError, match=r"cannot use .*label is none"):
        read_plan(place)


def test_a_plan_of_a_recipe_that_has_grown_since_is_refused_or_read_but_never_mistaken(
    tmp_path: Path,
) -> None:
    """What a recipe says is hashed as it was written, not as this version would write it."""
    place = written(tmp_path)
    recipe = json.loads(RECIPE.model_dump_json())
    del recipe["water_coherence"]  # as if this version had added it
    older = json.dumps(recipe)
    found = pq.read_table(place.folder)
    sha256 = hash_plan(older, "0.0.1", found)
    rewritten(place, recipe=older, code_version="0.0.1", sha256=sha256)
    assert read_plan(place).recipe == RECIPE
    newer = json.dumps(recipe | {"more": 1})
    sha256 = hash_plan(newer, "9.0", found)
    rewritten(place, recipe=newer, code_version="9.0", sha256=sha256)
    with pytest.raises(StoreError, match=r"cannot use .*more"):
        read_plan(place)


def test_a_plan_that_another_program_wrote_with_the_same_content_is_read(tmp_path: Path) -> None:
    plan = read_plan(rewritten(written(tmp_path)))
    assert plan.sha256 == some_plan().sha256


@pytest.mark.long
def test_a_million_rows_are_hashed_in_seconds() -> None:
    rows = five_rows().iloc[np.ones(1_000_000, dtype=np.int64)]
    started = time.process_time()
    make_plan("big", RECIPE, rows)
    assert time.process_time() - started < 10.0
