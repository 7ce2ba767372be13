"""The columns of a plan, and the byte form that its hash is taken over."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import PurePath
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from catalogs.tables import Column, TableSchema
from fringewatch.errors import BadInputError
from fringewatch.numbers import NO_DATE

PLAN_FORMAT: Final = 1
"""Raised by one whenever a column or the byte form below changes."""

_CANDIDATE: Final = (
    Column("source", pa.int32(), "place of its source in the recipe"),
    Column("kind", pa.string(), "cubes, images or simulated"),
    Column("location", pa.string(), "volcano/frame, a picture's path, or a scene's number"),
    Column("volcano", pa.string(), "slug, or the source's own name; empty if unknown"),
    Column("frame", pa.string(), "LiCSAR frame; empty if unknown"),
    Column("primary", pa.date32(), "older acquisition, UTC", may_be_empty=True),
    Column("secondary", pa.date32(), "newer acquisition, UTC", may_be_empty=True),
    Column("row", pa.int32(), "first row; negative where padded with no data"),
    Column("column", pa.int32(), "first column; negative where padded with no data"),
    Column("rotation", pa.int8(), "quarter turns from north up, 0 to 3"),
    Column("label", pa.int8(), "1 the ground deforms, 0 it does not, -1 nobody has said"),
    Column("part", pa.string(), "part of a published dataset; empty elsewhere"),
    Column("north", pa.float64(), "latitude of the upper edge, degrees", may_be_empty=True),
    Column("west", pa.float64(), "longitude of the left edge, degrees", may_be_empty=True),
    Column("source_sha256", pa.string(), "hash of what it was cut from"),
    Column("sha256", pa.string(), "hash of its bytes; empty if it could not be read"),
    Column("shape_sha256", pa.string(), "smallest hash of its eight turned and mirrored forms"),
    Column("valid_fraction", pa.float32(), "share of pixels with data", may_be_empty=True),
    Column("coherence_mean", pa.float32(), "mean coherence of valid pixels", may_be_empty=True),
    Column(
        "phasor_coherence", pa.float32(), "mean length of 3 x 3 mean phasors", may_be_empty=True
    ),
    Column("fringe_rate", pa.float32(), "median rate, cycles per pixel", may_be_empty=True),
    Column("equal_share", pa.float32(), "share of the most frequent byte", may_be_empty=True),
    Column("problem", pa.string(), "why it could not be read or cut; empty if it could"),
)
"""The fields of `Candidate`, in their order."""

PLAN: Final = TableSchema(
    "plan",
    (
        *_CANDIDATE,
        Column("kept", pa.bool_(), "whether it is in the corpus"),
        Column("reason", pa.string(), "the first rule that it breaks; empty if kept"),
        Column("group", pa.int32(), "patches of one group never stand on both sides of a split"),
        Column("area", pa.int32(), "ground that is joined over frames, volcanoes and groups"),
        Column("index", pa.int64(), "its place in the corpus; -1 if left out"),
    ),
    key=("source", "location", "primary", "secondary", "row", "column"),
)
"""One row per candidate; the key is what its source finds it by again."""


def as_table(rows: pd.DataFrame) -> pa.Table:
    """Return rows as an Arrow table of exactly the columns and types of `PLAN`; NaN is null.

    Raises
    ------
    BadInputError
        If a column is missing, unknown or out of order, or a value does not fit its column.
    """
    names = [column.name for column in PLAN.columns]
    if list(rows.columns) != names:
        odd = sorted({str(name) for name in rows.columns} ^ set(names)) or ["their order"]
        message = f"these rows are no plan: wrong columns: {', '.join(odd)}"
        raise BadInputError(message)
    try:
        table = pa.Table.from_pandas(rows, schema=PLAN.arrow, preserve_index=False)
    except (ValueError, TypeError, pa.ArrowException) as error:
        message = f"these rows are no plan: a value does not fit its column: {error}"
        raise BadInputError(message) from error
    return table.replace_schema_metadata(None)


def hash_plan(recipe: str, code_version: str, table: pa.Table) -> str:
    """Return the SHA-256 of a plan's content, as hexadecimal letters.

    It is taken over one line of JSON (format, version of the code, recipe, names of the columns,
    number of rows; sorted keys, no spaces, ASCII), then the columns one after another, values in
    the order of the rows: numbers little-endian in their own width, a truth value as one byte 0 or
    1, a date as 32-bit days since 1970-01-01 or `NO_DATE`, an unknown number as the quiet NaN, zero
    never negative; for strings first the 32-bit number of UTF-8 bytes of each, then all bytes.

    Parameters
    ----------
    recipe
        As JSON. Of a folder of pictures only its name counts, not where it lies: the content of
        each picture is in the rows.
    code_version
        The version of Fringewatch that made the plan.
    table
        From `as_table`.
    """
    header = {
        "format": PLAN_FORMAT,
        "code_version": code_version,
        "recipe": _placeless(recipe),
        "columns": table.schema.names,
        "rows": table.num_rows,
    }
    content = hashlib.sha256(json.dumps(header, sort_keys=True, separators=(",", ":")).encode())
    content.update(b"\n")
    for column in table.columns:
        for part in _bytes(column):
            content.update(part)
    return content.hexdigest()


def _placeless(recipe: str) -> Any:
    content = json.loads(recipe)
    for source in content["sources"]:
        if "folder" in source:
            source["folder"] = PurePath(source["folder"]).name
    return content


def _bytes(column: pa.ChunkedArray) -> Iterator[Any]:
    """The bytes of a column that a plan's hash goes over; the same on every machine."""
    if pa.types.is_string(column.type):
        yield _plain(pc.binary_length(column).to_numpy(), "<u4")
        for chunk in column.chunks:
            yield _joined(chunk)
    elif pa.types.is_date32(column.type):
        yield _plain(column.cast(pa.int32()).fill_null(NO_DATE).to_numpy(), "<i4")
    elif pa.types.is_floating(column.type):
        numbers = column.fill_null(np.nan).to_numpy()
        numbers = np.where(np.isnan(numbers), numbers.dtype.type(np.nan), numbers) + 0
        yield _plain(numbers, f"<f{numbers.itemsize}")
    elif pa.types.is_boolean(column.type):
        yield _plain(column.to_numpy(), "|u1")
    else:
        numbers = column.to_numpy()
        yield _plain(numbers, f"<i{numbers.itemsize}")


def _plain(values: NDArray[Any], kind: str) -> memoryview:
    return np.ascontiguousarray(values.astype(kind, copy=False)).data.cast("B")


def _joined(chunk: pa.StringArray) -> pa.Buffer:
    whole = pa.LargeListArray.from_arrays([0, len(chunk)], chunk)
    return pc.binary_join(whole, "")[0].as_buffer()
