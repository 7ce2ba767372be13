"""The plan of a corpus: every candidate, whether it is kept and why not, in one Parquet file.

A plan is named by its content: the same recipe, rows and version of Fringewatch give the same
name, so planning again what has not changed finds the corpus that is there. The hash is checked
again when a plan is read: nobody builds from an edited or a damaged one.
"""

import dataclasses
import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

import fringewatch
from catalogs.corpora.plan_checks import check_plan_rows
from catalogs.corpora.plan_columns import PLAN, PLAN_FORMAT, as_table, hash_plan
from catalogs.corpora.recipe import CorpusRecipe
from catalogs.corpora.versions import VERSION_LETTERS, checked_name
from catalogs.storage.place import Place
from fringewatch.errors import BadInputError, StoreError

_ROWS_IN_A_GROUP: Final = 1 << 17
_REPEATED: Final = ["kind", "location", "volcano", "frame", "part", "source_sha256", "problem"]
"""Columns of strings that Parquet keeps once each, besides `reason`."""


@dataclass(frozen=True, eq=False)
class Plan:
    """What a corpus will hold; from `make_plan` or `read_plan`."""

    name: str
    """Of the corpus."""
    recipe: CorpusRecipe
    code_version: str
    """The version of Fringewatch that made the plan."""
    sha256: str
    """Of its content; the name of the corpus is no part of it."""
    rows: pd.DataFrame
    """The columns of `PLAN`: strings, dates as `datetime.date` or None, unknown numbers NaN."""
    patches: int
    """How many are kept, in the whole plan."""

    @property
    def version(self) -> str:
        """The name of the version that is built from it."""
        return self.sha256[:VERSION_LETTERS]

    @property
    def kept(self) -> pd.DataFrame:
        """Rows of the patches in the corpus, in their order there."""
        return self._between(0, len(self.rows))

    @property
    def shards(self) -> int:
        """Number of objects that the patches go into; 0 if none is kept."""
        return -(-self.patches // self.recipe.patches_in_a_shard)

    def shard(self, number: int) -> pd.DataFrame:
        """Return the rows of a shard's patches, in their order there.

        Raises
        ------
        BadInputError
            If there is no such shard.
        """
        if not 0 <= number < self.shards:
            there = f"has shards 0 to {self.shards - 1}" if self.shards else "keeps no patch"
            message = f"no shard {number}: version {self.version} of corpus '{self.name}' {there}"
            raise BadInputError(message)
        size = self.recipe.patches_in_a_shard
        return self._between(number * size, (number + 1) * size)

    def part(self, number: int) -> "Plan":
        """Return the plan with the rows of one shard alone: what its writer needs to be sent.

        Raises
        ------
        BadInputError
            If there is no such shard.
        """
        return dataclasses.replace(self, rows=self.shard(number))

    def _between(self, start: int, stop: int) -> pd.DataFrame:
        index = self.rows["index"]
        chosen = self.rows[(index >= start) & (index < stop)]
        return chosen.sort_values("index", ignore_index=True)


@dataclass(frozen=True)
class KindCount:
    """What became of the candidates of one kind of source."""

    kind: str
    candidates: int
    left_out: dict[str, int]
    """Candidates by reason."""
    kept: int


def make_plan(name: str, recipe: CorpusRecipe, rows: pd.DataFrame) -> Plan:
    """Return the plan of a corpus.

    Parameters
    ----------
    name
        Of the corpus.
    recipe
        Whose sources and rules gave the rows.
    rows
        The columns of `PLAN`, one row a candidate. Their order is part of the content.

    Raises
    ------
    BadInputError
        If the name can name no corpus, a column or a value is wrong, or rows contradict the
        recipe, each other or themselves.
    """
    checked_name(name)
    table = as_table(rows)
    sha256 = hash_plan(recipe.model_dump_json(), fringewatch.__version__, table)
    checked = table.to_pandas()
    kept = int(checked["kept"].sum())
    plan = Plan(name, recipe, fringewatch.__version__, sha256, checked, kept)
    check_plan_rows(recipe, plan.rows)
    return plan


def write_plan(plan: Plan, place: Place) -> None:
    """Write a plan as a Parquet file; the same plan gives the same bytes.

    Raises
    ------
    HomeError
        If the storage is full or cannot be written.
    """
    about = {
        "fringewatch_plan": str(PLAN_FORMAT),
        "name": plan.name,
        "code_version": plan.code_version,
        "sha256": plan.sha256,
        "recipe": plan.recipe.model_dump_json(),
    }
    file = io.BytesIO()
    pq.write_table(
        as_table(plan.rows).cast(PLAN.arrow).replace_schema_metadata(about),
        file,
        compression="zstd",
        row_group_size=_ROWS_IN_A_GROUP,
        use_dictionary=[*_REPEATED, "reason"],
        write_page_checksum=True,
    )
    with place.errors():
        place.write(file.getvalue())


def read_plan(place: Place) -> Plan:
    """Return the plan in a file.

    Raises
    ------
    StoreError
        If it is not there, is damaged or no plan, was written by another version of Fringewatch
        that this one cannot read, or was changed since it was made.
    """
    with place.errors():
        if not place.is_file():
            message = f"there is no plan at {place}: plan the corpus first"
            raise StoreError(message)
        content = place.read()
    table = _parsed(content, place)
    about = _about(table.schema)
    try:
        name, code_version, recipe = about["name"], about["code_version"], about["recipe"]
        found = hash_plan(recipe, code_version, table)
        if found != about["sha256"]:
            message = (
                f"{place} was changed after it was made: its content has the hash {found}, not "
                f"{about['sha256']}: plan the corpus again"
            )
            raise StoreError(message)
        rows = table.replace_schema_metadata(None).to_pandas()
        plan = Plan(
            checked_name(name),
            CorpusRecipe.model_validate_json(recipe),
            code_version,
            found,
            rows,
            int(rows["kept"].sum()),
        )
        check_plan_rows(plan.recipe, plan.rows)
    except (ValueError, KeyError, BadInputError) as error:  # pydantic's and json's are ValueErrors
        why = " ".join(str(error).split())
        message = f"{place} is a plan that this version cannot use ({why}): plan the corpus again"
        raise StoreError(message) from error
    return plan


def counts_by_reason(plan: Plan, order: Sequence[str] = ()) -> tuple[KindCount, ...]:
    """Return what became of the candidates, a record for each kind of source in the recipe.

    Parameters
    ----------
    plan
        From `make_plan` or `read_plan`.
    order
        Reasons in the order in which the rules are tried; others follow by name.
    """
    counts = Counter(zip(plan.rows["kind"], plan.rows["reason"], strict=True))
    by_kind: dict[str, dict[str, int]] = {}
    for kind, reason in sorted(counts):
        by_kind.setdefault(kind, {})[reason] = counts[kind, reason]
    kinds = dict.fromkeys(source.kind for source in plan.recipe.sources)
    return tuple(_kind_count(kind, by_kind.get(kind, {}), order) for kind in kinds)


def _kind_count(kind: str, found: dict[str, int], order: Sequence[str]) -> KindCount:
    reasons = dict.fromkeys([*(reason for reason in order if reason in found), *found])
    left_out = {reason: found[reason] for reason in reasons if reason}
    return KindCount(kind, sum(found.values()), left_out, found.get("", 0))


def _parsed(content: bytes, place: Place) -> pa.Table:
    """Return the table of a file that is a plan of this format, with its metadata."""
    try:
        file = pq.ParquetFile(pa.BufferReader(content), page_checksum_verification=True)
        written = _about(file.schema_arrow).get("fringewatch_plan", "")
        if written == str(PLAN_FORMAT):
            table = file.read()
            table.validate(full=True)
    except (pa.ArrowException, OSError, ValueError) as error:
        message = f"{place} is damaged, or no Parquet file ({error}): plan the corpus again"
        raise StoreError(message) from error
    if not written:
        message = f"{place} is a Parquet file, but no plan of a corpus: name another, or plan again"
        raise StoreError(message)
    if written != str(PLAN_FORMAT):
        message = (
            f"{place} is a plan of format {written}, and this version reads {PLAN_FORMAT}: install "
            "the Fringewatch that wrote it, or plan the corpus again"
        )
        raise StoreError(message)
    odd = _odd_columns(table)
    if odd:
        message = (
            f"{place} has other columns than a plan of format {PLAN_FORMAT} ({odd}): plan the "
            "corpus again"
        )
        raise StoreError(message)
    return table


def _odd_columns(table: pa.Table) -> str:
    """What is wrong with the columns of a table; empty if nothing is."""
    expected = {column.name: str(column.type) for column in PLAN.columns}
    found = {field.name: str(field.type) for field in table.schema}
    if list(found.items()) != list(expected.items()):
        odd = sorted({name for name, _ in found.items() ^ expected.items()})
        return ", ".join(odd) or "their order"
    empty = [c.name for c in PLAN.columns if not c.may_be_empty and table[c.name].null_count]
    return f"empty values: {', '.join(empty)}" if empty else ""


def _about(schema: pa.Schema) -> dict[str, str]:
    """What a file says of itself; letters that are damaged are replaced."""
    words = schema.metadata or {}
    return {key.decode(errors="replace"): words[key].decode(errors="replace") for key in words}
