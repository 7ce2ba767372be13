"""The command of training machines: its exit codes, and a run that was really killed."""

import json
import os
import signal
from pathlib import Path

import pytest

pytest.importorskip("torch")

from fringewatch.errors import BadInputError
from insar_models import train
from insar_models.encoders.encoder import make_encoder
from insar_models.encoders.files import load_encoder, save_encoder
from insar_models.pretraining.run import pretrain
from insar_models.train import main
from insar_models.training.checkpoints import read_checkpoint
from tests.insar_models.small_pretraining import (
    TINY,
    assert_same_run,
    corpus_in,
    kill_after_a_checkpoint,
    notes_in,
)

pytestmark = pytest.mark.usefixtures("one_thread")

ROOT = Path(__file__).parents[2]
TOML = """
batch_size = 6
outputs = 8
learning_rate = 0.01
steps = 40
[encoder]
architecture = "compact"
width = 0.125
size = 32
[augmentation]
turbulence = false
geometry = false
sea = false
"""
OFTEN = ["--note-every", "4", "--measure-every", "20", "--checkpoint-every", "2"]


@pytest.fixture
def given(tmp_path: Path) -> list[str]:
    """What all commands have; the folder follows."""
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(TOML)
    corpus = corpus_in(tmp_path)
    common = ["--device", "cpu", "--quiet", "--recipe", str(recipe), *OFTEN]
    return [str(corpus.path), *common, "--folder"]


def test_a_run_in_two_parts(given: list[str], tmp_path: Path) -> None:
    folder = str(tmp_path / "run")
    assert main([*given, folder, "--steps", "3", "--stop-after", "2"]) == 3
    assert main([*given, folder, "--steps", "3"]) == 0
    assert main([*given, folder, "--steps", "3"]) == 0
    assert [note["step"] for note in notes_in(tmp_path / "run")] == [0, 3, 3]


def test_errors_in_one_line(
    given: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = str(tmp_path / "run")
    assert main([*given, folder, "--steps", "3", "--stop-after", "1"]) == 3
    assert main([*given, folder, "--steps", "4"]) == 1
    assert "another recipe (steps was 3, is 4)" in capsys.readouterr().err
    assert main([str(tmp_path / "nowhere"), *given[1:], folder]) == 1
    assert main([*given, folder, "--device", "abacus"]) == 1
    assert main([*given, folder, "--recipe", "nowhere.toml"]) == 1
    said = capsys.readouterr().err
    assert "Traceback" not in said
    assert len(said.strip().splitlines()) == 3


def test_an_encoder_and_weights_in_place_of_the_recipes(
    given: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    few = ["--steps", "1"]
    assert main([*given, str(tmp_path / "one"), *few, "--encoder", "resnet18"]) == 0
    begun = tmp_path / "one" / "encoder"
    spec = load_encoder(begun).spec
    assert (spec.architecture, spec.width, spec.size) == ("resnet18", 0.125, 32)
    words = [*given, str(tmp_path / "two"), *few, "--encoder", "resnet18", "--weights", str(begun)]
    assert main(words) == 0
    card = json.loads((tmp_path / "two" / "encoder" / "card.json").read_text())
    assert card["trained"]["recipe"]["weights"] == str(begun)
    assert main([*given, str(tmp_path / "two"), *few, "--encoder", "resnet18"]) == 1
    assert "another recipe (weights was" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--encoder", "perceptron"], "architecture cannot be 'perceptron': choose among compact"),
        (["--encoder", "vgg16"], "vgg16 has one width, 1.0, not 0.125"),
        (["--weights", "imagenet"], "there are no ImageNet weights for compact of width 0.125"),
        (["--weights", "imagenot"], "imagenot cannot be read"),
        (["--weights", "ENCODER", "--encoder", "resnet18"], "'compact', not 'resnet18'"),
    ],
)
def test_encoders_and_weights_that_cannot_be(
    given: list[str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    said: str,
) -> None:
    save_encoder(tmp_path / "encoder", make_encoder(TINY, seed=0), {})
    words = [str(tmp_path / "encoder") if word == "ENCODER" else word for word in words]
    assert main([*given, str(tmp_path / "run"), *words]) == 1
    assert said in capsys.readouterr().err


def test_arguments_that_cannot_be(given: list[str]) -> None:
    with pytest.raises(SystemExit):
        main([*given, "run", "--steps", "0"])


def test_a_signal_stops_after_the_step(
    given: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def told(*arguments: object, **others: object) -> object:
        os.kill(os.getpid(), signal.SIGTERM)
        return pretrain(*arguments, **others)  # type: ignore[arg-type]

    before = signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr(train, "pretrain", told)
    assert main([*given, str(tmp_path / "run")]) == 3
    kept = read_checkpoint(tmp_path / "run")
    assert kept is not None
    assert kept.step == 1
    assert signal.getsignal(signal.SIGTERM) == before


def test_killed_and_taken_up(given: list[str], tmp_path: Path) -> None:
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    kill_after_a_checkpoint("insar_models.train", given, killed)
    assert main([*given, str(killed)]) == 0
    assert main([*given, str(whole)]) == 0
    assert_same_run(killed, whole)


def test_processes_that_torchrun_started() -> None:
    with train._processes({}, "cpu") as (rank, device):
        assert (rank.number, rank.of, device) == (0, 1, "cpu")
    with (
        pytest.raises(BadInputError, match="must be numbers"),
        train._processes({"WORLD_SIZE": "two"}, "cpu"),
    ):
        pass
