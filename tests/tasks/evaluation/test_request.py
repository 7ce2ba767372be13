"""What was asked for becomes a report with its controls, or an error that says why not."""

import json
from pathlib import Path

import numpy as np
import pytest

from catalogs.settings import Settings
from fringewatch.errors import BadInputError, FringewatchError, ModelError, StoreError
from insar_models.detectors.encoder import EncoderDetector
from insar_models.detectors.registry import save_model
from insar_models.judging.bootstrap import BootstrapPlan
from insar_models.patchfile.splits import SplitBy
from tasks.evaluation.evaluate import Judging
from tasks.evaluation.labelled_corpus import LabelledCorpus
from tasks.evaluation.probes import Probing, probe_candidate, read_encoder
from tasks.evaluation.report import EvaluationReport
from tasks.evaluation.request import NO_CORPUS, EvaluationRequest, evaluate_request
from tasks.evaluation.samples import GroupBy
from tests.tasks.evaluation.corpora import EACH, PLACES, write_corpus, write_encoder
from tests.tasks.evaluation.sets import write_pictures

JUDGING = Judging(GroupBy.AREA, BootstrapPlan(seed=0, draws=10))
BASELINE = "control: baseline 0"
UNTRAINED = "control: the same encoder, untrained"


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_corpus(tmp_path_factory.mktemp("corpus") / "made.safetensors")


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_encoder(tmp_path_factory.mktemp("run-7") / "encoder")


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_pictures(tmp_path_factory.mktemp("pictures"))


def settings(home: Path) -> Settings:
    return Settings(home=home)


def roles(report: EvaluationReport) -> dict[str, str]:
    return {one.name: str(one.role) for one in report.candidates}


@pytest.mark.parametrize("held_out", ["area", "frame"])
def test_a_corpus_is_judged_by_probes_that_did_not_see_the_place(
    corpus: Path, encoder: Path, tmp_path: Path, held_out: str
) -> None:
    asked = EvaluationRequest(corpus=corpus, encoders=(encoder,), held_out=held_out, seeds=2)  # type: ignore[arg-type]

    report = evaluate_request(asked, settings(tmp_path), JUDGING)

    name = encoder.parent.name
    assert roles(report) == {
        name: "judged",
        "untrained resnet18": UNTRAINED,
        "baseline-0": BASELINE,
    }
    own, untrained, baseline = report.candidates
    assert len(report.samples) == PLACES * EACH
    assert report.samples[0].place.area == "000A_00000_000000"
    assert baseline.figures["auroc"] > 0.95
    assert all(one.over_seeds["auroc"].draws == 2 for one in report.candidates)
    # Each seed of the control is another encoder: another net, not another probe alone.
    scores = np.array([sample.scores["untrained resnet18"] for sample in report.samples])
    assert not np.allclose(scores[:, 0], scores[:, 1])
    assert own.thresholds == untrained.thresholds == ()
    assert f"saw nothing of its {held_out}" in report.notes[0]
    assert (encoder / "features").is_dir()
    json.loads(report.to_json())


def test_areas_that_an_encoder_learned_from_are_not_judged(corpus: Path, tmp_path: Path) -> None:
    tuned = {"corpus": {"version": "0123456789ab"}, "areas_learned": [0, 1]}
    folder = write_encoder(tmp_path / "tuned", {"tuned": tuned})
    asked = EvaluationRequest(corpus=corpus, encoders=(folder,), held_out="area", seeds=1)
    report = evaluate_request(asked, settings(tmp_path), JUDGING)
    assert {sample.place.area[:3] for sample in report.samples} == {"002", "003", "004", "005"}
    assert any(f"{2 * EACH} patches of areas" in note for note in report.notes)

    everything = {**tuned, "areas_learned": list(range(PLACES))}
    folder = write_encoder(tmp_path / "everything", {"tuned": everything})
    asked = EvaluationRequest(corpus=corpus, encoders=(folder,), held_out="area", seeds=1)
    with pytest.raises(BadInputError, match="learned from the labels of 6 areas"):
        evaluate_request(asked, settings(tmp_path), JUDGING)


def test_pictures_are_judged_beside_all_controls(
    pictures: Path, corpus: Path, encoder: Path, tmp_path: Path
) -> None:
    asked = EvaluationRequest(images=pictures, encoders=(encoder,), corpus=corpus, seeds=2)
    report = evaluate_request(asked, settings(tmp_path), JUDGING)
    name = encoder.parent.name
    assert list(roles(report).values()) == ["judged", UNTRAINED, BASELINE]
    # Threshold and calibration come from the corpus, one a seed.
    assert len(report.candidates[0].thresholds) == 2
    assert len(report.samples[0].probabilities[name]) == 2
    assert set(report.chance.figures) == set(report.candidates[0].figures)


def test_models_by_name_with_baseline_0_beside_them(
    pictures: Path, corpus: Path, encoder: Path, tmp_path: Path
) -> None:
    own = LabelledCorpus.open(corpus, SplitBy.AREA)
    (detector,) = probe_candidate(read_encoder(encoder), own, Probing(seeds=1)).detectors
    assert isinstance(detector, EncoderDetector)
    model = EncoderDetector(
        "mine", "", 0.25, detector.calibration, detector.encoder, detector.probe
    )
    save_model(tmp_path / "models" / "mine", model, {})

    report = evaluate_request(
        EvaluationRequest(images=pictures, models=("mine",)), settings(tmp_path), JUDGING
    )
    assert roles(report) == {"mine": "judged", "baseline-0": BASELINE}
    assert report.candidates[0].thresholds == (0.25,)
    assert NO_CORPUS in report.notes

    asked = EvaluationRequest(images=pictures, models=("mine",), corpus=corpus, seeds=1)
    report = evaluate_request(asked, settings(tmp_path), JUDGING)
    assert roles(report)["untrained resnet18"] == UNTRAINED
    assert NO_CORPUS not in report.notes


def test_by_default_it_is_the_model_of_the_settings_once(pictures: Path, tmp_path: Path) -> None:
    report = evaluate_request(EvaluationRequest(images=pictures), settings(tmp_path), JUDGING)
    assert roles(report) == {Settings().model: "judged", "baseline-0": "control: baseline 0"}


def test_probes_learn_as_published_too(corpus: Path, encoder: Path) -> None:
    own = LabelledCorpus.open(corpus, SplitBy.AREA)
    from insar_models.probes.linear_probe import ProbeMethod  # noqa: PLC0415

    published = Probing(seeds=2, method=ProbeMethod.PAPER)
    one, two = probe_candidate(read_encoder(encoder), own, published).detectors
    assert isinstance(one, EncoderDetector)
    assert isinstance(two, EncoderDetector)
    assert not np.allclose(one.probe.coefficients, two.probe.coefficients)
    assert (one.probe.scale == 1.0).all()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({}, "nothing to evaluate on"),
        ({"images": Path("x"), "encoders": (Path("e"),)}, "needs --corpus"),
        ({"corpus": Path("c")}, "can only be judged with --held-out"),
        ({"corpus": Path("c"), "held_out": "area", "models": ("m",)}, "model 'm' cannot be judged"),
        ({"images": Path("x"), "held_out": "area"}, "held-out area is about a corpus"),
        ({"corpus": Path("c"), "held_out": "area", "seeds": 0}, "0 probe seeds"),
    ],
)
def test_words_that_do_not_go_together(words: dict[str, object], message: str) -> None:
    with pytest.raises(BadInputError, match=message):
        EvaluationRequest(**words)  # type: ignore[arg-type]


def test_a_model_that_nobody_knows(pictures: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no model 'oracle'"):
        evaluate_request(
            EvaluationRequest(images=pictures, models=("oracle",)), settings(tmp_path), JUDGING
        )


def test_an_encoder_that_is_none(corpus: Path, tmp_path: Path) -> None:
    asked = EvaluationRequest(corpus=corpus, encoders=(tmp_path,), held_out="area")
    with pytest.raises(ModelError):
        evaluate_request(asked, settings(tmp_path), JUDGING)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (np.zeros(PLACES * EACH, np.int8), "0 deforming and 36 quiet"),
        (np.ones(PLACES * EACH, np.int8), "36 deforming and 0 quiet"),
        (np.full(PLACES * EACH, -1, np.int8), "no labelled patch"),
        (np.full(PLACES * EACH, 7, np.int8), "the label 7"),
    ],
)
def test_a_corpus_without_the_labels_that_are_needed(
    tmp_path: Path, labels: np.ndarray, message: str
) -> None:
    path = write_corpus(tmp_path / "c.safetensors", label=labels)
    with pytest.raises(FringewatchError, match=message):
        LabelledCorpus.open(path, SplitBy.AREA)


def test_a_corpus_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(StoreError):
        LabelledCorpus.open(tmp_path / "c.safetensors", SplitBy.AREA)
