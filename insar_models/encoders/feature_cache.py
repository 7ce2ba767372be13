"""Features of a corpus, kept on disk for the next probe and checked before they are believed.

A file of features is that of one encoder, one version of a corpus, and some of its rows. It is
read when its numbers have the hash that it was written with, and when some of the features,
computed again, are the same: so neither a damaged file nor another version of this program's
inputs goes unnoticed.
"""

import hashlib
import json
import logging
from pathlib import Path
from typing import Final

import numpy as np
import safetensors
import safetensors.numpy
from numpy.typing import NDArray

from fringewatch.atomic import write_atomically
from fringewatch.errors import HomeError
from insar_models.encoders.encoder import Encoder
from insar_models.encoders.features import features_of
from insar_models.patchfile.file import PatchFile

_LOG: Final = logging.getLogger(__name__)

_COMPUTED_AGAIN: Final = 4
"""Features that are computed again to check a file."""

_TOLERANCE: Final = 0.02
"""Of what is computed again, relative to the largest feature: devices differ by some 0.001."""

_HASH_DIGITS: Final = 16


def cached_features(
    encoder: Encoder,
    sha256: str,
    corpus: PatchFile,
    rows: NDArray[np.int64],
    folder: Path,
    *,
    device: str = "cpu",
) -> NDArray[np.float32]:
    """Return features of rows of a corpus, float32 (k, dimension), from `folder` if they are there.

    A file that is damaged or of something else is made again. A folder that cannot be written
    costs time the next time, and is no error.

    Parameters
    ----------
    encoder
        What makes features.
    sha256
        Of its weights: it stands for the encoder.
    corpus
        The patches.
    rows
        Shape (k,), each 0 to n - 1.
    folder
        For files of features; made where it is missing.
    device
        Where to compute.

    Raises
    ------
    BadInputError, ModelError
        As `features_of`.
    """
    key = {"encoder": sha256, "corpus": corpus.phase_sha256, "rows": _hash(rows.astype("<i8"))}
    name = hashlib.sha256(json.dumps(key).encode()).hexdigest()[:_HASH_DIGITS]
    path = folder / f"{corpus.facts.version}-{name}.safetensors"
    kept = _read(path, key, (len(rows), encoder.dimension))
    if kept is not None and _is_right(kept, encoder, corpus, rows, device):
        _LOG.info("features of %d patches read from %s", len(rows), path)
        return kept
    features = features_of(encoder, corpus, rows, device=device)
    # One entry: the order of several is chance, and so would be the bytes of the file.
    about = {"about": json.dumps({**key, "features": _hash(features)})}
    try:
        write_atomically(path, safetensors.numpy.save({"features": features}, about))
    except HomeError as error:
        _LOG.warning("features are not kept for the next time: %s", error)
    return features


def _read(path: Path, key: dict[str, str], shape: tuple[int, int]) -> NDArray[np.float32] | None:
    """Return the features in a file, if they are what is wanted and undamaged."""
    if not path.is_file():
        return None
    try:
        with safetensors.safe_open(path, framework="numpy") as file:
            about = json.loads((file.metadata() or {}).get("about", "{}"))
            features = np.array(file.get_tensor("features"))
    except (OSError, ValueError, safetensors.SafetensorError) as error:
        _LOG.warning("%s cannot be read (%s): features are computed again", path, error)
        return None
    fits = features.dtype == np.float32 and features.shape == shape
    if not fits or about != {**key, "features": _hash(features)}:
        _LOG.warning("%s is damaged or of something else: features are computed again", path)
        return None
    return features


def _is_right(
    kept: NDArray[np.float32],
    encoder: Encoder,
    corpus: PatchFile,
    rows: NDArray[np.int64],
    device: str,
) -> bool:
    """Whether kept features are those of this encoder, by a few that are made again."""
    if not len(rows):
        return True
    some = np.unique(np.linspace(0, len(rows) - 1, _COMPUTED_AGAIN).astype(np.int64))
    again = features_of(encoder, corpus, rows[some], device=device)
    right = np.allclose(kept[some], again, rtol=0.0, atol=_TOLERANCE * float(np.abs(again).max()))
    if not right:
        _LOG.warning("kept features are not those of this encoder: they are computed again")
    return right


def _hash(array: NDArray[np.generic]) -> str:
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()
