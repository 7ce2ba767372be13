import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalogs.csv_rows import CsvRow, read_csv_rows
from fringewatch.errors import BadInputError

HEADER = ("name", "latitude")


def test_rows_come_with_their_line(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text('name,latitude\nEtna,37.7\n"Azul, Cerro",-0.92\n', encoding="utf-8")

    rows = read_csv_rows(path, HEADER)

    assert [(row.line, row.text("name")) for row in rows] == [(2, "Etna"), (3, "Azul, Cerro")]
    assert rows[1].degrees("latitude", 90.0) == -0.92


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "line 1: the header is ''"),
        (b"name,longitude\nEtna,15\n", "line 1: the header is 'name,longitude'"),
        (b"name,latitude\n", "holds no row"),
        (b"name,latitude\nEtna,37.7\nTaal\n", "line 3: 1 values, expected 2"),
        (b"name,latitude\nEtna,37.7,15\n", "line 2: 3 values, expected 2"),
        (b"name,latitude\n\nEtna,37.7\n", "line 2: 0 values"),
        (b'name,latitude\n"Etna,37.7\n', "cannot be read as a table"),
        (b"name,latitude\nS\xe3o Jorge,38.65\n", "cannot be read as a table"),
    ],
)
def test_a_damaged_file_is_named_with_its_fault(
    tmp_path: Path, content: bytes, expected: str
) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(content)

    with pytest.raises(BadInputError) as caught:
        read_csv_rows(path, HEADER)

    assert str(path) in str(caught.value)
    assert expected in str(caught.value)


def test_a_missing_file_is_an_error_not_a_traceback(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match=r"nowhere\.csv cannot be read"):
        read_csv_rows(tmp_path / "nowhere.csv", HEADER)


@pytest.mark.parametrize("value", ["", "north", "nan", "inf", "90.5", "-91", "1,5"])
def test_a_value_that_is_no_coordinate_is_refused(value: str) -> None:
    row = CsvRow(Path("table.csv"), 7, {"latitude": value})

    with pytest.raises(BadInputError, match="between -90 and 90") as caught:
        row.degrees("latitude", 90.0)

    assert str(caught.value).startswith(f"table.csv, line 7: latitude is '{value}'")


@pytest.mark.parametrize("value", ["", " ", " Etna", "Etna "])
def test_a_blank_text_is_refused(value: str) -> None:
    with pytest.raises(BadInputError, match="line 7: name is"):
        CsvRow(Path("table.csv"), 7, {"name": value}).text("name")


@given(st.floats(min_value=-180, max_value=180))
def test_degrees_gives_back_what_was_written(value: float) -> None:
    row = CsvRow(Path("table.csv"), 2, {"longitude": repr(value)})

    assert row.degrees("longitude", 180.0) == value


@given(st.lists(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\r\n\0"))))
def test_any_number_of_cells_is_a_row_or_a_clear_error(cells: list[str]) -> None:
    if len(cells) == len(HEADER):
        assert list(CsvRow.parse(Path("t.csv"), 2, HEADER, cells).values.values()) == cells
        return
    with pytest.raises(BadInputError, match=rf"line 2: {len(cells)} values"):
        CsvRow.parse(Path("t.csv"), 2, HEADER, cells)


def test_what_the_csv_module_writes_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([HEADER, ('Öræfajökull "south", new', "64.05")])

    assert read_csv_rows(path, HEADER)[0].text("name") == 'Öræfajökull "south", new'
