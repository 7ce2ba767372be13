"""Features of all that judges, as a row's encoder sees it; kept, so that a call can stop."""

import hashlib
import logging
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
from insar_models.phase.features import MINIMUM_VALID_FRACTION

CORPUS: Final = "corpus"
_KIND: Final = "features"
_BLOCK: Final = 512
"""Patches between two looks at the clock."""
_LOG: Final = logging.getLogger(__name__)


def weights_sha256(encoder: Encoder) -> str:
    """Return a hash of an encoder's tensors."""
    whole = hashlib.sha256()
    for name, tensor in sorted(encoder.state_dict().items()):
        whole.update(name.encode())
        whole.update(np.ascontiguousarray(tensor.detach().cpu().numpy()).data)
    return whole.hexdigest()


def set_features(
    encoder: Encoder, sets: JudgingSets, folder: Path, limits: Limits, device: str
) -> dict[str, NDArray[np.float64]]:
    """Return the features of each set, float64 (m, d); NaN where a patch has too little data.

    Those of the corpus are of its labelled rows. What was computed before is read.

    Raises
    ------
    NotYetError
        If the call's time is over before; what was computed is kept.
    """
    sha256 = weights_sha256(encoder)
    found = {
        CORPUS: _features(
            encoder, sha256, sets.corpus, folder / CORPUS, limits, device, sets.labelled.rows
        )
    }
    for name, patches in sets.patches().items():
        rows = np.arange(len(patches), dtype=np.int64)
        found[name] = _features(encoder, sha256, patches, folder / name, limits, device, rows)
    return found


def corpus_features(
    encoder: Encoder, sets: JudgingSets, folder: Path, limits: Limits, device: str
) -> NDArray[np.float64]:
    """Return the features of the labelled rows of the corpus alone, float64 (n, d)."""
    sha256 = weights_sha256(encoder)
    rows = sets.labelled.rows
    return _features(encoder, sha256, sets.corpus, folder / CORPUS, limits, device, rows)


def _features(  # noqa: PLR0913, PLR0917
    encoder: Encoder,
    sha256: str,
    patches: NDArray[np.uint8] | PatchFile,
    path: Path,
    limits: Limits,
    device: str,
    rows: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Features of some patches, float64 (n, d), kept block by block."""
    parts = []
    for first in range(0, len(rows), _BLOCK):
        chosen = rows[first : first + _BLOCK]
        codes = patches.read(chosen) if isinstance(patches, PatchFile) else patches[chosen]
        of = hashlib.sha256(sha256.encode() + codes.tobytes()).hexdigest()
        kept = path / f"{first:06d}.safetensors"
        part = _kept(kept, of)
        if part is None:
            limits.check(f"all of the set {path.name} was seen ({first} of {len(rows)} patches)")
            part = features_of(encoder, codes, device=device)
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
