"""A detector that is an encoder and a linear probe on its features."""

import copy
import threading
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from typing_extensions import override

from fringewatch.errors import BadInputError
from insar_models.detectors.calibrated import CalibratedDetector
from insar_models.detectors.linear import LinearWeights
from insar_models.detectors.patch_scoring import above_threshold, codes_of_phase, logits_of_judged
from insar_models.detectors.views import VIEWS, check_views
from insar_models.encoders.encoder import Encoder
from insar_models.encoders.features import BATCH, inputs_of, scorer_of
from insar_models.encoders.inputs import inputs_of_codes
from insar_models.encoders.spec import EncoderSpec
from insar_models.phase.symmetries import undone


@dataclass(frozen=True, eq=False)
class EncoderDetector(CalibratedDetector):
    """An encoder, and a probe on its features; see `Detector` for its methods.

    The same patches give the same scores on the same machine, in however many threads it is asked.

    Raises
    ------
    BadInputError
        If the probe is for another number of features, cuts deviations (its maps could not be
        exact), there cannot be so many views, or the device cannot be used.
    """

    encoder: Encoder
    """As it was trained; never changed."""
    probe: LinearWeights
    half: bool = False
    """Whether filters are those of `in_half_precision`, which take half of the file."""
    device: str = "cpu"
    views: int = 1
    """Of each patch, turned and mirrored, whose mean its logit is."""
    _scorer: list[Encoder] = field(init=False, repr=False, default_factory=list)
    _lock: threading.Lock = field(init=False, repr=False, default_factory=threading.Lock)

    def __post_init__(self) -> None:
        count = len(self.probe.coefficients)
        if count != self.encoder.dimension:
            message = (
                f"a probe of {count} features does not fit an encoder with "
                f"{self.encoder.dimension}: fit it on features of this encoder"
            )
            raise BadInputError(message)
        if np.isfinite(self.probe.clip_deviations):
            message = (
                f"a probe that cuts deviations to {self.probe.clip_deviations} has no exact "
                "activation map: fit it without a limit"
            )
            raise BadInputError(message)
        check_views(self.views)
        if self.half:
            object.__setattr__(self, "encoder", in_half_precision(self.encoder))

    @override
    def logits_of_codes(self, codes: NDArray[np.uint8]) -> NDArray[np.float64]:
        return logits_of_judged(codes, self._logits_of_batch, BATCH)

    def activation(self, phase_rad: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return by how many logits each place of a patch is above the threshold, float32 (H, W).

        Not negative; NaN at no data. A patch that counts as deforming is above 0 somewhere.

        Raises
        ------
        BadInputError
            If the patch is of a size that the encoder cannot see.
        """
        return above_threshold(
            self.raw_activation(phase_rad) + self.bias, self.threshold, phase_rad
        )

    @torch.inference_mode()
    def raw_activation(self, phase_rad: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the class activation map of a patch (H, W) as it is, float64 (h, w).

        Its mean and `bias` add up to the patch's logit, except for ``vit_b_16``, whose features
        are not the mean of those by place. Zhou et al. 2016, Learning deep features for
        discriminative localization, eq. 2.
        """
        scorer = self._ready()
        inputs = inputs_of(scorer, codes_of_phase(phase_rad[np.newaxis]))
        by_place = sum(
            _turned_back(scorer.maps(_turned(inputs, *view)), *view) for view in self._views()
        )
        weights = self.probe.coefficients / self.probe.scale / self.views
        return np.asarray(np.tensordot(weights, np.asarray(by_place)[0], 1))

    @property
    def spec(self) -> EncoderSpec:
        """What the encoder is."""
        return self.encoder.spec

    @property
    def bias(self) -> float:
        """The logit of features that are 0."""
        shift = self.probe.coefficients @ (self.probe.mean / self.probe.scale)
        return float(self.probe.intercept - shift)

    @torch.inference_mode()
    def _logits_of_batch(self, codes: NDArray[np.uint8]) -> NDArray[np.float64]:
        scorer = self._ready()
        there = torch.from_numpy(np.ascontiguousarray(codes)).to(self.device)
        inputs = inputs_of_codes(there, scorer.spec)
        total = np.zeros(len(codes))
        for view in self._views():
            features: torch.Tensor = scorer(_turned(inputs, *view))
            total += self.probe.logits(features.double().cpu().numpy())
        return total / self.views

    def _views(self) -> tuple[tuple[int, bool], ...]:
        return VIEWS[: self.views]

    def _ready(self) -> Encoder:
        """Return the quick form of the encoder, made when it is first needed, once."""
        with self._lock:
            if not self._scorer:
                self._scorer.append(scorer_of(self.encoder, self.device))
            return self._scorer[0]


def _turned(inputs: torch.Tensor, quarter_turns: int, mirrored: bool) -> torch.Tensor:  # noqa: FBT001
    """Inputs (n, 3, size, size) as `insar_models.phase.symmetries.turned` turns arrays."""
    if not quarter_turns and not mirrored:
        return inputs
    moved = torch.rot90(inputs.flip(-1) if mirrored else inputs, quarter_turns, (-2, -1))
    return moved.contiguous(memory_format=torch.channels_last)


def _turned_back(maps: torch.Tensor, quarter_turns: int, mirrored: bool) -> NDArray[np.float64]:  # noqa: FBT001
    return undone(maps.double().cpu().numpy(), quarter_turns, mirrored=mirrored)


def in_half_precision(encoder: Encoder) -> Encoder:
    """Return a copy whose filters are rounded to numbers of half precision.

    A probe that is fitted on its features fits it exactly. Batch norms and biases stay as they
    are, and it computes as before.
    """
    copied = copy.deepcopy(encoder)
    for tensor in copied.state_dict().values():
        if is_filter(tensor):
            tensor.copy_(tensor.half())
    return copied


def is_filter(tensor: torch.Tensor) -> bool:
    """Return whether a tensor is among those that are kept in half precision: the large ones."""
    return tensor.ndim > 1 and tensor.is_floating_point()
