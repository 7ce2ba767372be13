"""The table of speeds: figures out of what benchmarks print, kept and written into the page."""

from pathlib import Path

import pytest

from benchmarks import all as speeds
from benchmarks.all import BEGIN, END, PAGE, ROWS, Row, figure, line_of, main, write_page

QUICK = Row(
    name="platform",
    what="length of a name",
    aim=3,
    unit="letters",
    found="quick: #",
    commands=("tests.benchmarks.quick 12",),
    few="few: #",
    many="many: #",
)
BROKEN = Row("broken", "what fails", 1, "x", "quick: #", ("tests.benchmarks.quick no",), most=True)


def test_every_row_has_a_command_that_is_there_and_a_pattern_for_one_figure() -> None:
    assert len({row.name for row in ROWS}) == len(ROWS)
    for row in ROWS:
        assert row.found.count("#") == 1
        assert bool(row.few) == bool(row.many)
        for command in row.commands:
            module = command.split()[0].replace(".", "/")
            assert (Path(speeds.__file__).parents[1] / f"{module}.py").is_file()


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("first-start", "first start: 0.94 s of processor at most (aim: at most 0.5)", 0.94),
        ("night-quiet", "nothing new: 1.00 requests a frame, 21.5 s of processor for 500", 21.5),
        ("night-requests", "nothing new: 1.02 requests a frame, 21.5 s of processor", 1.02),
        ("night-new", "new pairs: 2.41 of decoding and scoring alone", 2.41),
        ("tiling", "has 66% of rasterio's rate by the clock, 35% by the processor", 35),
        ("tiling-workers", "two workers have 1.48 of one's rate, 1.20 with their start", 1.48),
        (
            "scoring",
            "whole pairs, ONNX Runtime          115     12.7             345            2.900"
            "             65%          66%",
            66,
        ),
        ("shards", "shards, patches/s               815.00    1101.00    1.35 x", 1.35),
        ("simulation", "time of a pair by the processor: at most 14.8% from that of 80", 14.8),
        ("disk", "in use: 1.00 of the bytes of a cube; without moving a score: 0.68", 1.0),
    ],
)
def test_figures_are_read_from_what_benchmarks_print(name: str, text: str, value: float) -> None:
    (row,) = (row for row in ROWS if row.name == name)
    assert figure(text, row.found) == value
    assert figure("Traceback", row.found) is None


def test_a_run_is_kept_and_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(speeds, "ROWS", (QUICK, BROKEN))
    assert main(["--folder", str(tmp_path)]) == 3
    kept = next(tmp_path.glob("*quick-12.json"))
    kept.write_text(kept.read_text().replace("quick: 12", "quick: 2"))
    assert main(["--folder", str(tmp_path), "--rows", "platform"]) == 0
    lines = (tmp_path / "speed.md").read_text("utf-8").splitlines()
    assert "| at least 3 letters | not measured | 2 letters | 0.67, missed | 3, 12 |" in lines[-2]
    assert "not measured: ValueError" in lines[-1]
    assert main(["--folder", str(tmp_path), "--rows", "platform", "--again"]) == 0
    assert "12 letters | 4.00, reached" in capsys.readouterr().out.splitlines()[-1]


def test_bounds_go_both_ways() -> None:
    said = speeds.Said("x", "quick: 2", 0, 1.0, 0.5, 1.5)
    assert "| 2 x | 0.50, missed |" in line_of(BROKEN, [said])
    assert "| 0 to 2 |" in line_of(BROKEN, [said])


def test_the_page_has_a_place_for_the_table(tmp_path: Path) -> None:
    assert PAGE.read_text("utf-8").count(BEGIN) == PAGE.read_text("utf-8").count(END) == 1
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    write_page(page, "new")
    assert page.read_text() == f"before\n{BEGIN}\n\nnew\n\n{END}\nafter\n"
    page.write_text("nothing")
    with pytest.raises(SystemExit, match="no place for the table"):
        write_page(page, "new")
