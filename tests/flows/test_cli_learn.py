"""The commands that learn without labels."""

from pathlib import Path

import pytest

from flows.cli import run
from tests.insar_models.small_patch_file import small_patch_file

RECIPE = """
batch_size = 4
steps = 2
spare_groups = false
outputs = 8
[encoder]
architecture = "compact"
width = 0.25
size = 32
"""


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    return small_patch_file(tmp_path / "tiny.safetensors", 12).path


def test_a_run_that_was_stopped_goes_on(corpus: Path, tmp_path: Path) -> None:
    recipe, folder = tmp_path / "small.toml", tmp_path / "run"
    recipe.write_text(RECIPE, "utf-8")
    words = ["pretrain", str(corpus), "--folder", str(folder), "--recipe", str(recipe)]
    words += ["--device", "cpu"]
    assert run([*words, "--stop-after", "1"]) == 3
    assert run(words) == 0
    assert (folder / "encoder" / "weights.safetensors").is_file()


def test_what_is_wrong_is_said(
    corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["pretrain", str(corpus), "--folder", str(tmp_path / "run")]
    assert run([*words, "--recipe", "none.toml"]) == 2
    assert "none.toml cannot be read" in capsys.readouterr().err
    sheet = ["augmentations", str(corpus), "--output", str(tmp_path / "a.png")]
    assert run([*sheet, "--recipe", "none"]) == 2
    assert "choose default, paper" in capsys.readouterr().err
    assert not (tmp_path / "a.png").exists()


def test_the_sheet_is_drawn(corpus: Path, tmp_path: Path) -> None:
    assert (
        run(["augmentations", str(corpus), "--output", str(tmp_path / "a.png"), "--count", "1"])
        == 0
    )
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
