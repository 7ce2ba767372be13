"""Pretraining: what it writes, that it goes on bit for bit, and how it stops."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")

import torch
from torch import nn

from fringewatch.errors import BadInputError, ModelError, TrainingError
from insar_models.augmentation import PaperRecipe
from insar_models.encoders.encoder import Encoder
from insar_models.encoders.files import load_encoder
from insar_models.encoders.spec import EncoderSpec
from insar_models.patchfile.file import PatchFile
from insar_models.pretraining import learner as pretraining_learner
from insar_models.pretraining import run as pretraining_run
from insar_models.pretraining.losses import nt_xent
from insar_models.pretraining.recipe import PretrainRecipe
from insar_models.pretraining.run import pretrain
from insar_models.training.running import Precision
from tests.insar_models.small_pretraining import (
    RECIPE,
    RUNNING,
    assert_same_run,
    corpus_in,
    notes_in,
    recipe_with,
    tensors_in,
)

pytestmark = pytest.mark.usefixtures("one_thread")

WAYS = {
    "simclr": {},
    "dcl with a mean and parts": {"method": "dcl", "average": 0.7, "accumulate": 2, "steps": 5},
    "moco": {"method": "moco", "queue": 20, "optimiser": "lars"},
    "paper": {
        "augmentation": PaperRecipe(),
        "encoder": EncoderSpec(architecture="compact", width=0.125, size=32, inputs="grey"),
        "schedule": "paper",
        "optimiser": "adam",
    },
}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> PatchFile:
    return corpus_in(tmp_path_factory.mktemp("pretraining"))


@pytest.fixture(scope="module")
def undisturbed(corpus: PatchFile, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("undisturbed")
    pretrain(corpus, RECIPE, folder, running=RUNNING)
    return folder


class TestRun:
    def test_what_it_writes(self, corpus: PatchFile, undisturbed: Path) -> None:
        notes = notes_in(undisturbed)
        assert [note["step"] for note in notes if "loss" in note] == [3, 6, 7]
        assert [note["step"] for note in notes if "measures" in note] == [0, 4, 7]
        assert notes[-1]["measures"]["neighbours"].keys() == {"0", "1"}
        assert all(0 < note["loss"] < 10 for note in notes if "loss" in note)
        kept = sorted(path.name for path in (undisturbed / "checkpoints").iterdir())
        assert kept == ["step-00000006.safetensors", "step-00000007.safetensors"]
        identity = json.loads((undisturbed / "recipe.json").read_text())
        assert identity["corpus"] == {"name": "tiny", "version": corpus.facts.version}
        assert RECIPE.parse(identity["recipe"]) == RECIPE

    def test_the_encoder(self, undisturbed: Path) -> None:
        encoder = load_encoder(undisturbed / "encoder")
        assert encoder.spec == RECIPE.encoder
        trained = json.loads((undisturbed / "encoder" / "card.json").read_text())["trained"]
        assert (trained["step"], trained["steps"]) == (7, 7)
        weights = tensors_in(undisturbed)
        for name, tensor in encoder.backbone.state_dict().items():
            assert torch.equal(tensor, weights[f"network.0.backbone.{name}"])

    def test_a_finished_run_is_left_alone(self, corpus: PatchFile, undisturbed: Path) -> None:
        before = {path: path.stat().st_mtime_ns for path in undisturbed.rglob("*.safetensors")}
        report = pretrain(corpus, RECIPE, undisturbed, running=RUNNING)
        assert report.is_finished
        assert report.step == 7
        assert before == {p: p.stat().st_mtime_ns for p in undisturbed.rglob("*.safetensors")}

    def test_epochs_make_steps(self, corpus: PatchFile, tmp_path: Path) -> None:
        recipe = recipe_with(steps=None, epochs=3)
        report = pretrain(corpus, recipe, tmp_path, running=RUNNING, stop_after_steps=1)
        assert report.steps == 3 * (16 // 6)
        assert not report.is_finished

    def test_the_seed_counts(self, corpus: PatchFile, undisturbed: Path, tmp_path: Path) -> None:
        pretrain(corpus, recipe_with(seed=1), tmp_path, running=RUNNING)
        assert notes_in(tmp_path)[1]["loss"] != notes_in(undisturbed)[1]["loss"]

    def test_torchs_numbers_are_left_alone(self, corpus: PatchFile, tmp_path: Path) -> None:
        before = torch.random.get_rng_state()
        pretrain(corpus, RECIPE, tmp_path, running=RUNNING, stop_after_steps=1)
        assert torch.equal(before, torch.random.get_rng_state())


class TestGoingOn:
    @pytest.mark.parametrize("way", WAYS)
    def test_stopped_and_taken_up(self, corpus: PatchFile, tmp_path: Path, way: str) -> None:
        recipe = recipe_with(**WAYS[way])
        whole, pieces = tmp_path / "whole", tmp_path / "pieces"
        pretrain(corpus, recipe, whole, running=RUNNING)
        reports = [
            pretrain(corpus, recipe, pieces, running=RUNNING, stop_after_steps=steps)
            for steps in (1, 3, None)
        ]
        assert [report.step for report in reports] == [1, 4, recipe.steps]
        assert [report.is_finished for report in reports] == [False, False, True]
        assert_same_run(pieces, whole)

    def test_what_a_step_draws_itself(
        self, corpus: PatchFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def with_dropout(recipe: PretrainRecipe, encoder: Encoder) -> nn.Module:
            return nn.Sequential(nn.Linear(encoder.dimension, 8), nn.Dropout(0.5))

        monkeypatch.setattr(pretraining_learner, "_head", with_dropout)
        whole, pieces = tmp_path / "whole", tmp_path / "pieces"
        # The head's first weights are drawn here, the seeds of steps are the run's own.
        for folder, stops in ((whole, [None]), (pieces, [2, None])):
            torch.manual_seed(0)
            for stop in stops:
                pretrain(corpus, RECIPE, folder, running=RUNNING, stop_after_steps=stop)
        assert_same_run(pieces, whole)

    def test_a_crash_between_checkpoints(
        self, corpus: PatchFile, undisturbed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        plain, taken = pretraining_learner.PretrainLearner.learn, []

        def breaks(self: Any, *arguments: Any) -> Any:
            taken.append(1)
            if len(taken) == 6:  # four steps are kept, a fifth is in the journal's window
                raise KeyboardInterrupt
            return plain(self, *arguments)

        with monkeypatch.context() as patch:
            patch.setattr(pretraining_learner.PretrainLearner, "learn", breaks)
            with pytest.raises(KeyboardInterrupt):
                pretrain(corpus, RECIPE, tmp_path, running=RUNNING)
        with (tmp_path / "journal.jsonl").open("a") as journal:
            journal.write('{"step": 5, "loss": 1.0}\n{"step": 5, "lo')
        pretrain(corpus, RECIPE, tmp_path, running=RUNNING)
        assert_same_run(tmp_path, undisturbed)

    def test_a_crash_before_the_first_checkpoint(
        self, corpus: PatchFile, undisturbed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def breaks(*_: Any) -> Any:
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(pretraining_learner.PretrainLearner, "learn", breaks)
            with pytest.raises(KeyboardInterrupt):
                pretrain(corpus, RECIPE, tmp_path, running=RUNNING)
        pretrain(corpus, RECIPE, tmp_path, running=RUNNING)
        assert_same_run(tmp_path, undisturbed)

    def test_a_damaged_checkpoint_is_passed_over(
        self, corpus: PatchFile, undisturbed: Path, tmp_path: Path
    ) -> None:
        pretrain(corpus, RECIPE, tmp_path, running=RUNNING, stop_after_steps=5)
        newest = max((tmp_path / "checkpoints").iterdir())
        content = bytearray(newest.read_bytes())
        content[-3] ^= 16
        newest.write_bytes(content)
        pretrain(corpus, RECIPE, tmp_path, running=RUNNING)
        assert_same_run(tmp_path, undisturbed)

    def test_asked_to_stop(self, corpus: PatchFile, undisturbed: Path, tmp_path: Path) -> None:
        answers = iter([False, False, True])
        report = pretrain(
            corpus, RECIPE, tmp_path, running=RUNNING, asked_to_stop=lambda: next(answers)
        )
        assert report.step == 3
        pretrain(corpus, RECIPE, tmp_path, running=RUNNING)
        assert_same_run(tmp_path, undisturbed)

    def test_another_recipe(self, corpus: PatchFile, tmp_path: Path) -> None:
        pretrain(corpus, RECIPE, tmp_path, running=RUNNING, stop_after_steps=1)
        other = recipe_with(temperature=0.1, steps=9)
        expected = r"another recipe \(steps was 7, is 9; temperature was 0.5, is 0.1\)"
        with pytest.raises(ModelError, match=expected):
            pretrain(corpus, other, tmp_path, running=RUNNING)

    def test_another_corpus(self, corpus: PatchFile, tmp_path: Path) -> None:
        pretrain(corpus, RECIPE, tmp_path, running=RUNNING, stop_after_steps=1)
        other = PatchFile(
            corpus.path,
            type(corpus.facts)(**{**vars(corpus.facts), "version": "fedcba987654"}),
            corpus.columns,
            corpus.phase,
            corpus.phase_sha256,
        )
        with pytest.raises(ModelError, match=r"another corpus .*'0123456789ab', is 'fedcba987654'"):
            pretrain(other, RECIPE, tmp_path, running=RUNNING)


class TestWhatGoesWrong:
    def test_a_loss_that_is_not_finite(
        self, corpus: PatchFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        calls: list[int] = []

        def breaks(*arguments: Any, **others: Any) -> torch.Tensor:
            calls.append(1)
            return nt_xent(*arguments, **others) * (np.nan if len(calls) == 5 else 1.0)

        with monkeypatch.context() as patch:
            patch.setattr(pretraining_learner, "nt_xent", breaks)
            with pytest.raises(
                TrainingError, match=r"the loss of step 5 is nan.*checkpoint is good"
            ):
                pretrain(corpus, RECIPE, tmp_path, running=RUNNING)
        kept = sorted(path.name for path in (tmp_path / "checkpoints").iterdir())
        assert kept[-1] == "step-00000004.safetensors"
        assert all(np.isfinite(note.get("loss", 0.0)) for note in notes_in(tmp_path))

    def test_weights_that_are_not_finite_are_never_kept(
        self, corpus: PatchFile, tmp_path: Path
    ) -> None:
        recipe = recipe_with(learning_rate=1e3, optimiser="sgd", warm_up=0.0, method="dcl")
        with pytest.raises(TrainingError, match=r"(is nan|not finite).*smaller learning"):
            pretrain(
                corpus,
                recipe_with(**{**vars(recipe), "weight_decay": 1.0, "steps": 60}),
                tmp_path,
                running=RUNNING,
            )
        assert all(
            bool(tensor.isfinite().all())
            for tensor in tensors_in(tmp_path).values()
            if tensor.is_floating_point()
        )

    def test_a_corpus_too_small(self, corpus: PatchFile, tmp_path: Path) -> None:
        with pytest.raises(BadInputError, match="a batch of 17 cannot be drawn from 16"):
            pretrain(corpus, recipe_with(batch_size=17), tmp_path)
        assert not list(tmp_path.iterdir())

    def test_one_group_alone(self, corpus: PatchFile, tmp_path: Path) -> None:
        columns = {**corpus.columns, "group": np.zeros(16, dtype=np.int32)}
        alike = PatchFile(corpus.path, corpus.facts, columns, corpus.phase, corpus.phase_sha256)
        with pytest.raises(BadInputError, match=r"of one group.*spare_groups"):
            pretrain(alike, RECIPE, tmp_path, running=RUNNING)
        report = pretrain(
            alike, recipe_with(spare_groups=False, steps=1), tmp_path, running=RUNNING
        )
        assert report.is_finished

    def test_a_corpus_without_labels(self, corpus: PatchFile, tmp_path: Path) -> None:
        columns = {**corpus.columns, "label": np.full(16, -1, dtype=np.int8)}
        bare = PatchFile(corpus.path, corpus.facts, columns, corpus.phase, corpus.phase_sha256)
        pretrain(bare, recipe_with(steps=1), tmp_path, running=RUNNING)
        assert notes_in(tmp_path)[0]["measures"].keys() == {"spread", "effective_rank"}

    def test_a_collapse_is_told(
        self,
        corpus: PatchFile,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        monkeypatch.setattr(pretraining_run, "COLLAPSED_BELOW", 10.0)
        pretrain(corpus, recipe_with(steps=1), tmp_path, running=RUNNING)
        assert "the net has collapsed" in caplog.text


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_half_precision_learns_too(corpus: PatchFile, tmp_path: Path, precision: Precision) -> None:
    running = replace(RUNNING, precision=precision)
    report = pretrain(corpus, recipe_with(steps=2), tmp_path, running=running)
    assert report.is_finished
    kinds = {t.dtype for t in tensors_in(tmp_path).values() if t.is_floating_point()}
    assert kinds == {torch.float32}
