"""A detector of another package, whose answers are looked at before anything rests on them."""

import math
from collections.abc import Callable
from numbers import Integral, Real
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from fringewatch.plugins import Guarded, Plugin
from insar_models.detectors.patch_scoring import codes_of_phase
from insar_models.detectors.protocol import Detector
from insar_models.phase.quality import measure_quality

LEAST_DATA: Final = 0.5
"""Share of a patch with data from which on a detector has to judge it."""

LEAST_COHERENCE: Final = 0.4
"""Mean phasor coherence from which on it has to; below is noise, which a detector may refuse."""

_PARTS: Final = tuple(name for name in vars(Detector) if not name.startswith("_"))
"""What each detector has, whatever package it comes from."""


class AddedDetector(Guarded):
    """A detector of another package that gives back what the protocol says, or raises.

    See `Detector` for its methods. What it has besides is handed through.

    Raises
    ------
    PluginError
        From each method: if the package raises, or gives an array of another shape, infinite
        logits, none for a coherent patch, or probabilities that are none. At the start: if the
        part is no detector.
    """

    def __init__(self, plugin: Plugin, part: object) -> None:
        super().__init__(plugin, part)
        lacking = [name for name in sorted(_PARTS) if not plugin.call(hasattr, part, name)]
        if lacking:
            message = f"what it reads is no detector: it has no {', '.join(lacking)}"
            raise plugin.broken(message)
        for name in _VALUES:
            getattr(self, name, None)

    @override
    def __getattr__(self, name: str) -> Any:
        found = super().__getattr__(name)
        if name == "with_deforming_share":
            return lambda share: AddedDetector(self._plugin, found(share))
        if name in _VALUES:
            words, fits = _VALUES[name]
            if not fits(found):
                message = f"its {name} is {found!r}, not {words}"
                raise self._plugin.broken(message)
        return found

    def logits(self, phase_rad: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return a score for each patch (n, H, W) of radians, float64 (n,)."""
        found = self._asked("logits", (len(phase_rad),), phase_rad)
        return self._judging_all("logits", found, lambda at: codes_of_phase(phase_rad[at]))

    def logits_of_codes(self, codes: NDArray[np.uint8]) -> NDArray[np.float64]:
        """Return the same of phase bytes (n, H, W)."""
        found = self._asked("logits_of_codes", (len(codes),), codes)
        return self._judging_all("logits_of_codes", found, lambda at: codes[at])

    def window_logits(self, patch_logits: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the logit of each window of nine patches (n, 9), float64 (n,)."""
        name = "window_logits"
        found = self._asked(name, (len(patch_logits),), patch_logits)
        judged = np.isfinite(patch_logits).any(axis=1)
        self._hold(name, np.isfinite(found[judged]).all(), "none for a window that was judged")
        self._hold(name, np.isnan(found[~judged]).all(), "one for a window that was not judged")
        return found

    def patch_shares(self, patch_logits: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return how much of each window's evidence each of its patches holds, (n, 9)."""
        name = "patch_shares"
        found = self._asked(name, patch_logits.shape, patch_logits)
        judged = np.isfinite(patch_logits)
        self._hold(name, ((found >= 0) & np.isfinite(found)).all(), "a share that cannot be")
        self._hold(name, (found[~judged] == 0).all(), "one of a patch that was not judged")
        some = judged.any(axis=1)
        self._hold(name, found[some].any(axis=1).all(), "none for a window that was judged")
        return found

    def probabilities(self, logits: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return calibrated probabilities for windows' logits of any shape; NaN stays NaN."""
        name = "probabilities"
        found = self._asked(name, np.shape(logits), logits)
        known = found[~np.isnan(found)]
        odd = known[(known < 0) | (known > 1)]
        self._hold(name, not odd.size, f"{odd[:1]}, outside of 0 to 1")
        as_known = np.array_equal(np.isnan(found), np.isnan(logits))
        self._hold(name, as_known, "NaN for a logit, or a number for NaN")
        return found

    def activation(self, phase_rad: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return how much each pixel of a patch (H, W) looks like deformation, float32."""
        name = "activation"
        found = self._asked(name, phase_rad.shape, phase_rad)
        has_data = np.isfinite(phase_rad)
        self._hold(name, not (np.isinf(found) | (found < 0)).any(), "one below 0, or infinite")
        self._hold(name, np.isnan(found[~has_data]).all(), "one where there is no data")
        some = np.isfinite(found).any() or not has_data.any()
        self._hold(name, some, "none for a patch with data")
        return found.astype(np.float32)

    def _asked(self, name: str, shape: tuple[int, ...], given: object) -> NDArray[np.float64]:
        """Return what a method gives, as float64 of the shape that it has to have."""
        found = self._plugin.call(
            lambda: np.asarray(super(AddedDetector, self).__getattr__(name)(given))
        )
        self._hold(name, found.dtype.kind in "fiu", f"{found.dtype} {found.shape}, no numbers")
        fits = found.shape == shape
        self._hold(name, fits, f"an array of shape {found.shape} where {shape} is needed")
        return found.astype(np.float64)

    def _judging_all(
        self,
        name: str,
        logits: NDArray[np.float64],
        codes_of: Callable[[NDArray[np.int64]], NDArray[np.uint8]],
    ) -> NDArray[np.float64]:
        """Return the logits, of which NaN alone may stand for what cannot be judged."""
        self._hold(name, not np.isinf(logits).any(), "an infinite logit")
        for codes in codes_of(np.flatnonzero(np.isnan(logits))):
            quality = measure_quality(codes)
            may_refuse = (
                quality.valid_fraction < LEAST_DATA
                or not quality.phasor_coherence >= LEAST_COHERENCE
            )
            self._hold(name, may_refuse, "NaN for a patch that has data and is coherent")
        return logits

    def _hold(self, name: str, fits: object, wrong: str) -> None:
        """Refuse an answer of a method that does not fit."""
        if not fits:
            message = f"{name}() gave {wrong}"
            raise self._plugin.broken(message)


def _is_number(value: Any) -> bool:
    return not isinstance(value, bool) and isinstance(value, Real) and math.isfinite(value)


def _is_word(value: object) -> bool:
    return isinstance(value, str) and bool(value)


_VALUES: Final[dict[str, tuple[str, Callable[[Any], bool]]]] = {
    "name": ("a name", _is_word),
    "sha256": ("a hash in words", _is_word),
    "threshold": ("a number", _is_number),
    "deforming_share": (
        "a number between 0 and 1",
        lambda value: _is_number(value) and 0 < value < 1,
    ),
    "views": (
        "a whole number from 1",
        lambda value: isinstance(value, Integral) and int(value) >= 1,
    ),
}
"""Attributes that end in tables and in what a score's identity is made of."""
