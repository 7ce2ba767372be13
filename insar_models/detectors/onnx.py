"""A detector whose net is a graph for ONNX Runtime: what a watch runs, without torch."""

import threading
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, Self

import numpy as np
from numpy.typing import NDArray

from fringewatch.errors import ModelError
from insar_models.detectors.calibration import Calibration
from insar_models.detectors.patch_scoring import above_threshold, codes_of_phase, judged_patches
from insar_models.detectors.views import check_views, mean_of_views
from insar_models.detectors.window_score import WindowScore, at_prior, highest, shares_of_highest
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
class OnnxDetector:
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

    name: str
    sha256: str
    """Of the weights that the graph was made of: both score alike, and have one name."""
    threshold: float
    spec: EncoderSpec
    graph: bytes
    """The file's content: with it the detector can go to another process or machine."""
    calibration: Calibration
    window: WindowScore | None = None
    """How the logits of nine patches become a window's; their highest where there is none."""
    threads: int = 1
    """That ONNX Runtime works with on one batch; several may be asked for at once, too."""
    views: int = 1
    """Of each patch, turned and mirrored, whose mean its logit is."""
    _sessions: "list[InferenceSession]" = field(init=False, repr=False, default_factory=list)
    _lock: threading.Lock = field(init=False, repr=False, default_factory=threading.Lock)

    def __post_init__(self) -> None:
        check_views(self.views)
        self._session()

    def logits(self, phase_rad: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return a score for each patch (n, H, W), float64 (n,); NaN where it cannot be judged.

        Phase is rounded to the 254 steps of phase bytes first, as the encoder has learned it.

        Raises
        ------
        BadInputError
            If the patches are of a size that the encoder cannot see.
        """
        return self.logits_of_codes(codes_of_phase(phase_rad))

    def logits_of_codes(self, codes: NDArray[np.uint8]) -> NDArray[np.float64]:
        """Return a score for each patch of phase bytes (n, H, W), float64 (n,); 0 is no data.

        NaN where less than `MINIMUM_VALID_FRACTION` of the patch has data.

        Raises
        ------
        BadInputError
            If they are no phase bytes, or of a size that the encoder cannot see.
        """
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

    def probabilities(self, logits: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return calibrated probabilities of windows; NaN stays NaN."""
        return self._calibration_of_windows.probabilities(logits)

    @property
    def deforming_share(self) -> float:
        """Return the share of deforming windows that the probabilities assume."""
        return self._calibration_of_windows.prior

    def with_deforming_share(self, share: float) -> Self:
        """Return the same detector with probabilities at another share.

        Raises
        ------
        BadInputError
            If it is not between 0 and 1.
        """
        calibration = at_prior(self._calibration_of_windows, share)
        if self.window is None:
            return replace(self, calibration=calibration)
        return replace(self, window=replace(self.window, calibration=calibration))

    def window_logits(self, patch_logits: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the logit of each window of nine patches (n, 9), float64 (n,); NaN for none."""
        return highest(patch_logits) if self.window is None else self.window.logits(patch_logits)

    def patch_shares(self, patch_logits: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return how much of each window's evidence each of its patches holds, (n, 9)."""
        if self.window is None:
            return shares_of_highest(patch_logits)
        return self.window.shares(patch_logits)

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

    @property
    def _calibration_of_windows(self) -> Calibration:
        return self.calibration if self.window is None else self.window.calibration

    def __dask_tokenize__(self) -> tuple[str, str, str, int]:
        # Else Dask pickles all of the graph to tell one model from another.
        return (type(self).__name__, self.name, self.sha256, self.views)

    def __reduce__(self) -> tuple[object, ...]:
        # Neither a lock nor a session can be pickled.
        parts = (self.name, self.sha256, self.threshold, self.spec, self.graph)
        return (type(self), (*parts, self.calibration, self.window, self.threads, self.views))

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
