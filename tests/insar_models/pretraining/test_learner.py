"""What a network sees of a batch, and what a learner keeps."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from fringewatch.errors import ModelError, TrainingError
from insar_models.augmentation import PaperRecipe, Recipe
from insar_models.encoders.inputs import codes_to_inputs, phasors_of
from insar_models.encoders.spec import EncoderSpec
from insar_models.patchfile.file import PatchFile
from insar_models.patchfile.loader import Batch
from insar_models.pretraining.learner import PretrainLearner, make_pairs
from insar_models.pretraining.measures import Measures, features_of
from insar_models.pretraining.recipe import PretrainRecipe
from tests.insar_models.small_pretraining import RECIPE, TINY, corpus_in, recipe_with

pytestmark = pytest.mark.usefixtures("one_thread")

CPU = torch.device("cpu")
NOTHING = Recipe.parse({name: False for name in Recipe().settings() if name != "lengths"})


def batch(rows: tuple[int, ...] = (4, 7, 9)) -> Batch:
    places = np.array(rows)
    phase = np.stack([np.random.default_rng(row).integers(0, 256, (224, 224)) for row in rows])
    return Batch(places, torch.from_numpy(phase.astype(np.uint8)))


class TestPairs:
    def test_views_are_what_the_encoder_will_see(self) -> None:
        recipe = recipe_with(augmentation=NOTHING)
        pairs = make_pairs(batch(), None, 0, recipe)
        plain = codes_to_inputs(phasors_of(batch().phase), TINY)
        assert torch.allclose(pairs.one, plain, atol=1e-6)
        assert torch.allclose(pairs.other, plain, atol=1e-6)

    @pytest.mark.parametrize("augmentation", [Recipe(), PaperRecipe()])
    def test_views_differ_and_belong_to_patch_and_epoch(
        self, augmentation: Recipe | PaperRecipe
    ) -> None:
        inputs = "grey" if isinstance(augmentation, PaperRecipe) else "phasor"
        spec = EncoderSpec.parse({"architecture": "compact", "size": 56, "inputs": inputs})
        recipe = PretrainRecipe(encoder=spec, augmentation=augmentation)
        pairs = make_pairs(batch(), None, 3, recipe)
        assert pairs.one.shape == pairs.other.shape == (3, 3, 56, 56)
        assert pairs.one.isfinite().all()
        assert not torch.allclose(pairs.one, pairs.other, atol=0.1)
        alone = make_pairs(batch((7,)), None, 3, recipe)
        assert torch.allclose(pairs.one[1], alone.one[0], atol=1e-5)
        assert not torch.allclose(pairs.one, make_pairs(batch(), None, 4, recipe).one, atol=0.1)

    def test_grey_levels_are_normalised(self) -> None:
        spec = EncoderSpec(architecture="compact", inputs="grey")
        recipe = PretrainRecipe(encoder=spec, augmentation=PaperRecipe(probability=0.0))
        pairs = make_pairs(batch(), None, 0, recipe)
        plain = codes_to_inputs(phasors_of(batch().phase), spec)
        assert torch.allclose(pairs.one, plain, atol=0.02)


class TestLearner:
    def test_the_state_of_another(self) -> None:
        learner = PretrainLearner(RECIPE, CPU, torch.float32, begin=True)
        tensors, facts = learner.state()
        other = PretrainLearner(recipe_with(outputs=9), CPU, torch.float32, begin=True)
        with pytest.raises(ModelError, match="does not fit its recipe"):
            other.restore(tensors, facts)
        with pytest.raises(ModelError, match="does not fit its recipe"):
            learner.restore({}, facts)
        with pytest.raises(ModelError, match="does not fit its recipe"):
            learner.restore(tensors, {})

    def test_what_a_part_adds_is_its_share(self) -> None:
        """Two batches of a step weigh half each: the same batch twice is that batch once."""
        weights = []
        for times in (1, 2):
            learner = PretrainLearner(recipe_with(optimiser="sgd"), CPU, torch.float32, begin=True)
            pairs = make_pairs(batch(), None, 0, RECIPE)
            _, projections = learner.learn([pairs] * times, 0.1)
            assert projections.shape == (6, 8)
            weights.append(torch.cat([p.flatten() for p in learner.network.parameters()]))
        assert torch.allclose(weights[0], weights[1], atol=1e-6)

    def test_the_mean_over_steps(self) -> None:
        learner = PretrainLearner(recipe_with(average=0.75), CPU, torch.float32, begin=True)
        first = [p.detach().clone() for p in learner.encoder.parameters()]
        learner.learn([make_pairs(batch(), None, 0, RECIPE)], 0.1)
        assert learner.average is learner.delivered
        for begin, now, mean in zip(
            first, learner.encoder.parameters(), learner.delivered.parameters(), strict=True
        ):
            assert torch.allclose(mean, 0.75 * begin + 0.25 * now, atol=1e-6)

    def test_weights_to_begin_with(self, tmp_path: Path) -> None:
        recipe = recipe_with(weights=str(tmp_path / "nowhere"))
        with pytest.raises(ModelError, match="nowhere"):
            PretrainLearner(recipe, CPU, torch.float32, begin=True)
        PretrainLearner(recipe, CPU, torch.float32, begin=False)


class TestMeasures:
    def test_labels_are_taken_alike(self, tmp_path: Path) -> None:
        corpus = corpus_in(tmp_path)
        labels = corpus.columns["label"]
        rows = Measures(corpus, 6, seed=0).rows
        assert sorted(labels[rows]) == [0, 0, 0, 1, 1, 1]
        assert len(Measures(corpus, 100, seed=0).rows) == 16
        assert (Measures(corpus, 6, seed=0).rows == rows).all()
        assert (Measures(corpus, 6, seed=1).rows != rows).any()

    def test_neighbours_of_the_same_area_do_not_tell(self, tmp_path: Path) -> None:
        corpus = corpus_in(tmp_path)
        learner = PretrainLearner(RECIPE, CPU, torch.float32, begin=True)
        # Two areas, each with one label: whoever is asked from outside is wrong.
        columns = {**corpus.columns, "area": corpus.columns["label"].astype(np.int32)}
        apart = PatchFile(corpus.path, corpus.facts, columns, corpus.phase, corpus.phase_sha256)
        found = Measures(apart, 16, seed=0).of(learner.encoder, learner.autocast(), CPU)
        assert found["neighbours"] == {"0": 0.0, "1": 0.0}
        columns["area"] = np.zeros(16, dtype=np.int32)
        alone = PatchFile(corpus.path, corpus.facts, columns, corpus.phase, corpus.phase_sha256)
        found = Measures(alone, 16, seed=0).of(learner.encoder, learner.autocast(), CPU)
        assert "neighbours" not in found

    def test_features_that_are_not_finite_end_the_run(self, tmp_path: Path) -> None:
        learner = PretrainLearner(RECIPE, CPU, torch.float32, begin=True)
        with torch.no_grad():
            next(learner.encoder.parameters()).fill_(torch.inf)
        measures = Measures(corpus_in(tmp_path), 16, seed=0)
        with pytest.raises(TrainingError, match=r"features are not finite.*checkpoint is good"):
            measures.of(learner.encoder, learner.autocast(), CPU)

    def test_an_encoder_is_left_as_it_was(self, tmp_path: Path) -> None:
        corpus = corpus_in(tmp_path)
        learner = PretrainLearner(RECIPE, CPU, torch.float32, begin=True)
        before = {name: t.clone() for name, t in learner.encoder.state_dict().items()}
        one = features_of(corpus, np.arange(16), learner.encoder, learner.autocast(), CPU)
        other = features_of(corpus, np.arange(3, 5), learner.encoder, learner.autocast(), CPU)
        assert learner.encoder.training
        assert torch.allclose(one[3:5], other, atol=1e-5)
        assert all(torch.equal(t, before[n]) for n, t in learner.encoder.state_dict().items())
