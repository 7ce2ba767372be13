"""A detector whose net is a graph for ONNX Runtime: what a watch runs, without torch."""

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from fringewatch.errors import ModelError
from insar_models.detectors.calibrated import CalibratedDetector
from insar_models.detectors.patch_scoring import above_threshold, codes_of_phase, judged_patches
from insar_models.detectors.views import check_views, mean_of_views
from insar_models.encoders.phasor_inputs import CHANNELS, check_reducible, phasor_inputs
from insar_models.encoders.spec import EncoderSpec

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

INPUTS: Final = "inputs"
"""Of the graph: float32 (n, 3, size, size), see `insar_models.encoders.phasor_inputs`."""

LOGIT: Final = "logit"
"""What the graph gives: float32 (n,)."""

CLASS_MAP: Final = "class_map"
"""What it gives as well: the logit by place, float32 (n, h, w)."""

BATCH: Final = 8
"""Patches at once: more are not quicker, and take memory."""

_ERRORS_ALONE: Final = 3
"""Of what ONNX Runtime logs: it warns of graphics cards that are not there."""


@dataclass(frozen=True, eq=False)
class OnnxDetector(CalibratedDetector):
    """An encoder and its probe as one graph; see `Detector` for its methods.

    It scores as the `EncoderDetector` that the graph was made of, to 0.001 logits. The same patches
    give the same scores on the same machine, in however many threads it is asked.

    Raises
    ------
    ModelError
        If ONNX Runtime cannot run the graph, or it is none of an encoder of that kind.
    BadInputError
        If there cannot be so many views.
    """

    # Hash and name are those of the weights that the graph was made of: both score alike.
    spec: EncoderSpec
    graph: bytes
    """The file's content: with it the detector can go to another process or machine."""
    threads: int = 1
    """That ONNX Runtime works with on one batch; several may be asked for at once, too."""
    views: int = 1
    """Of each patch, turned and mirrored, whose mean its logit is."""
    _sessions: "list[InferenceSession]" = field(init=False, repr=False, default_factory=list)
    _lock: threading.Lock = field(init=False, repr=False, default_factory=threading.Lock)

    def __post_init__(self) -> None:
        check_views(self.views)
        self._session()

    def logits_of_codes(self, codes: NDArray[np.uint8]) -> NDArray[np.float64]:
        """Return a score for each patch; see `CalibratedDetector`."""
        return self.logits_and_maps(codes)[0]

    def logits_and_maps(
        self, codes: NDArray[np.uint8]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the logits of patches of phase bytes, (n,), and their logits by place, (n, h, w).

        Both come of one run of the net. NaN for patches that cannot be judged; without any that
        can, h and w are 1.

        Raises
        ------
        BadInputError
            As `logits_of_codes`.
        """
        judged = judged_patches(codes)
        check_reducible(codes.shape[1], codes.shape[2], self.spec.size)
        logits, maps = np.full(len(codes), np.nan), np.full((len(codes), 1, 1), np.nan)
        for first in range(0, len(judged), BATCH):
            chosen = judged[first : first + BATCH]
            inputs = phasor_inputs(codes[chosen], self.spec)
            logits[chosen], by_place = mean_of_views(self._run, inputs, self.views)
            if not first:
                maps = np.full((len(codes), *by_place.shape[1:]), np.nan)
            maps[chosen] = by_place
        return logits, maps

    def activation(self, phase_rad: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return by how many logits each place of a patch is above the threshold, float32 (H, W).

        Not negative; NaN at no data. A patch that counts as deforming is above 0 somewhere.

        Raises
        ------
        BadInputError
            If the patch is of a size that the encoder cannot see.
        """
        inputs = phasor_inputs(codes_of_phase(phase_rad[np.newaxis]), self.spec)
        _, by_place = mean_of_views(self._run, inputs, self.views)
        return above_threshold(by_place[0], self.threshold, phase_rad)

    def run(self, output: str, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return what the graph gives of inputs (n, 3, size, size): `LOGIT` or `CLASS_MAP`."""
        found: NDArray[np.float32] = self._session().run([output], {INPUTS: inputs})[0]
        return found

    def _run(self, inputs: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        logits, by_place = self._session().run([LOGIT, CLASS_MAP], {INPUTS: inputs})
        return logits, by_place

    def _session(self) -> "InferenceSession":
        """Return the graph as it is run, prepared once."""
        with self._lock:
            if not self._sessions:
                self._sessions.append(_prepared(self))
            return self._sessions[0]


def _prepared(detector: OnnxDetector) -> "InferenceSession":
    """The graph as it is run; raises if it is none of an encoder of that kind."""
    import onnxruntime  # noqa: PLC0415 - a training machine has none

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = detector.threads
    options.inter_op_num_threads = 1
    options.log_severity_level = _ERRORS_ALONE
    try:
        session = onnxruntime.InferenceSession(
            detector.graph, options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:
        message = (
            f"ONNX Runtime {onnxruntime.__version__} cannot run the graph of model "
            f"{detector.name} ({error}): update onnxruntime, or make the graph again"
        )
        raise ModelError(message) from error
    size = detector.spec.size
    found = {part.name: part.shape[1:] for part in session.get_inputs()}
    given = {part.name for part in session.get_outputs()}
    if found != {INPUTS: [CHANNELS, size, size]} or not {LOGIT, CLASS_MAP} <= given:
        message = (
            f"the graph of model {detector.name} takes {found} and gives {sorted(given)}, not "
            f"{INPUTS} of {[CHANNELS, size, size]} and {LOGIT}, {CLASS_MAP}: make it again"
        )
        raise ModelError(message)
    return session
