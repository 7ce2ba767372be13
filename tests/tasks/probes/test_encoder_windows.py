"""A probe's threshold is that of windows of volcanoes that nothing learned from."""

import pickle
from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from fringewatch.errors import BadInputError
from insar_models.detectors.calibration import Calibration
from insar_models.detectors.encoder import EncoderDetector
from insar_models.detectors.linear import LinearWeights
from insar_models.detectors.window_score import WindowScore
from insar_models.encoders.encoder import Encoder
from insar_models.encoders.inputs import inputs_of_codes
from insar_models.patchfile.window_file import Windows
from insar_models.phase.window_patches import cut_patches
from insar_models.tuning.window_pasting import paste_on_windows, simulated_fields
from tasks.probes.encoder_windows import cross_fitted_alarms, judge_windows
from tests.insar_models.small_tuning import tiny_encoder
from tests.insar_models.small_windows import quiet_windows


def detector(coefficients: NDArray[np.float64] | None = None) -> EncoderDetector:
    encoder = tiny_encoder()
    count = encoder.dimension
    if coefficients is None:
        coefficients = np.ones(count)
    probe = LinearWeights(np.zeros(count), np.ones(count), coefficients, 0.0, np.inf)
    return EncoderDetector("tiny", "", 0.0, Calibration(1.0, 0.0, 0.5), encoder, probe)


def trained(windows: Windows) -> EncoderDetector:
    """A probe that points from quiet windows to the same with a source."""
    generator = np.random.default_rng(3)
    peaks = np.full(len(windows), 0.15)
    moved = paste_on_windows(windows.phase, simulated_fields(6, 1), peaks, generator).codes
    encoder = tiny_encoder()
    quiet, pasted = (
        np.concatenate(
            [features(encoder, cut_patches(window).astype(np.uint8)) for window in codes]
        )
        for codes in (windows.phase, moved)
    )
    return detector(pasted.mean(0) - quiet.mean(0))


def features(encoder: Encoder, codes: NDArray[np.uint8]) -> NDArray[np.float64]:
    with torch.inference_mode():
        seen: torch.Tensor = encoder(inputs_of_codes(torch.from_numpy(codes), encoder.spec))
    return seen.double().numpy()


def test_the_threshold_is_a_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasks.probes.encoder_windows._FIELDS", 6)
    windows = quiet_windows(6, 20)
    judged = judge_windows(trained(windows), windows, frozenset("ab"), 0)
    assert judged.metrics["volcanoes"] == ["c", "d", "e", "f"]
    assert judged.metrics["quiet_windows"] == 80
    assert judged.model.window is not None
    assert judged.model.window.quiet_share <= 0.05
    assert judged.model.probabilities(np.array([judged.model.threshold]))[0] < 0.9


def test_learned_volcanoes_place_no_threshold() -> None:
    with pytest.raises(BadInputError, match="were learned from"):
        judge_windows(detector(), quiet_windows(), frozenset("abcdef"), 0)
    with pytest.raises(BadInputError, match="too few for a threshold"):
        judge_windows(detector(), quiet_windows(), frozenset("abcde"), 0)


def test_a_volcano_is_judged_by_the_others() -> None:
    logits = np.concatenate([np.linspace(0, 1, 100), np.full(100, 5.0)])
    volcanoes = np.repeat(np.array(["calm", "loud"]), 100)
    alarms = cross_fitted_alarms(logits, volcanoes, 0.02)
    assert alarms[100:].all()  # what the calm one says is no threshold for the loud one
    assert not alarms[:100].any()


def test_a_window_score_is_kept_with_the_detector() -> None:
    score = WindowScore(0.7, Calibration(1.0, -2.0, 0.02), 0.02, (0.0, 0.04))
    model = replace(detector(), window=score)
    again = pickle.loads(pickle.dumps(model))  # noqa: S301 - made just now
    logits = np.array([[1.0, np.nan, 3.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]])
    assert again.window_logits(logits) == pytest.approx(model.window_logits(logits))
    assert again.probabilities(np.array([0.0]))[0] == pytest.approx(1 / (1 + np.exp(2.0)))
