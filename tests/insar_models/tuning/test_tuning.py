"""Tuning learns from quiet ground and simulated sources, and a stopped run goes on exactly."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from fringewatch.errors import BadInputError, HomeError, ModelError, TrainingError
from insar_models.encoders.files import load_encoder
from insar_models.patchfile.loader import Loading
from insar_models.simulation.source_pool import make_pool
from insar_models.training.checkpoints import one_at_a_time, read_checkpoint
from insar_models.training.journal import read_journal
from insar_models.training.running import TrainingSetup
from insar_models.tuning.examples import Examples
from insar_models.tuning.grounds import sort_grounds
from insar_models.tuning.learner import TuneLearner
from insar_models.tuning.recipe import OPERATIONAL, TuneRecipe, find_tune_recipe
from insar_models.tuning.run import tune
from tests.insar_models.small_encoders import same_weights
from tests.insar_models.small_pretraining import one_thread
from tests.insar_models.small_tuning import RECIPE, labelled_corpus, recipe_with, tiny_encoder

RUNNING = TrainingSetup(
    loading=Loading(device="cpu"), note_every=3, measure_every=4, checkpoint_every=2
)


@pytest.fixture(autouse=True)
def _quick() -> object:
    with one_thread():
        yield


def test_a_run_that_was_stopped_gives_the_bytes_of_one_that_was_not(tmp_path: Path) -> None:
    corpus = labelled_corpus(tmp_path)
    tune(corpus, tiny_encoder(), RECIPE, tmp_path / "whole", running=RUNNING)
    for steps in (3, 2, None):
        report = tune(
            corpus,
            tiny_encoder(),
            RECIPE,
            tmp_path / "parts",
            running=RUNNING,
            stop_after_steps=steps,
        )
    assert report.is_finished
    assert_same_weights(tmp_path / "whole", tmp_path / "parts")


def assert_same_weights(one: Path, other: Path) -> None:
    weights = "encoder/weights.safetensors"
    assert (one / weights).read_bytes() == (other / weights).read_bytes()


def test_it_learns_to_tell_pasted_deformation_from_still_ground(tmp_path: Path) -> None:
    recipe = recipe_with(
        augmentation=None, still=1.0, relief=0.0, steps=60, batch_size=16, average=None
    )
    tune(labelled_corpus(tmp_path), tiny_encoder(), recipe, tmp_path / "run", running=RUNNING)
    notes = read_journal(tmp_path / "run" / "journal.jsonl")
    losses = [note["loss"] for note in notes if "loss" in note]
    measures = [note["measures"]["pasted_auroc"] for note in notes if "measures" in note]
    assert losses[-1] < 0.5 * losses[0]
    assert measures[-1] > 0.9


def test_the_speed_is_that_of_the_steps_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]

    def taking(seconds: float, work: Callable[..., Any]) -> Callable[..., Any]:
        def run(*given: Any, **named: Any) -> Any:
            now[0] += seconds
            return work(*given, **named)

        return run

    clock = SimpleNamespace(monotonic=lambda: now[0])
    monkeypatch.setattr("insar_models.training.run.time", clock)
    monkeypatch.setattr("insar_models.tuning.run.make_pool", taking(1000, make_pool))
    monkeypatch.setattr(TuneLearner, "learn", taking(2, TuneLearner.learn))
    running = replace(RUNNING, note_every=1)
    tune(labelled_corpus(tmp_path), tiny_encoder(), RECIPE, tmp_path / "run", running=running)
    notes = read_journal(tmp_path / "run" / "journal.jsonl")
    speeds = [note["patches_per_second"] for note in notes if "loss" in note]
    assert speeds == [RECIPE.batch_size / 2] * RECIPE.steps


def test_areas_with_deformation_are_kept_to_judge_by(tmp_path: Path) -> None:
    corpus = labelled_corpus(tmp_path)
    grounds = sort_grounds(corpus, RECIPE)
    learned = set(corpus.columns["area"][grounds.learned].tolist())
    assert learned
    assert 0 not in learned
    assert not learned & set(corpus.columns["area"][grounds.held_out].tolist())
    assert set(np.flatnonzero(corpus.columns["label"] == 1)) <= set(grounds.judged.tolist())
    report = tune(corpus, tiny_encoder(), recipe_with(steps=1), tmp_path / "run", running=RUNNING)
    card = json.loads((report.encoder / "card.json").read_text())
    assert set(card["tuned"]["areas_learned"]) == learned


def test_a_second_tuning_remembers_the_first(tmp_path: Path) -> None:
    corpus = labelled_corpus(tmp_path)
    past: dict[str, Any] = {
        "trained": {"step": 7},
        "tuned": {"corpus": {"version": corpus.facts.version}, "areas_learned": [0, 99]},
    }
    one = recipe_with(steps=1)
    report = tune(corpus, tiny_encoder(), one, tmp_path / "run", past=past, running=RUNNING)
    card = json.loads((report.encoder / "card.json").read_text())
    assert card["trained"] == past["trained"]
    assert card["tuned"]["before"] == past["tuned"]
    own = set(corpus.columns["area"][sort_grounds(corpus, one).learned].tolist())
    assert set(card["tuned"]["areas_learned"]) == own | {0, 99}
    past["tuned"]["corpus"] = {"version": "another"}
    report = tune(corpus, tiny_encoder(), one, tmp_path / "other", past=past, running=RUNNING)
    card = json.loads((report.encoder / "card.json").read_text())
    assert set(card["tuned"]["areas_learned"]) == own


def test_only_what_is_unfrozen_moves(tmp_path: Path) -> None:
    before = tiny_encoder()
    recipe = recipe_with(unfreeze=("layer4",), average=None, steps=2)
    report = tune(labelled_corpus(tmp_path), before, recipe, tmp_path / "run", running=RUNNING)
    after = load_encoder(report.encoder).state_dict()
    moved = {
        name.split(".")[1]
        for name, tensor in before.state_dict().items()
        if not torch.equal(tensor, after[name])
    }
    assert moved == {"layer4"}


def test_the_operational_variant_learns_from_labels(tmp_path: Path) -> None:
    corpus = labelled_corpus(tmp_path, deforming=6)
    recipe = replace(OPERATIONAL, batch_size=8)
    report = tune(corpus, tiny_encoder(), recipe, tmp_path / "run", running=RUNNING)
    assert (report.step, report.steps) == (4, 4)  # twice sixteen patches
    with pytest.raises(BadInputError, match="less than a batch of 112"):
        tune(corpus, tiny_encoder(), OPERATIONAL, tmp_path / "other", running=RUNNING)


def test_an_encoder_that_was_given_is_left_as_it_is(tmp_path: Path) -> None:
    encoder = tiny_encoder()
    tune(
        labelled_corpus(tmp_path), encoder, recipe_with(steps=2), tmp_path / "run", running=RUNNING
    )
    assert same_weights(encoder, tiny_encoder())


def test_a_folder_holds_one_run(tmp_path: Path) -> None:
    corpus = labelled_corpus(tmp_path)
    tune(corpus, tiny_encoder(), RECIPE, tmp_path, running=RUNNING, stop_after_steps=2)
    with pytest.raises(ModelError, match="another recipe"):
        tune(corpus, tiny_encoder(), recipe_with(seed=3), tmp_path, running=RUNNING)
    with pytest.raises(ModelError, match="another encoder"):
        tune(corpus, tiny_encoder(seed=1), RECIPE, tmp_path, running=RUNNING)
    with one_at_a_time(tmp_path), pytest.raises(HomeError, match="another process trains"):
        tune(corpus, tiny_encoder(), RECIPE, tmp_path, running=RUNNING)


def test_a_loss_that_is_not_finite_stops_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    corpus = labelled_corpus(tmp_path)
    plain, taken = TuneLearner.learn, list[int]()

    def breaks(self: TuneLearner, examples: Examples, rate: float) -> torch.Tensor:
        taken.append(1)
        return plain(self, examples, rate) * (np.nan if len(taken) == 5 else 1.0)

    monkeypatch.setattr(TuneLearner, "learn", breaks)
    with pytest.raises(TrainingError, match=r"loss of step 5 is nan.*last checkpoint is good"):
        tune(corpus, tiny_encoder(), RECIPE, tmp_path / "run", running=RUNNING)
    kept = read_checkpoint(tmp_path / "run")
    assert kept is not None
    assert kept.step == 4


@pytest.mark.parametrize("measure_every", [1, 50])
def test_an_encoder_that_is_not_finite_is_not_learned_from(
    tmp_path: Path, measure_every: int
) -> None:
    poisoned = tiny_encoder()
    with torch.no_grad():
        next(poisoned.parameters()).fill_(float("inf"))
    running = replace(RUNNING, note_every=50, measure_every=measure_every)
    with pytest.raises(TrainingError, match="last checkpoint is good"):
        tune(labelled_corpus(tmp_path), poisoned, RECIPE, tmp_path / "run", running=running)
    assert not list((tmp_path / "run").glob("checkpoints/*"))


def test_noise_alone_is_not_measured_by(tmp_path: Path) -> None:
    noise = np.memmap(tmp_path / "noise", np.uint8, "w+", shape=(16, 224, 224))
    noise[:] = np.random.default_rng(0).integers(1, 256, noise.shape)
    corpus = replace(labelled_corpus(tmp_path), phase=noise)
    recipe = recipe_with(steps=1, still=0.0, batch_size=2)
    tune(corpus, tiny_encoder(), recipe, tmp_path / "run", running=RUNNING)
    notes = read_journal(tmp_path / "run" / "journal.jsonl")
    (measures,) = [note["measures"] for note in notes if "measures" in note]
    assert measures.keys() == {"labelled_auroc"}


def test_missing_classes_and_parts_are_named(tmp_path: Path) -> None:
    nothing = labelled_corpus(tmp_path, deforming=0)
    with pytest.raises(BadInputError, match="no deforming patches"):
        tune(nothing, tiny_encoder(), OPERATIONAL, tmp_path / "run", running=RUNNING)
    with pytest.raises(BadInputError, match="no part 'layer9'"):
        tune(nothing, tiny_encoder(), recipe_with(unfreeze=("layer9",)), tmp_path / "b")


def test_recipes_survive_a_file_and_bad_ones_are_named(tmp_path: Path) -> None:
    for recipe in (TuneRecipe(), OPERATIONAL):
        assert TuneRecipe.parse(recipe.settings()) == recipe
    path = tmp_path / "recipe.toml"
    path.write_text("pasted = 0.4\nunfreeze = ['layer4']\n")
    assert find_tune_recipe(str(path), steps=5).pasted == pytest.approx(0.4)
    for text, words in (
        ("sauces = 1", "no 'sauces'"),
        ("pasted = 1.0", "less than 1 together"),
        ("peak_m = [0.2, 0.1]", "peak_m"),
        ("batch_size = 1", "batch_size"),
        ("learning_rate = 'quick'", "learning_rate"),
        ("augmentation = 3", "augmentation"),
        ("unfreeze = 'all'", "unfreeze"),
        ("= 3", "no TOML"),
    ):
        path.write_text(text)
        with pytest.raises(BadInputError, match=words):
            find_tune_recipe(str(path))
    with pytest.raises(BadInputError, match="cannot be read"):
        find_tune_recipe(str(tmp_path / "missing.toml"))
