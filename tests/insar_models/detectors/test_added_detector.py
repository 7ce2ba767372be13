"""What a detector of another package gives back is looked at: it ends as that package's failure."""

import pickle
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy

from fringewatch.plugins import DETECTORS, PluginError
from insar_models.detectors.deforming_share import at_deforming_share, deforming_share_of
from insar_models.detectors.protocol import Detector
from insar_models.detectors.registry import DEFAULT_MODEL, find_model, load_model
from insar_models.model_folder import write_model_folder
from insar_models.phase.codes import decode_phase
from tests.plugins import install

MODULE = """
from insar_models.detectors.registry import DEFAULT_MODEL, find_model

WRONG = {}

class Odd:
    name = "odd"

    def __init__(self, sha256):
        self.sha256, self.inner = sha256, find_model(DEFAULT_MODEL, None)
        for name, value in WRONG.items():
            setattr(self, name, value)

    def __getattr__(self, name):
        if name == "inner":
            raise AttributeError(name)
        return getattr(self.inner, name)

def read(folder, card, tensors):
    return Odd(card["sha256"])
"""

rows, columns = np.indices((224, 224))
FRINGES = (1 + ((rows + columns) * 4) % 254).astype(np.uint8)
NOISE = np.random.default_rng(5).integers(1, 255, (224, 224)).astype(np.uint8)
EMPTY = np.zeros((224, 224), np.uint8)
HALF = np.where(columns < 100, FRINGES, EMPTY)  # less than half of it has data
CODES = np.stack([FRINGES, NOISE, EMPTY, HALF])
PHASE = decode_phase(CODES)
LOGITS = np.array([[1.0, 3.0, *[np.nan] * 7], [np.nan] * 9])


@dataclass
class Case:
    """A method, what a package gives in its place, what it is asked, and what is said of it."""

    name: str
    gives: Callable[[Any], Any]
    asked: Any
    words: str


WRONG = [
    Case("logits", lambda phase: np.zeros(len(phase) + 1), PHASE, r"shape \(5,\) where \(4,\)"),
    Case("logits_of_codes", lambda codes: np.zeros((len(codes), 1)), CODES, r"shape \(4, 1\)"),
    Case("logits", lambda phase: np.full(len(phase), np.nan), PHASE, "NaN for a patch that has"),
    Case("logits_of_codes", lambda codes: [np.nan] * len(codes), CODES, "NaN for a patch that has"),
    Case("logits_of_codes", lambda _: [0, 0, np.inf, 0], CODES, "an infinite logit"),
    Case("logits_of_codes", lambda _: None, CODES, r"object \(\), no numbers"),
    Case("logits_of_codes", lambda _: ["a"] * 4, CODES, "no numbers"),
    Case("logits_of_codes", lambda _: [[1], [1, 2]], CODES, "ValueError"),
    Case("window_logits", lambda _: [np.nan, np.nan], LOGITS, "none for a window"),
    Case("window_logits", lambda _: [np.inf, np.nan], LOGITS, "none for a window"),
    Case("window_logits", lambda _: [3.0, 0.0], LOGITS, "one for a window that was not"),
    Case("window_logits", lambda _: 3.0, LOGITS, r"shape \(\) where \(2,\)"),
    Case("patch_shares", np.copy, LOGITS, "a share that cannot be"),
    Case("patch_shares", np.ones_like, LOGITS, "one of a patch that was not judged"),
    Case("patch_shares", np.zeros_like, LOGITS, "none for a window"),
    Case("probabilities", lambda _: np.full(3, 7.0), LOGITS[0, :3], r"\[7\.\], outside of 0"),
    Case("probabilities", np.zeros_like, LOGITS[0, :3], "a number for NaN"),
    Case("probabilities", lambda _: 0.5, LOGITS[0, :3], r"shape \(\) where \(3,\)"),
    Case("activation", np.zeros_like, PHASE[3], "one where there is no data"),
    Case("activation", lambda phase: -np.abs(phase), PHASE[0], "one below 0, or infinite"),
    Case("activation", lambda phase: phase * np.nan, PHASE[0], "none for a patch with data"),
    Case("activation", lambda phase: phase[0], PHASE[0], r"shape \(224,\) where \(224, 224\)"),
]


@pytest.fixture
def odd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Detector]:
    """Read a model of another package, which is baseline-0 but for what is given."""
    (tmp_path / "site").mkdir()
    install(tmp_path / "site", "odds", {DETECTORS: {"odd": "odd_i:read"}}, {"odd_i.py": MODULE})
    monkeypatch.syspath_prepend(tmp_path / "site")
    folder = tmp_path / "odd"
    weights = safetensors.numpy.save({"a": np.zeros(1)})
    write_model_folder(folder, weights, {"name": "odd", "architecture": "odd"}, {})

    def read(**given: object) -> Detector:
        import odd_i  # type: ignore[import-not-found] # noqa: PLC0415 - there from now on

        monkeypatch.setattr(odd_i, "WRONG", given)
        return load_model(folder)

    return read


@pytest.mark.parametrize("case", WRONG, ids=lambda case: f"{case.name}: {case.words}")
def test_a_wrong_answer_names_the_package_and_what_is_wrong(
    case: Case, odd: Callable[..., Detector]
) -> None:
    model = odd(**{case.name: case.gives})
    words = rf"the plug-in 'odd' \(fringewatch\.detectors\) of odds 1\.0 is broken: .*{case.words}"
    with pytest.raises(PluginError, match=words):
        getattr(model, case.name)(case.asked)


def test_right_answers_are_handed_on_as_they_are(odd: Callable[..., Detector]) -> None:
    model, inner = odd(), find_model(DEFAULT_MODEL, None)
    for each in (model, pickle.loads(pickle.dumps(model))):  # noqa: S301 - made here
        assert (each.name, each.threshold) == ("odd", inner.threshold)
        for name, asked in (
            ("logits", PHASE), ("logits_of_codes", CODES), ("window_logits", LOGITS),
            ("patch_shares", LOGITS), ("probabilities", LOGITS), ("activation", PHASE[3]),
        ):  # fmt: skip
            given = getattr(each, name)(asked)
            np.testing.assert_array_equal(given, getattr(inner, name)(asked))
            assert given.dtype == getattr(inner, name)(asked).dtype


def test_noise_and_what_lacks_data_may_be_left_without_a_logit(
    odd: Callable[..., Detector],
) -> None:
    few = [2.0, np.nan, np.nan, np.nan]
    model = odd(logits_of_codes=lambda _: few, logits=lambda _: few)
    np.testing.assert_array_equal(model.logits_of_codes(CODES), few)
    np.testing.assert_array_equal(model.logits(PHASE), few)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("threshold", np.nan),
        ("threshold", "0.5"),
        ("name", None),
        ("deforming_share", 2),
        ("views", 0),
    ],
)
def test_an_attribute_that_no_table_can_hold_is_refused_at_the_start(
    name: str, value: object, odd: Callable[..., Detector]
) -> None:
    with pytest.raises(PluginError, match=f"odds 1.0 is broken: its {name} is {value!r}, not"):
        odd(**{name: value})


def test_a_detector_at_another_share_is_looked_at_too(odd: Callable[..., Detector]) -> None:
    class Shared:
        def __init__(self, share: float) -> None:
            self.deforming_share, self.inner = share, find_model(DEFAULT_MODEL, None)

        def __getattr__(self, name: str) -> object:
            return getattr(self.inner, name)

        def probabilities(self, logits: np.ndarray) -> np.ndarray:
            return logits + 7

    model = odd(deforming_share=0.5, with_deforming_share=Shared)
    assert deforming_share_of(model) == 0.5
    other = at_deforming_share(model, 0.1)
    assert deforming_share_of(other) == 0.1
    with pytest.raises(PluginError, match="outside of 0 to 1"):
        other.probabilities(np.zeros(1))
    with pytest.raises(PluginError, match="its deforming_share is 3, not"):
        at_deforming_share(model, 3)
