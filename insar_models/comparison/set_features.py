"""Features of all that judges, as a row's encoder sees it; kept, so that a call can stop."""

import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fringewatch.errors import StoreError
from fringewatch.numbers import NO_DATA_CODE
from insar_models.comparison.limits import Limits
from insar_models.comparison.sets import JudgingSets
from insar_models.encoders.encoder import Encoder
from insar_models.encoders.features import features_of
from insar_models.patchfile.file import PatchFile
from insar_models.patchfile.flat_file import read_flat_file, write_flat_file
from insar_models.phase.codes import decode_phase
from insar_models.phase.features import FEATURE_NAMES, MINIMUM_VALID_FRACTION, phase_features

CORPUS: Final = "corpus"
_KIND: Final = "features"
_BLOCK: Final = 512
"""Patches between two looks at the clock."""
_LOG: Final = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Sight:
    """What makes features of patches."""

    sha256: str
    """Of all that the features depend on, beside the patches."""
    features: Callable[[NDArray[np.uint8]], NDArray[np.floating]]
    """Gives (n, d) of phase bytes (n, height, width)."""


def sight_of(encoder: Encoder | None, device: str) -> Sight:
    """Return how an encoder sees; where there is none, the 47 numbers of the phase."""
    if encoder is None:
        return Sight(hashlib.sha256(" ".join(FEATURE_NAMES).encode()).hexdigest(), _phase_numbers)
    return Sight(weights_sha256(encoder), partial(features_of, encoder, device=device))


def _phase_numbers(codes: NDArray[np.uint8]) -> NDArray[np.float32]:
    numbers = [phase_features(decode_phase(patch)) for patch in codes]
    return np.array(numbers, np.float32).reshape(len(codes), len(FEATURE_NAMES))


def weights_sha256(encoder: Encoder) -> str:
    """Return a hash of an encoder's tensors."""
    whole = hashlib.sha256()
    for name, tensor in sorted(encoder.state_dict().items()):
        whole.update(name.encode())
        whole.update(np.ascontiguousarray(tensor.detach().cpu().numpy()).data)
    return whole.hexdigest()


def set_features(
    sight: Sight, sets: JudgingSets, folder: Path, limits: Limits
) -> dict[str, NDArray[np.float64]]:
    """Return the features of each set, float64 (m, d); NaN where a patch has too little data.

    Those of the corpus are of its labelled rows. What was computed before is read.

    Raises
    ------
    NotYetError
        If the call's time is over before; what was computed is kept.
    """
    found = {CORPUS: corpus_features(sight, sets, folder, limits)}
    for name, patches in sets.patches().items():
        rows = np.arange(len(patches), dtype=np.int64)
        found[name] = _features(sight, patches, rows, folder / name, limits)
    return found


def corpus_features(
    sight: Sight, sets: JudgingSets, folder: Path, limits: Limits
) -> NDArray[np.float64]:
    """Return the features of the labelled rows of the corpus alone, float64 (n, d)."""
    return _features(sight, sets.corpus, sets.labelled.rows, folder / CORPUS, limits)


def _features(
    sight: Sight,
    patches: NDArray[np.uint8] | PatchFile,
    rows: NDArray[np.int64],
    path: Path,
    limits: Limits,
) -> NDArray[np.float64]:
    """Features of some patches, float64 (n, d), kept block by block."""
    parts = []
    for first in range(0, len(rows), _BLOCK):
        chosen = rows[first : first + _BLOCK]
        codes = patches.read(chosen) if isinstance(patches, PatchFile) else patches[chosen]
        of = hashlib.sha256(sight.sha256.encode() + codes.tobytes()).hexdigest()
        kept = path / f"{first:06d}.safetensors"
        part = _kept(kept, of)
        if part is None:
            limits.check(f"all of the set {path.name} was seen ({first} of {len(rows)} patches)")
            part = np.asarray(sight.features(codes), np.float32)
            write_flat_file(kept, _KIND, {"features": part}, {"of": of})
            _LOG.info("%s: features %d of %d", path, first + len(chosen), len(rows))
        told = np.array([np.count_nonzero(patch != NO_DATA_CODE) for patch in codes])
        few = told / codes[0].size < MINIMUM_VALID_FRACTION
        parts.append(np.where(few[:, None], np.nan, part.astype(np.float64)))
    return np.concatenate(parts)


def _kept(path: Path, of: str) -> NDArray[np.float32] | None:
    if not path.is_file():
        return None
    try:
        file = read_flat_file(path, _KIND)
    except StoreError as error:
        _LOG.warning("%s: it is computed again", error)
        return None
    return file.arrays["features"] if file.facts.get("of") == of else None
