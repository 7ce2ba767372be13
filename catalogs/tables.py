"""The detection tables: their columns, and a writer that checks them.

Each table is written as Parquet for programs and as CSV for people, with the same rows in the
same order. The same rows give the same bytes, so that a run with nothing new changes no file.
"""

import io
from dataclasses import dataclass

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from catalogs.storage.place import Place
from fringewatch.errors import StoreError

TABLE_FORMAT = 7


@dataclass(frozen=True)
class Column:
    """A column of a table: its name, type, whether it may be empty, and what it means."""

    name: str
    type: pa.DataType
    meaning: str
    may_be_empty: bool = False


@dataclass(frozen=True)
class TableSchema:
    """The columns of a table in order, and those that tell one row from another."""

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]

    @property
    def arrow(self) -> pa.Schema:
        """The Arrow schema, with the format's number in its metadata."""
        fields = [
            pa.field(c.name, c.type, nullable=c.may_be_empty, metadata={"meaning": c.meaning})
            for c in self.columns
        ]
        return pa.schema(fields, metadata={"fringewatch_format": str(TABLE_FORMAT)})


_STATES = ("quiet", "watch", "unrest", "no data", "unknown", "masked")

_TEXT, _WHOLE, _FLOAT, _BOOL = pa.string(), pa.int32(), pa.float64(), pa.bool_()
_DAY, _TIME = pa.date32(), pa.timestamp("s", tz="UTC")


def _maybe(name: str, type_: pa.DataType, meaning: str) -> Column:
    """A column that may be empty."""
    return Column(name, type_, meaning, may_be_empty=True)


INTERFEROGRAMS = TableSchema(
    "interferograms",
    (
        Column("volcano", _TEXT, "slug of the catalogue"),
        Column("gvp_number", _WHOLE, "number in Volcanoes of the World; 0 for none"),
        Column("frame", _TEXT, "LiCSAR frame"),
        Column("direction", _TEXT, "ascending or descending"),
        Column("primary_date", _DAY, "older acquisition, UTC"),
        Column("secondary_date", _DAY, "newer acquisition, UTC"),
        Column("days", _WHOLE, "time span in days"),
        Column("valid_fraction", _FLOAT, "share of the window that was scored, 0 to 1"),
        _maybe("coherence_mean", _FLOAT, "mean coherence where there is data"),
        _maybe("score", _FLOAT, "logit of the model for the whole window"),
        Column("threshold", _FLOAT, "score from which on a pair is positive"),
        _maybe("probability", _FLOAT, "calibrated probability of deformation"),
        Column("threshold_probability", _FLOAT, "that of a pair whose score is the threshold"),
        _maybe(
            "deforming_share",
            _FLOAT,
            "share of deforming windows that the probabilities assume; empty if the model has none",
        ),
        _maybe("positive", _BOOL, "score at or above the threshold"),
        _maybe("peak_latitude", _FLOAT, "where the model looks, degrees north"),
        _maybe("peak_longitude", _FLOAT, "where the model looks, degrees east"),
        Column("patches_scored", _WHOLE, "patches with enough data, of 9"),
        _maybe("water", _TEXT, "what water was known by, landmask or coherence"),
        _maybe(
            "air",
            _TEXT,
            "what layered air may follow, and what came of each; empty where nothing is known",
        ),
        _maybe(
            "air_rad_per_km",
            _FLOAT,
            "phase taken away along the heights, 0 if none; empty without heights",
        ),
        _maybe("air_share", _FLOAT, "share of the pair's structure that went with the air, 0 to 1"),
        _maybe("review", _TEXT, "what people say of it, or of its date"),
        _maybe("left_out", _TEXT, "why it is no evidence; empty where it is"),
        Column("model", _TEXT, "name of the model"),
        Column("model_sha256", _TEXT, "hash of its weights"),
        Column("source_url", _TEXT, "where the phase file came from"),
        Column("source_sha256", _TEXT, "hash of the phase file"),
        Column("scored_at", _TIME, "when the model saw it"),
    ),
    key=("frame", "primary_date", "secondary_date"),
)
"""One row per pair."""

DATES = TableSchema(
    "dates",
    (
        Column("volcano", _TEXT, "slug of the catalogue"),
        Column("gvp_number", _WHOLE, "number in Volcanoes of the World; 0 for none"),
        Column("date", _DAY, "acquisition that ends the pairs, UTC"),
        Column("pairs", _WHOLE, "scored pairs of passes that end on this date, and count"),
        Column("pairs_positive", _WHOLE, "those of them that are positive"),
        Column("frames", _TEXT, "frames that saw it, separated by spaces"),
        Column("tracks_for", _TEXT, "tracks that speak for deformation"),
        Column("tracks_against", _TEXT, "tracks that speak against it"),
        _maybe("probability", _FLOAT, "that it deforms, as the method says"),
        _maybe("level", _FLOAT, "what the method measured"),
        _maybe("level_needed", _FLOAT, "level from which it is unrest then"),
        Column("state", _TEXT, "quiet, watch, unrest, no data, unknown or masked"),
        Column("because", _TEXT, "why, in words"),
        _maybe("review", _TEXT, "what people say of it, the newest first; empty where nobody did"),
        _maybe("reviewed_by", _TEXT, "who they are"),
        _maybe("since", _DAY, "first date of the running episode of unrest"),
        _maybe("unknown_since", _DAY, "last known date, where it is unknown"),
        _maybe("peak_latitude", _FLOAT, "of the strongest positive pair"),
        _maybe("peak_longitude", _FLOAT, "of the strongest positive pair"),
        _maybe(
            "rate_mm_per_day",
            _FLOAT,
            "of the place that moves most, towards the satellite, against the ground round it",
        ),
        _maybe(
            "rate_low",
            _FLOAT,
            "lower end of its 95 % interval, which knows that the place was picked",
        ),
        _maybe("rate_high", _FLOAT, "upper end of its 95 % interval"),
        _maybe("rate_coherence", _FLOAT, "how well one rate explains all pairs, -1 to 1"),
        _maybe("rate_latitude", _FLOAT, "of that place"),
        _maybe("rate_longitude", _FLOAT, "of that place"),
        _maybe("rate_first", _DAY, "first acquisition that the rate is from"),
        _maybe(
            "rate_deviations", _FLOAT, "how far from rest, in standard deviations of any one place"
        ),
        Column(
            "slow_dates",
            _WHOLE,
            "dates in a row on which it speaks for motion; 0 where it does not",
        ),
        _maybe("slow_since", _DAY, "first date of the running episode of slow motion, by rates"),
        _maybe("displacement_mm", _FLOAT, "since the episode began, of the place that moved most"),
        _maybe("displacement_low_mm", _FLOAT, "of its 95 % interval"),
        _maybe("displacement_high_mm", _FLOAT, "of its 95 % interval"),
        _maybe("displacement_latitude", _FLOAT, "of that place"),
        _maybe("displacement_longitude", _FLOAT, "of that place"),
        _maybe("displacement_first", _DAY, "acquisition from which on it is counted"),
        _maybe(
            "air_disturbed", _FLOAT, "probability that the air over this acquisition is disturbed"
        ),
        _maybe(
            "air_share", _FLOAT, "share of structure that went with layered air, mean of its pairs"
        ),
        Column(
            "past_dates",
            _WHOLE,
            "quiet dates of its own past; those on which it moved do not count",
        ),
        _maybe("past_first", _DAY, "first of them"),
        _maybe("past_last", _DAY, "last of them"),
        _maybe("past_centre", _FLOAT, "of its quiet scores; see below"),
        _maybe("past_spread", _FLOAT, "of its quiet scores; see below"),
        Column("method", _TEXT, "name of the method that judged the dates"),
        Column("model", _TEXT, "name of the model that scored the pairs"),
        Column("first_state", _TEXT, "what was first said of this date"),
        _maybe("first_since", _DAY, "and since when"),
        Column("first_method", _TEXT, "by which method"),
        Column("first_model", _TEXT, "on the scores of which model"),
        Column("first_judged_at", _TIME, "and when it was said"),
        Column("revised", _BOOL, "state or since is not what was first said"),
    ),
    key=("date",),
)
"""One row per date on which a pair ends, or of which something was ever said."""


def write_table(schema: TableSchema, rows: pd.DataFrame, folder: Place) -> tuple[Place, ...]:
    """Write the table as Parquet and CSV into `folder`; return the files that changed.

    Raises
    ------
    StoreError
        If a column is missing, unknown, of the wrong type or empty where it may not be, or two
        rows have the same key: that is a bug, and nothing is written.
    HomeError
        If the disk is full or cannot be written.
    """
    table = _checked(schema, rows)
    parquet, text = io.BytesIO(), io.StringIO()
    pq.write_table(table, parquet, compression="zstd")
    table.to_pandas().to_csv(text, index=False, date_format="%Y-%m-%dT%H:%M:%SZ")
    written = {
        folder / f"{schema.name}.parquet": parquet.getvalue(),
        folder / f"{schema.name}.csv": text.getvalue().encode(),
    }
    return tuple(file for file, content in written.items() if file.write(content))


def read_table(schema: TableSchema, folder: Place) -> pd.DataFrame:
    """Return the table in `folder`; empty, with its columns, if it was never written.

    Raises
    ------
    StoreError
        If the file is damaged, or was written with other columns or by a newer version.
    """
    file = folder / f"{schema.name}.parquet"
    if not file.is_file():
        empty: pd.DataFrame = schema.arrow.empty_table().to_pandas()
        return empty
    try:
        table = pq.read_table(pa.BufferReader(file.read()))
    except (pa.ArrowInvalid, OSError) as error:
        message = f"{file} is no Parquet table ({error}): run the backfill again to write it anew"
        raise StoreError(message) from error
    written = (table.schema.metadata or {}).get(b"fringewatch_format", b"none").decode()
    if written != str(TABLE_FORMAT) or table.schema.names != schema.arrow.names:
        message = (
            f"{file} has format {written} and columns {', '.join(table.schema.names)}; this "
            f"version reads format {TABLE_FORMAT}: run the backfill again to write it anew"
        )
        raise StoreError(message)
    frame: pd.DataFrame = table.to_pandas()
    return frame


def _checked(schema: TableSchema, rows: pd.DataFrame) -> pa.Table:
    """The rows as Arrow's table, sorted by their key; `StoreError` if they break the schema."""
    names = [column.name for column in schema.columns]
    if list(rows.columns) != names:
        odd = sorted(set(rows.columns) ^ set(names)) or ["their order"]
        message = f"table '{schema.name}': wrong columns: {', '.join(odd)}"
        raise StoreError(message)
    ordered = rows.sort_values(list(schema.key), ignore_index=True)
    try:
        table = pa.Table.from_pandas(ordered, schema=schema.arrow, preserve_index=False)
        table = table.replace_schema_metadata(schema.arrow.metadata)
    except (ValueError, pa.ArrowException) as error:  # Arrow says what is empty with the former
        message = f"table '{schema.name}': a value does not fit its column: {error}"
        raise StoreError(message) from error
    if ordered.duplicated(list(schema.key)).any():
        message = f"table '{schema.name}': two rows share {', '.join(schema.key)}"
        raise StoreError(message)
    for name in {"state", "first_state"} & set(names):
        if not ordered[name].isin(_STATES).all():
            message = f"table '{schema.name}': a {name} is none of {', '.join(_STATES)}"
            raise StoreError(message)
    return table
