"""The detector that ships: it loads, its card is honest, and its training can be repeated."""

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from catalogs.pictures.images import read_picture
from catalogs.pictures.s1_index import S1Split, read_s1_index
from fringewatch.errors import ModelError
from insar_models.detectors.linear import LinearDetector
from insar_models.detectors.registry import DEFAULT_MODEL, SHIPPED_MODELS, find_model
from insar_models.judging.metrics import auroc
from insar_models.model_folder import read_card
from insar_models.quicklook import decode_picture
from tasks.probes.baseline import train_probe
from tests.insar_models.fringes import closed_fringes, noise, ramp

FOLDER = SHIPPED_MODELS / DEFAULT_MODEL


def test_it_tells_closed_fringes_from_noise_and_ramps() -> None:
    model = find_model(DEFAULT_MODEL, None)
    speckle = 0.3 * noise(1, 224)
    patches = [closed_fringes(40.0, 15.0, side=224), noise(2, 224), ramp(0.03, 224), ramp(0.4, 224)]
    deforming, *quiet = model.logits(np.stack([patch + speckle for patch in patches]))
    assert deforming > model.threshold + 2.0
    assert max(quiet) < model.threshold


def test_its_card_says_what_it_was_made_of() -> None:
    card = read_card(FOLDER)
    learned = card["data"]["learned_from"]
    assert (learned["deforming"], learned["quiet"]) == (148, 769)
    assert "reykjanes" not in learned["volcanoes_deforming"]
    assert "reykjanes" in card["data"]["excluded_volcanoes"]
    assert card["calibration"]["prior"] == pytest.approx(148 / 917, abs=1e-6)
    overall = card["metrics"]["held_out"]["overall"]
    assert overall["true_positives"] + overall["false_negatives"] == learned["deforming"]
    assert overall["false_positives"] <= 0.1 * learned["quiet"]


def test_its_card_knows_nothing_of_the_machine() -> None:
    absolute_path = re.compile(r"""(^|[\s"'(=])(/\w|[A-Z]:\\)""")
    assert absolute_path.search("see '/home/someone'")
    assert not absolute_path.search(json.dumps(read_card(FOLDER)))


def test_the_figures_of_the_published_test_can_be_had_again(shared_data: Path) -> None:
    model = find_model(DEFAULT_MODEL, None)
    patches = [p for p in read_s1_index(shared_data / "s1") if p.split is S1Split.TEST]
    pictures = [read_picture(p.path) for p in patches if p.path is not None]
    logits = model.logits(
        np.stack([decode_picture(picture).phase_rad[:224, :224] for picture in pictures])
    )
    labels = np.array([p.label for p in patches])
    published = read_card(FOLDER)["metrics"]["test"]["as_published"]
    assert auroc(labels, logits) == pytest.approx(published["auroc"], abs=2e-3)
    right = (logits >= model.threshold) == labels
    assert right.mean() == pytest.approx(published["accuracy"], abs=1.5 / len(labels))


@pytest.mark.long
def test_training_again_gives_the_same_detector(shared_data: Path, tmp_path: Path) -> None:
    train_probe(shared_data / "s1", DEFAULT_MODEL, tmp_path)
    shipped, again = find_model(DEFAULT_MODEL, None), find_model(DEFAULT_MODEL, tmp_path)
    assert isinstance(shipped, LinearDetector)
    assert isinstance(again, LinearDetector)
    np.testing.assert_allclose(again.weights.coefficients, shipped.weights.coefficients, atol=1e-3)
    assert again.threshold == pytest.approx(shipped.threshold, abs=1e-3)


def test_a_model_is_read_once_until_its_files_change(tmp_path: Path) -> None:
    folder = tmp_path / DEFAULT_MODEL
    shutil.copytree(SHIPPED_MODELS / DEFAULT_MODEL, folder)
    model = find_model(DEFAULT_MODEL, tmp_path)
    assert find_model(DEFAULT_MODEL, tmp_path) is model
    card = (folder / "card.json").read_text("utf-8")
    (folder / "card.json").write_text(f"{card}\n", "utf-8")
    assert find_model(DEFAULT_MODEL, tmp_path) is not model
    (folder / "weights.safetensors").write_bytes(b"cut")
    with pytest.raises(ModelError):
        find_model(DEFAULT_MODEL, tmp_path)
