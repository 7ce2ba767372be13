"""The index of labelled patches."""

import datetime as dt
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalogs.csv_rows import CsvRow
from catalogs.pictures.s1_index import (
    S1Kind,
    S1Patch,
    S1Split,
    areas_of,
    contradictions,
    read_s1_index,
)
from catalogs.records import DatePair
from fringewatch.errors import BadInputError
from tests.s1_folder import Picture, write_index

FRAMES = [f"00{k}A_0000{k}_111111" for k in range(1, 6)]


def read(folder: Path, *pictures: Picture, **changes: str) -> tuple[S1Patch, ...]:
    write_index(folder, [picture.row() | changes for picture in pictures])
    return read_s1_index(folder)


class TestReading:
    def test_a_row_becomes_a_record(self, tmp_path: Path) -> None:
        picture = Picture(1, "erta_ale", FRAMES[0], 3)
        (patch,) = read(tmp_path, picture)
        assert (patch.label, patch.volcano, str(patch.frame)) == (1, "erta_ale", FRAMES[0])
        assert patch.pair == DatePair(dt.date(2020, 1, 1), dt.date(2020, 1, 13))
        assert (patch.split, patch.kind, patch.transposed) == (S1Split.TRAIN, S1Kind.CROP, False)
        assert patch.path == tmp_path / "pictures" / picture.file
        assert patch.corner == (1.0, 40.0)

    def test_what_may_be_empty(self, tmp_path: Path) -> None:
        (patch,) = read(tmp_path, Picture(0, "v", FRAMES[0], 0), packed="", north_lat="")
        assert (patch.path, patch.corner) == (None, None)

    def test_the_published_index(self, shared_data: Path) -> None:
        patches = read_s1_index(shared_data / "s1")
        assert len(patches) == 7600
        train = [p for p in patches if p.split is S1Split.TRAIN]
        assert sum(p.label for p in train) == 150
        clean = [p for p in train if not p.label and p.kind is S1Kind.CROP and not p.transposed]
        assert len(clean) == 776


class TestBadInput:
    def test_no_folder(self, tmp_path: Path) -> None:
        with pytest.raises(BadInputError, match=r"index\.csv cannot be read.*give the folder"):
            read_s1_index(tmp_path / "nowhere")

    @pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b'"open quote'])
    def test_no_table(self, tmp_path: Path, content: bytes) -> None:
        (tmp_path / "index.csv").write_bytes(content)
        with pytest.raises(BadInputError, match=r"index\.csv"):
            read_s1_index(tmp_path)

    def test_missing_columns(self, tmp_path: Path) -> None:
        (tmp_path / "index.csv").write_text("split,label,file\nS1/Train,0,x.png\n")
        with pytest.raises(BadInputError, match=r"lacks the column\(s\) volcano, frame"):
            read_s1_index(tmp_path)

    def test_no_rows(self, tmp_path: Path) -> None:
        with pytest.raises(BadInputError, match="lacks any row"):
            read(tmp_path)

    def test_short_row(self, tmp_path: Path) -> None:
        read(tmp_path, Picture(0, "v", FRAMES[0], 0))
        with (tmp_path / "index.csv").open("a") as stream:
            stream.write("S1/Train,0\n")
        with pytest.raises(BadInputError, match="line 3: 2 values"):
            read_s1_index(tmp_path)

    @pytest.mark.parametrize(
        ("column", "value"),
        [
            ("label", "2"),
            ("label", ""),
            ("label", "yes"),
            ("split", "S1/Validation"),
            ("kind", "corner"),
            ("transposed", "x"),
            ("frame", "001A"),
            ("d1", "20201301"),
            ("d2", "20190101"),
            ("file", ""),
            ("md5_gray", ""),
            ("north_lat", "91"),
            ("west_lon", "nan"),
        ],
    )
    def test_wrong_value_names_the_line_and_what_was_seen(
        self, tmp_path: Path, column: str, value: str
    ) -> None:
        with pytest.raises(BadInputError, match=f"line 2: .*{value}"):
            read(tmp_path, Picture(0, "v", FRAMES[0], 0), **{column: value})


class TestAreas:
    def test_frames_hang_together_through_their_volcanoes(self, tmp_path: Path) -> None:
        places = [("a", 0), ("a", 1), ("b", 1), ("b", 2), ("c", 3), ("d", 4)]
        patches = read(tmp_path, *(Picture(0, v, FRAMES[f], n) for n, (v, f) in enumerate(places)))
        assert areas_of(patches) == (FRAMES[0],) * 4 + (FRAMES[3], FRAMES[4])

    @given(st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 4)), max_size=15))
    def test_no_frame_and_no_volcano_lies_in_two_areas(self, places: list[tuple[str, int]]) -> None:
        patches = tuple(
            S1Patch.parse(Path(), _row(Picture(0, volcano, FRAMES[frame], 0)))
            for volcano, frame in places
        )
        areas = areas_of(patches)
        for key in ("frame", "volcano"):
            known: dict[object, str] = {}
            for patch, area in zip(patches, areas, strict=True):
                assert known.setdefault(getattr(patch, key), area) == area
        assert set(areas) <= {str(patch.frame) for patch in patches}


class TestContradictions:
    def test_overlap_with_opposite_labels(self, tmp_path: Path) -> None:
        quiet, near, far, other, unknown = read(
            tmp_path,
            Picture(0, "v", FRAMES[0], 0, corner=("1.0", "40.0")),
            Picture(1, "w", FRAMES[0], 1, corner=("1.05", "40.05")),
            Picture(1, "v", FRAMES[0], 2, corner=("1.1", "40.1")),
            Picture(1, "v", FRAMES[1], 3, corner=("1.0", "40.0")),
            Picture(1, "v", FRAMES[0], 4, corner=("", "")),
        )
        assert contradictions((quiet, near, far, other, unknown)) == ((near, quiet),)
        assert contradictions((near, far)) == ()


def _row(picture: Picture) -> CsvRow:
    return CsvRow(Path("index.csv"), 2, picture.row())
