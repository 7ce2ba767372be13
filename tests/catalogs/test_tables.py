import datetime as dt
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest

from catalogs.storage.place import Folder
from catalogs.tables import DATES, INTERFEROGRAMS, TableSchema, read_table, write_table
from fringewatch.errors import StoreError


def date_row(**changes: Any) -> dict[str, Any]:
    return {
        "volcano": "taal",
        "gvp_number": 273070,
        "date": dt.date(2020, 1, 12),
        "pairs": 3,
        "pairs_positive": 2,
        "frames": "142A_07606_131313",
        "tracks_for": "142A",
        "tracks_against": "",
        "probability": 0.8,
        "level": 0.8,
        "level_needed": 0.5,
        "state": "unrest",
        "because": "2 of 3 pairs positive, one track",
        "review": None,
        "reviewed_by": None,
        "since": dt.date(2020, 1, 12),
        "unknown_since": None,
        "peak_latitude": 14.0,
        "peak_longitude": 121.0,
        "rate_mm_per_day": 0.31,
        "rate_low": 0.1,
        "rate_high": 0.52,
        "rate_coherence": 0.8,
        "rate_latitude": 14.0,
        "rate_longitude": 121.0,
        "rate_first": dt.date(2019, 11, 1),
        "rate_deviations": 2.9,
        "slow_dates": 0,
        "slow_since": None,
        "displacement_mm": None,
        "displacement_low_mm": None,
        "displacement_high_mm": None,
        "displacement_latitude": None,
        "displacement_longitude": None,
        "displacement_first": None,
        "air_disturbed": 0.02,
        "air_share": None,
        "past_dates": 0,
        "past_first": None,
        "past_last": None,
        "past_centre": 0.0,
        "past_spread": 1.0,
        "method": "rule",
        "model": "baseline-0",
        "first_state": "unrest",
        "first_since": dt.date(2020, 1, 12),
        "first_method": "rule",
        "first_model": "baseline-0",
        "first_judged_at": dt.datetime(2020, 1, 13, 2, 17, tzinfo=dt.UTC),
        "revised": False,
    } | changes


def table(*rows: dict[str, Any]) -> pd.DataFrame:
    return pd.DataFrame(rows)


def test_a_table_comes_back_as_it_was_written(tmp_path: Path) -> None:
    nothing = {"since": None, "probability": None, "peak_latitude": None, "peak_longitude": None}
    second = date_row(
        date=dt.date(2020, 1, 6), state="no data", pairs=0, pairs_positive=0, **nothing
    )
    write_table(DATES, table(date_row(), second), Folder(tmp_path))
    back = read_table(DATES, Folder(tmp_path))
    assert back["date"].tolist() == [dt.date(2020, 1, 6), dt.date(2020, 1, 12)]
    assert back["since"].tolist() == [None, dt.date(2020, 1, 12)]
    assert back["probability"].isna().tolist() == [True, False]
    text = (tmp_path / "dates.csv").read_text().splitlines()
    assert text[0].startswith("volcano,gvp_number,date,pairs")
    assert text[1].startswith("taal,273070,2020-01-06,0,0,")


def test_the_same_rows_in_any_order_write_nothing_again(tmp_path: Path) -> None:
    rows = [date_row(date=dt.date(2020, 1, day)) for day in (6, 12, 18)]
    assert len(write_table(DATES, table(*rows), Folder(tmp_path))) == 2
    assert write_table(DATES, table(*reversed(rows)), Folder(tmp_path)) == ()


def test_a_table_that_was_never_written_is_empty(tmp_path: Path) -> None:
    empty = read_table(INTERFEROGRAMS, Folder(tmp_path))
    assert empty.empty
    assert list(empty.columns) == [column.name for column in INTERFEROGRAMS.columns]


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([date_row(extra=1)], "wrong columns: extra"),
        ([{k: v for k, v in date_row().items() if k != "state"}], "wrong columns: state"),
        ([dict(reversed(date_row().items()))], "their order"),
        ([date_row(pairs="many")], "does not fit its column"),
        ([date_row(pairs=None)], "<pairs: int32 not null> was non-nullable"),
        ([date_row(volcano=None)], "<volcano: string not null> was non-nullable"),
        ([date_row(), date_row(pairs=1)], "two rows share date"),
        ([date_row(state="panic")], "a state is none of"),
        ([date_row(first_state="panic")], "a first_state is none of"),
        ([date_row(revised=None)], "<revised: bool not null> was non-nullable"),
    ],
)
def test_rows_that_break_the_schema_are_not_written(
    tmp_path: Path, rows: list[dict[str, Any]], words: str
) -> None:
    with pytest.raises(StoreError, match=words):
        write_table(DATES, table(*rows), Folder(tmp_path))
    assert not any(tmp_path.iterdir())


def test_a_damaged_or_foreign_table_is_named(tmp_path: Path) -> None:
    path = tmp_path / "dates.parquet"
    path.write_bytes(b"PAR1 cut")
    with pytest.raises(StoreError, match="is no Parquet table"):
        read_table(DATES, Folder(tmp_path))
    table(date_row()).to_parquet(path)
    with pytest.raises(StoreError, match="has format none"):
        read_table(DATES, Folder(tmp_path))


def test_a_table_of_an_older_version_says_what_to_do(tmp_path: Path) -> None:
    write_table(DATES, table(date_row()), Folder(tmp_path))
    path = tmp_path / "dates.parquet"
    old = pq.read_table(path)
    pq.write_table(old.replace_schema_metadata({"fringewatch_format": "1"}), path)
    with pytest.raises(StoreError, match=r"has format 1 .* reads format 7: run the backfill again"):
        read_table(DATES, Folder(tmp_path))


def test_times_are_written_for_people_as_utc(tmp_path: Path) -> None:
    write_table(DATES, table(date_row()), Folder(tmp_path))
    assert (
        (tmp_path / "dates.csv").read_text().splitlines()[1].endswith("2020-01-13T02:17:00Z,False")
    )


@pytest.mark.parametrize("schema", [INTERFEROGRAMS, DATES], ids=lambda schema: schema.name)
def test_the_documented_columns_are_those_of_the_schema(schema: TableSchema) -> None:
    page = (Path(__file__).parents[2] / "docs" / "data-layout.md").read_text()
    section = page.partition(f"### {schema.name}\n")[2].partition("\n### ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| `")]
    assert rows == [
        f"| `{column.name}` | {column.type}{', may be empty' if column.may_be_empty else ''} "
        f"| {column.meaning} |"
        for column in schema.columns
    ]
