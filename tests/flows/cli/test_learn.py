"""The commands that learn with torch."""

import importlib.util
import json
import re
from pathlib import Path
from urllib.error import URLError

import pytest
import safetensors.torch
import torch

from flows.cli import run
from insar_models.detectors.registry import find_model
from insar_models.encoders.encoder import make_encoder
from insar_models.encoders.files import load_encoder, save_encoder
from insar_models.encoders.spec import EncoderSpec
from insar_models.model_folder import read_card
from tests.flows.small_recipes import RECIPE, TUNE_RECIPE
from tests.insar_models.encoder_detectors import seasoned_encoder
from tests.insar_models.labelled_corpus import labelled_corpus
from tests.insar_models.small_patch_file import small_patch_file
from tests.insar_models.small_tuning import labelled_corpus as quiet_corpus
from tests.insar_models.small_tuning import tiny_encoder


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


def test_another_encoder_with_weights_of_a_file(corpus: Path, tmp_path: Path) -> None:
    recipe, weights = tmp_path / "small.toml", tmp_path / "weights.safetensors"
    recipe.write_text(RECIPE, "utf-8")
    spec = EncoderSpec("resnet18", width=0.25, size=32)
    begun = make_encoder(spec, seed=7)
    safetensors.torch.save_file(begun.backbone.state_dict(), weights)
    words = ["pretrain", str(corpus), "--folder", str(tmp_path / "run"), "--recipe", str(recipe)]
    words += ["--encoder", "resnet18", "--weights", str(weights), "--device", "cpu"]
    assert run([*words, "--stop-after", "1"]) == 3
    learned = load_encoder(tmp_path / "run" / "encoder")
    assert learned.spec == spec
    name = "conv1.weight"
    # One step does not lead far from where it began; other numbers are elsewhere.
    moved = learned.backbone.state_dict()[name] - begun.backbone.state_dict()[name]
    assert 0 < moved.abs().max() < 0.01


def test_imagenet_without_a_network_says_what_to_do(
    corpus: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def refuse(*_: object, **__: object) -> None:
        message = "no route to host"
        raise URLError(message)

    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    monkeypatch.setattr("torch.hub.download_url_to_file", refuse)
    recipe = tmp_path / "small.toml"
    recipe.write_text(RECIPE.replace("width = 0.25\n", ""), "utf-8")
    words = ["pretrain", str(corpus), "--folder", str(tmp_path / "run"), "--recipe", str(recipe)]
    words += ["--encoder", "resnet18", "--weights", "imagenet", "--device", "cpu"]
    assert run(words) == 2
    said = capsys.readouterr().err
    assert re.search(r"no route.*fetch https://.*resnet18-.*give the path of that file", said)
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--encoder", "perceptron"], '"perceptron" for --encoder'),
        (["--steps", "0"], "--steps"),
        (["--stop-after=-1"], "--stop-after"),
    ],
)
def test_options_that_cannot_be(
    corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    assert run(["pretrain", str(corpus), "--folder", str(tmp_path / "run"), *words]) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


class TestTune:
    @pytest.fixture
    def words(self, tmp_path: Path) -> list[str]:
        recipe = tmp_path / "tune.toml"
        recipe.write_text(TUNE_RECIPE, "utf-8")
        save_encoder(tmp_path / "encoder", tiny_encoder(), {})
        words = ["tune", str(quiet_corpus(tmp_path).path), "--recipe", str(recipe)]
        words += ["--encoder", str(tmp_path / "encoder"), "--device", "cpu"]
        return [*words, "--folder", str(tmp_path / "run")]

    def test_a_run_that_was_stopped_goes_on(self, words: list[str], tmp_path: Path) -> None:
        before = (tmp_path / "encoder" / "weights.safetensors").read_bytes()
        assert run([*words, "--stop-after", "1"]) == 3
        assert run(words) == 0
        assert (tmp_path / "encoder" / "weights.safetensors").read_bytes() == before
        assert (tmp_path / "run" / "encoder" / "weights.safetensors").read_bytes() != before
        card = json.loads((tmp_path / "run" / "encoder" / "card.json").read_text("utf-8"))
        assert card["tuned"]["step"] == 2

    def test_what_is_wrong_is_said(
        self, words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        for option, value, said in (
            ("--encoder", str(tmp_path), "card.json cannot be read"),
            ("--recipe", "none.toml", "none.toml cannot be read"),
            ("--device", "abacus", "'abacus' cannot be used"),
        ):
            place = words.index(option) + 1
            assert run([*words[:place], value, *words[place + 1 :]]) == 2
            assert said in capsys.readouterr().err
        assert run([*words, "--steps", "0"]) == 2
        assert run(["tune", str(tmp_path / "none.safetensors"), *words[2:]]) == 2
        assert "none.safetensors" in capsys.readouterr().err


class TestProbe:
    @pytest.fixture
    def place(self, tmp_path: Path) -> Path:
        """A folder with a labelled corpus and an encoder."""
        labelled_corpus(tmp_path / "corpus.safetensors")
        save_encoder(tmp_path / "encoder", seasoned_encoder(), {})
        return tmp_path

    def test_a_detector_is_made_and_judged(
        self, place: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        words = ["probe", str(place / "corpus.safetensors"), "--encoder", str(place / "encoder")]
        words += ["--name", "small", "--by", "frame", "--method", "paper", "--seed", "4"]
        assert run([*words, "--models", str(place / "models"), "--device", "cpu"]) == 0
        said = capsys.readouterr().out
        assert f"model written to {place / 'models' / 'small'}" in said
        assert "frames held out, with 95 % intervals over them: AUROC" in said
        card = read_card(place / "models" / "small")
        assert card["recipe"]["settings"]["method"] == "paper"
        assert card["recipe"]["settings"]["seed"] == 4

    def test_the_homes_models_by_default(self, place: Path) -> None:
        words = ["probe", str(place / "corpus.safetensors"), "--encoder", str(place / "encoder")]
        assert run([*words, "--name", "small", "--home", str(place / "home")]) == 0
        assert find_model("small", place / "home" / "models").name == "small"

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            ([], "nothing to learn from: give a corpus and --encoder, or --data"),
            (["--by", "area"], "nothing to learn from for --by"),
            (["--encoder", "e"], "nothing to learn from for --encoder"),
            (["c.safetensors"], "a probe on c.safetensors needs an encoder"),
            (["c.safetensors", "--data", "s1"], "--data .* does not go with a corpus: leave out"),
            (["--data", "s1", "--seed", "0"], "--data .* does not go with --seed: leave out"),
            (
                ["c.safetensors", "--data", "s1", "--encoder", "e", "--pasted", "3"],
                "does not go with a corpus, --encoder, --pasted",
            ),
            (["c.safetensors", "--encoder", "e", "--by", "volcano"], '"volcano" for --by'),
            (["c.safetensors", "--encoder", "e"], "e/card.json cannot be read"),
        ],
    )
    def test_mixtures_of_its_forms(
        self,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
        words: list[str],
        said: str,
    ) -> None:
        monkeypatch.chdir(tmp_path)
        assert run(["probe", *words, "--name", "small"]) == 2
        assert re.search(said, capsys.readouterr().err)


def test_without_torch_it_is_said_what_to_install(
    corpus: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    for words in (
        ["pretrain", str(corpus), "--folder", str(tmp_path / "run")],
        ["tune", str(corpus), "--encoder", str(tmp_path), "--folder", str(tmp_path / "run")],
        ["probe", str(corpus), "--encoder", str(tmp_path), "--name", "x"],
    ):
        assert run(words) == 2
        assert "pip install 'fringewatch[train]'" in capsys.readouterr().err
