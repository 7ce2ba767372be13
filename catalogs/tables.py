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

INTERFEROGRAMS = TableSchema(
    "interferograms",
    (
        Column("volcano", pa.string(), "slug of the catalogue"),
        Column("gvp_number", pa.int32(), "number in Volcanoes of the World; 0 for none"),
        Column("frame", pa.string(), "LiCSAR frame"),
        Column("direction", pa.string(), "ascending or descending"),
        Column("primary_date", pa.date32(), "older acquisition, UTC"),
        Column("secondary_date", pa.date32(), "newer acquisition, UTC"),
        Column("days", pa.int32(), "time span in days"),
        Column("valid_fraction", pa.float64(), "share of the window that was scored, 0 to 1"),
        Column(
            "coherence_mean", pa.float64(), "mean coherence where there is data", may_be_empty=True
        ),
        Column("score", pa.float64(), "logit of the model for the whole window", may_be_empty=True),
        Column("threshold", pa.float64(), "score from which on a pair is positive"),
        Column(
            "probability", pa.float64(), "calibrated probability of deformation", may_be_empty=True
        ),
        Column(
            "threshold_probability", pa.float64(), "that of a pair whose score is the threshold"
        ),
        Column(
            "deforming_share",
            pa.float64(),
            "share of deforming windows that the probabilities assume; empty if the model has none",
            may_be_empty=True,
        ),
        Column("positive", pa.bool_(), "score at or above the threshold", may_be_empty=True),
        Column(
            "peak_latitude", pa.float64(), "where the model looks, degrees north", may_be_empty=True
        ),
        Column(
            "peak_longitude", pa.float64(), "where the model looks, degrees east", may_be_empty=True
        ),
        Column("patches_scored", pa.int32(), "patches with enough data, of 9"),
        Column(
            "water",
            pa.string(),
            "what water was known by, landmask or coherence",
            may_be_empty=True,
        ),
        Column(
            "air",
            pa.string(),
            "what layered air may follow, and what came of each; empty where nothing is known",
            may_be_empty=True,
        ),
        Column(
            "air_rad_per_km",
            pa.float64(),
            "phase taken away along the heights, 0 if none; empty without heights",
            may_be_empty=True,
        ),
        Column(
            "air_share",
            pa.float64(),
            "share of the pair's structure that went with the air, 0 to 1",
            may_be_empty=True,
        ),
        Column("review", pa.string(), "what people say of it, or of its date", may_be_empty=True),
        Column(
            "left_out", pa.string(), "why it is no evidence; empty where it is", may_be_empty=True
        ),
        Column("model", pa.string(), "name of the model"),
        Column("model_sha256", pa.string(), "hash of its weights"),
        Column("source_url", pa.string(), "where the phase file came from"),
        Column("source_sha256", pa.string(), "hash of the phase file"),
        Column("scored_at", pa.timestamp("s", tz="UTC"), "when the model saw it"),
    ),
    key=("frame", "primary_date", "secondary_date"),
)
"""One row per pair."""

DATES = TableSchema(
    "dates",
    (
        Column("volcano", pa.string(), "slug of the catalogue"),
        Column("gvp_number", pa.int32(), "number in Volcanoes of the World; 0 for none"),
        Column("date", pa.date32(), "acquisition that ends the pairs, UTC"),
        Column("pairs", pa.int32(), "scored pairs of passes that end on this date, and count"),
        Column("pairs_positive", pa.int32(), "those of them that are positive"),
        Column("frames", pa.string(), "frames that saw it, separated by spaces"),
        Column("tracks_for", pa.string(), "tracks that speak for deformation"),
        Column("tracks_against", pa.string(), "tracks that speak against it"),
        Column(
            "probability", pa.float64(), "that it deforms, as the method says", may_be_empty=True
        ),
        Column("level", pa.float64(), "what the method measured", may_be_empty=True),
        Column(
            "level_needed", pa.float64(), "level from which it is unrest then", may_be_empty=True
        ),
        Column("state", pa.string(), "quiet, watch, unrest, no data, unknown or masked"),
        Column("because", pa.string(), "why, in words"),
        Column(
            "review",
            pa.string(),
            "what people say of it, the newest first; empty where nobody did",
            may_be_empty=True,
        ),
        Column("reviewed_by", pa.string(), "who they are", may_be_empty=True),
        Column(
            "since", pa.date32(), "first date of the running episode of unrest", may_be_empty=True
        ),
        Column(
            "unknown_since", pa.date32(), "last known date, where it is unknown", may_be_empty=True
        ),
        Column("peak_latitude", pa.float64(), "of the strongest positive pair", may_be_empty=True),
        Column("peak_longitude", pa.float64(), "of the strongest positive pair", may_be_empty=True),
        Column(
            "rate_mm_per_day",
            pa.float64(),
            "of the place that moves most, towards the satellite, against the ground round it",
            may_be_empty=True,
        ),
        Column(
            "rate_low",
            pa.float64(),
            "lower end of its 95 % interval, which knows that the place was picked",
            may_be_empty=True,
        ),
        Column("rate_high", pa.float64(), "upper end of its 95 % interval", may_be_empty=True),
        Column(
            "rate_coherence",
            pa.float64(),
            "how well one rate explains all pairs, -1 to 1",
            may_be_empty=True,
        ),
        Column("rate_latitude", pa.float64(), "of that place", may_be_empty=True),
        Column("rate_longitude", pa.float64(), "of that place", may_be_empty=True),
        Column(
            "rate_first", pa.date32(), "first acquisition that the rate is from", may_be_empty=True
        ),
        Column(
            "rate_deviations",
            pa.float64(),
            "how far from rest, in standard deviations of any one place",
            may_be_empty=True,
        ),
        Column(
            "slow_dates",
            pa.int32(),
            "dates in a row on which it speaks for motion; 0 where it does not",
        ),
        Column(
            "slow_since",
            pa.date32(),
            "first date of the running episode of slow motion, by rates",
            may_be_empty=True,
        ),
        Column(
            "displacement_mm",
            pa.float64(),
            "since the episode began, of the place that moved most",
            may_be_empty=True,
        ),
        Column("displacement_low_mm", pa.float64(), "of its 95 % interval", may_be_empty=True),
        Column("displacement_high_mm", pa.float64(), "of its 95 % interval", may_be_empty=True),
        Column("displacement_latitude", pa.float64(), "of that place", may_be_empty=True),
        Column("displacement_longitude", pa.float64(), "of that place", may_be_empty=True),
        Column(
            "displacement_first",
            pa.date32(),
            "acquisition from which on it is counted",
            may_be_empty=True,
        ),
        Column(
            "air_disturbed",
            pa.float64(),
            "probability that the air over this acquisition is disturbed",
            may_be_empty=True,
        ),
        Column(
            "air_share",
            pa.float64(),
            "share of structure that went with layered air, mean of its pairs",
            may_be_empty=True,
        ),
        Column(
            "past_dates",
            pa.int32(),
            "quiet dates of its own past; those on which it moved do not count",
        ),
        Column("past_first", pa.date32(), "first of them", may_be_empty=True),
        Column("past_last", pa.date32(), "last of them", may_be_empty=True),
        Column("past_centre", pa.float64(), "of its quiet scores; see below", may_be_empty=True),
        Column("past_spread", pa.float64(), "of its quiet scores; see below", may_be_empty=True),
        Column("method", pa.string(), "name of the method that judged the dates"),
        Column("model", pa.string(), "name of the model that scored the pairs"),
        Column("first_state", pa.string(), "what was first said of this date"),
        Column("first_since", pa.date32(), "and since when", may_be_empty=True),
        Column("first_method", pa.string(), "by which method"),
        Column("first_model", pa.string(), "on the scores of which model"),
        Column("first_judged_at", pa.timestamp("s", tz="UTC"), "and when it was said"),
        Column("revised", pa.bool_(), "state or since is not what was first said"),
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
