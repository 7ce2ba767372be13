"""The detector of a graph: scores as torch does, in threads, in other processes, without torch."""

import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fringewatch.errors import BadInputError, ModelError
from insar_models.detectors.calibration import Calibration
from insar_models.detectors.encoder import EncoderDetector
from insar_models.detectors.onnx import BATCH, OnnxDetector
from insar_models.detectors.onnx_export import graph_of
from insar_models.detectors.protocol import Detector
from insar_models.detectors.registry import SHIPPED_MODELS, load_encoder_detector, load_model
from insar_models.detectors.window_score import WindowScore
from insar_models.encoders.spec import EncoderSpec
from insar_models.model_folder import read_card
from insar_models.phase.codes import decode_phase
from tests.insar_models.encoder_detectors import random_codes, small_detector

ROOT = Path(__file__).parents[3]
SHIPPED = "simclr-compact-1"
WINDOW = WindowScore(0.7, Calibration(0.9, -2.0, 0.02), 0.02, (0.01, 0.03))


@pytest.fixture(scope="module")
def with_torch() -> EncoderDetector:
    """The shipped one: real weights, in half precision."""
    return load_encoder_detector(SHIPPED_MODELS / SHIPPED)


@pytest.fixture(scope="module")
def detector() -> OnnxDetector:
    model = load_model(SHIPPED_MODELS / SHIPPED)
    assert isinstance(model, OnnxDetector)
    return model


@pytest.fixture(scope="module")
def codes() -> np.ndarray:
    """Some that cannot be judged among them, and more than a batch."""
    codes = random_codes(BATCH + 2, side=224)
    codes[1] = 0
    codes[2, 20:] = 0
    return codes


class TestLogits:
    def test_they_are_those_of_torch(
        self, detector: OnnxDetector, with_torch: EncoderDetector, codes: np.ndarray
    ) -> None:
        found = detector.logits_of_codes(codes)
        assert np.flatnonzero(np.isnan(found)).tolist() == [1, 2]
        assert np.nanstd(found) > 0.1
        np.testing.assert_allclose(found, with_torch.logits_of_codes(codes), atol=1e-3)

    def test_phase_gives_what_its_bytes_give(
        self, detector: OnnxDetector, codes: np.ndarray
    ) -> None:
        model: Detector = detector
        found = model.logits(decode_phase(codes))
        assert (found.dtype, found.shape) == (np.dtype(np.float64), (len(codes),))
        np.testing.assert_array_equal(found, model.logits_of_codes(codes))

    def test_an_exact_zero_is_a_phase(self, detector: OnnxDetector) -> None:
        zero, tiny = (np.full((1, 224, 224), x, np.float32) for x in (0.0, 1e-5))
        np.testing.assert_array_equal(detector.logits(zero), detector.logits(tiny))

    def test_no_patches_at_all(self, detector: OnnxDetector) -> None:
        assert detector.logits(np.empty((0, 224, 224), np.float32)).shape == (0,)

    @pytest.mark.parametrize("shape", [(2, 200, 200), (2, 224, 112), (2, 56, 56)])
    def test_sizes_that_cannot_be_seen(
        self, detector: OnnxDetector, shape: tuple[int, ...]
    ) -> None:
        with pytest.raises(BadInputError, match="cannot be reduced to 112 x 112"):
            detector.logits(np.ones(shape, np.float32))

    def test_what_are_no_patches(self, detector: OnnxDetector) -> None:
        with pytest.raises(BadInputError, match="are no patches"):
            detector.logits_of_codes(np.ones((1, 224, 224), np.int16))


class TestElsewhere:
    def test_threads_give_the_same(self, detector: OnnxDetector, codes: np.ndarray) -> None:
        expected = detector.logits_of_codes(codes)
        with ThreadPoolExecutor(4) as threads:
            found = list(threads.map(lambda _: detector.logits_of_codes(codes), range(8)))
        for logits in found:
            np.testing.assert_array_equal(logits, expected)

    def test_a_pickled_one_is_the_same(self, detector: OnnxDetector, codes: np.ndarray) -> None:
        more = replace(detector, window=WINDOW, threads=2)
        again = pickle.loads(pickle.dumps(more))  # noqa: S301 - our own, as Dask does
        assert (again.window, again.threads, again.sha256) == (WINDOW, 2, detector.sha256)
        np.testing.assert_allclose(
            again.logits_of_codes(codes), detector.logits_of_codes(codes), atol=1e-4
        )

    def test_dask_tells_it_by_its_weights(self, detector: OnnxDetector) -> None:
        assert detector.__dask_tokenize__() == ("OnnxDetector", SHIPPED, detector.sha256, 1)


class TestReading:
    def test_activation_is_that_of_torch(
        self, detector: OnnxDetector, with_torch: EncoderDetector, codes: np.ndarray
    ) -> None:
        patch = decode_phase(codes[:1])[0]
        lower = float(detector.logits(patch[np.newaxis])[0]) - 1.0
        found = replace(detector, threshold=lower).activation(patch)
        expected = replace(with_torch, threshold=lower).activation(patch)
        assert (found.dtype, found.shape) == (np.dtype(np.float32), patch.shape)
        np.testing.assert_array_equal(np.isnan(found), np.isnan(patch))
        assert np.nanmax(found) > 0.5
        np.testing.assert_allclose(found, expected, atol=1e-3)

    @pytest.mark.parametrize("window", [None, WINDOW])
    def test_windows_are_those_of_torch(
        self, detector: OnnxDetector, with_torch: EncoderDetector, window: WindowScore | None
    ) -> None:
        logits = np.random.default_rng(0).normal(size=(5, 9))
        logits[0, :4], logits[1] = np.nan, np.nan
        one, other = replace(detector, window=window), replace(with_torch, window=window)
        np.testing.assert_array_equal(one.window_logits(logits), other.window_logits(logits))
        np.testing.assert_array_equal(one.patch_shares(logits), other.patch_shares(logits))
        np.testing.assert_array_equal(one.probabilities(logits), other.probabilities(logits))


class TestGraphs:
    @pytest.mark.parametrize("graph", [b"", b"no graph at all", b"\x08\x0a"])
    def test_what_is_no_graph(self, detector: OnnxDetector, graph: bytes) -> None:
        with pytest.raises(ModelError, match=r"cannot run the graph of model simclr|takes"):
            replace(detector, graph=graph)

    def test_a_graph_of_another_size(self, detector: OnnxDetector) -> None:
        with pytest.raises(ModelError, match=r"takes .*112, 112.* make it again"):
            replace(detector, spec=replace(detector.spec, size=224))

    @pytest.mark.parametrize("half", [False, True])
    def test_any_encoder_becomes_one(self, half: bool) -> None:
        model = small_detector(
            EncoderSpec("compact", width=0.25, inputs="grey", size=32), half=half
        )
        graph = graph_of(model)
        assert b".py" not in graph  # nothing of the machine that made it
        runs = OnnxDetector("small", "", 0.25, model.calibration, model.spec, graph)
        codes = random_codes(4)
        found, expected = runs.logits_of_codes(codes), model.logits_of_codes(codes)
        np.testing.assert_allclose(found, expected, atol=1e-4)
        numbers = sum(tensor.numel() for tensor in model.encoder.state_dict().values())
        assert len(graph) < (3.5 if half else 5.5) * numbers


def test_the_shipped_one_needs_no_torch() -> None:
    """And scores what its card was made with, by the name that a watch gives."""
    code = (
        "import sys\n"
        "class Refuse:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.partition('.')[0] in ('torch', 'torchvision', 'onnx', 'onnxscript'):\n"
        "            raise ModuleNotFoundError(f'No module named {name!r}')\n"
        "sys.meta_path.insert(0, Refuse())\n"
        "import flows.cli, flows.backfill, flows.nightly, flows.demo\n"
        "from catalogs.settings import Settings\n"
        "from tasks.judge.models import model_of\n"
        f"model = model_of(Settings(model={SHIPPED!r}))\n"
        "import numpy as np\n"
        "print(model.name, model.logits(np.ones((1, 224, 224), np.float32)).shape, model.sha256)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT
    )
    sha256 = read_card(SHIPPED_MODELS / SHIPPED)["sha256"]
    assert done.stdout == f"{SHIPPED} (1,) {sha256}\n", done.stderr
    assert done.stderr == ""
