"""The command that tunes: its exit codes, what it says of bad input, a run that was killed."""

import os
import signal
from pathlib import Path

import pytest

pytest.importorskip("torch")

from insar_models import tune as tune_command
from insar_models.encoders.files import save_encoder
from insar_models.training.checkpoints import read_checkpoint
from insar_models.tune import main
from insar_models.tuning.run import tune
from tests.insar_models.small_pretraining import assert_same_run, kill_after_a_checkpoint
from tests.insar_models.small_tuning import labelled_corpus, tiny_encoder

pytestmark = pytest.mark.usefixtures("one_thread")

ROOT = Path(__file__).parents[2]
TOML = """
sources = 6
batch_size = 6
steps = 40
learning_rate = 0.01
held_out = 0.25
peak_m = [0.05, 0.1]
augmentation = false
"""
OFTEN = ["--checkpoint-every", "2", "--measure-every", "20"]


@pytest.fixture
def given(tmp_path: Path) -> list[str]:
    """What all commands have; the folder follows."""
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(TOML)
    corpus = labelled_corpus(tmp_path)
    save_encoder(tmp_path / "encoder", tiny_encoder(), {})
    common = ["--encoder", str(tmp_path / "encoder"), "--device", "cpu", "--recipe", str(recipe)]
    return [str(corpus.path), *common, *OFTEN, "--folder"]


def changed(words: list[str], option: str, value: Path | str) -> list[str]:
    words = list(words)
    words[words.index(option) + 1] = str(value)
    return words


def test_a_run_in_two_parts(
    given: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = str(tmp_path / "run")
    assert main([*given, folder, "--steps", "3", "--stop-after", "2"]) == 3
    assert "stopped after step 2 of 3" in capsys.readouterr().err
    assert main([*given, folder, "--steps", "3"]) == 0
    assert f"finished after step 3 of 3; the encoder is in {folder}" in capsys.readouterr().err
    assert main([*given, folder, "--steps", "3"]) == 0


def test_errors_in_one_line(
    given: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = str(tmp_path / "run")
    weights = tmp_path / "encoder" / "weights.safetensors"
    cut = tmp_path / "cut.safetensors"
    cut.write_bytes(Path(given[0]).read_bytes()[:-100])
    for words, said in (
        ([str(tmp_path / "nowhere"), *given[1:]], "nowhere"),
        ([str(cut), *given[1:]], "cut.safetensors"),
        (changed(given, "--encoder", tmp_path), "card.json cannot be read"),
        (changed(given, "--recipe", "nowhere.toml"), "'default', 'field' or 'operational'"),
        (changed(given, "--recipe", "operational"), "less than a batch of 112"),
        (changed(given, "--device", "abacus"), "the device 'abacus' cannot be used"),
    ):
        assert main([*words, folder]) == 1
        error = capsys.readouterr().err
        assert said in error
        assert len(error.strip().splitlines()) == 1
    weights.write_bytes(weights.read_bytes()[:-4] + bytes(4))
    assert main([*given, folder]) == 1
    assert "cut or altered" in capsys.readouterr().err
    assert read_checkpoint(tmp_path / "run") is None


def test_another_run_of_that_folder(
    given: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = str(tmp_path / "run")
    assert main([*given, folder, "--stop-after", "1"]) == 3
    assert main([*given, folder, "--steps", "4"]) == 1
    save_encoder(tmp_path / "other", tiny_encoder(seed=1), {})
    assert main([*changed(given, "--encoder", tmp_path / "other"), folder]) == 1
    said = capsys.readouterr().err
    assert "another recipe" in said
    assert "another encoder" in said


@pytest.mark.parametrize("option", ["--steps", "--stop-after", "--checkpoint-every"])
def test_arguments_that_cannot_be(given: list[str], option: str) -> None:
    with pytest.raises(SystemExit):
        main([*given, "run", option, "0"])


def test_a_signal_stops_after_the_step(
    given: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def told(*arguments: object, **others: object) -> object:
        os.kill(os.getpid(), signal.SIGTERM)
        return tune(*arguments, **others)  # type: ignore[arg-type]

    monkeypatch.setattr(tune_command, "tune", told)
    assert main([*given, str(tmp_path / "run")]) == 3
    kept = read_checkpoint(tmp_path / "run")
    assert kept is not None
    assert kept.step == 1


@pytest.mark.long
def test_killed_and_taken_up(given: list[str], tmp_path: Path) -> None:
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    kill_after_a_checkpoint("insar_models.tune", given, killed)
    assert main([*given, str(killed)]) == 0
    assert main([*given, str(whole)]) == 0
    assert_same_run(killed, whole)
