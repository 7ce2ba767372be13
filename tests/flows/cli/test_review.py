"""The commands of review and of places, as a person types them."""

import re
import sys
from pathlib import Path

import pytest

from flows.cli import run
from tests.tasks.kept_home import KeptHome


def test_a_review_is_given_listed_exported_and_taken_back(
    kept: KeptHome, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    home = ["--home", str(kept.settings.home)]
    given = ["review", "fernandina", "2024-02-11", "--atmosphere", "--by", "NS", "--note", "rings"]
    assert run([*given, *home]) == 0
    said = capsys.readouterr().out
    assert "left out of the evidence: 2 pairs" in said
    assert "last date: 2024-02-11, no data (2 of 2 pairs left out" in said
    page = (kept.settings.home / "site" / "fernandina.html").read_text("utf-8")
    assert "atmosphere by NS" in re.sub(r"<[^>]*>", "", page)
    assert run(["review", "--export", str(tmp_path / "r.safetensors"), *home]) == 0
    assert "0 deforming and 18 quiet patches of 2 reviewed pairs" in capsys.readouterr().out
    assert run(["review", "fernandina", "2024-02-11", "--undo", "--by", "AB", *home]) == 0
    assert "last date: 2024-02-11, unrest" in capsys.readouterr().out
    assert run(["review", "--list", *home]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("fernandina review 1: 2024-02-11 atmosphere by NS, ")
    assert lines[0].endswith('UTC: "rings" (taken back)')
    assert run(["review", "etna", "--list", *home]) == 4


def test_a_review_whose_exports_cannot_all_be_written_ends_with_3(
    kept: KeptHome, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    home = kept.settings.home
    (home / "fringewatch.toml").write_text('exports = ["geojson", "stac"]')
    monkeypatch.setitem(sys.modules, "pystac", None)  # as where it is not installed
    words = ["review", "fernandina", "2024-02-11", "--confirmed", "--by", "NS"]
    assert run([*words, "--home", str(home)]) == 3
    assert "not exported: exports has 'stac': pip install" in capsys.readouterr().out
    assert (home / "exports" / "volcanoes.geojson").is_file()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["fernandina", "2024-02-11", "--by", "NS"], "--atmosphere, --confirmed, --other WORD"),
        (["fernandina", "2024-02-11", "--by", "NS", "--undo", "--confirmed"], "and --undo"),
        (["fernandina", "2024-02-11", "--confirmed"], "who you are (--by)"),
        (["fernandina", "--confirmed", "--by", "NS"], "what you looked at"),
        (["fernandna", "2024-02-11", "--confirmed", "--by", "NS"], "did you mean"),
        (["fernandina", "2024-02-11", "--confirmed", "--by", "NS"], "no Fringewatch home"),
        (["--export", "x.safetensors"], "no Fringewatch home"),
    ],
)
def test_wrong_words_and_no_home_make_nothing(
    words: list[str], message: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    code = 4 if message == "no Fringewatch home" else 2
    assert run(["review", *words, "--home", str(tmp_path / "none")]) == code
    assert message in capsys.readouterr().err
    assert not any(tmp_path.iterdir())


def test_frames_near_a_place(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    for words in (["--near", "-0.37,-91.55"], ["--near=-0.37,-91.55"]):
        assert run(["volcanoes", *words]) == 0
        said = capsys.readouterr().out
        assert "106A: 100% of the window round -0.37,-91.55" in said
        assert "  106A_09048_000909  100%" in said
        assert "fernandina is 0 km away" in said
        assert said.splitlines()[-1].startswith('frames = ["106A_09048_000909", ')
    assert run(["volcanoes", "--near", "-48.9,-123.4"]) == 4
    assert "no frame that is known" in capsys.readouterr().out
    for wrong in ("etna", "1", "91,0", "0,nan", "1,2,3"):
        assert run(["volcanoes", f"--near={wrong}"]) == 2
        assert wrong in capsys.readouterr().err


def test_a_place_of_ones_own_is_listed_with_what_is_odd_about_it(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "fringewatch.toml").write_text(
        "[volcano.laguna-azul]\nlatitude = -0.37\nlongitude = -91.55\n"
        'frames_left_out = ["001A_00001_010101"]\n'
    )
    assert run(["volcanoes", "laguna azul", "--home", str(tmp_path)]) == 0
    line, note = capsys.readouterr().out.splitlines()
    assert line.startswith("laguna-azul")
    assert "frames_left_out names 001A_00001_010101" in note
    assert run(["volcanoes", "laguna azul"]) == 2
