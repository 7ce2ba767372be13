"""Features of patches, as an encoder that no longer learns sees them."""

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray

from fringewatch.errors import BadInputError, ModelError
from insar_models.encoders.batch_norm_folding import fold_batch_norms
from insar_models.encoders.encoder import Encoder
from insar_models.encoders.inputs import inputs_of_codes
from insar_models.patchfile.file import PatchFile
from insar_models.patchfile.loader import open_device

BATCH = 32
"""Patches at once: more are not quicker on a CPU, and take memory."""


def features_of(
    encoder: Encoder,
    patches: NDArray[np.uint8] | PatchFile,
    rows: NDArray[np.int64] | None = None,
    *,
    device: str = "cpu",
    batch: int = BATCH,
) -> NDArray[np.float32]:
    """Features of patches as they are, float32 (n, dimension).

    The encoder scores: its batch norms use what they learned. It is left as it is, wherever it is.

    Parameters
    ----------
    encoder
        Learning or not.
    patches
        Phase bytes, uint8 (m, height, width), 0 is no data, of a size that the encoder can see;
        or a patch file, of which no more than a batch is in memory.
    rows
        Those that are wanted, each 0 to m - 1; all if None.
    device
        Where to compute, such as ``cuda``.
    batch
        Patches at once.

    Raises
    ------
    BadInputError
        If the patches are no phase bytes or of another size than the encoder can see, a row is
        not among them, or the device cannot be used.
    ModelError
        If a feature is not finite.
    """
    scorer = scorer_of(encoder, device)
    if rows is None:
        rows = np.arange(len(patches), dtype=np.int64)
    features = np.empty((len(rows), encoder.dimension), dtype=np.float32)
    for first, codes in _batches(patches, rows, batch):
        features[first : first + len(codes)] = features_of_batch(scorer, codes)
    if not np.isfinite(features).all():
        message = (
            "the encoder makes features that are not finite: its weights are damaged, or it "
            "learned too fast; use another checkpoint"
        )
        raise ModelError(message)
    return features


def best_device() -> str:
    """Return ``cuda`` where there is a GPU that can be used, else ``cpu``."""
    return "cuda" if torch.cuda.is_available() else "cpu"


def scorer_of(encoder: Encoder, device: str) -> Encoder:
    """Return a copy of an encoder that gives the same quickly, on a device, and cannot learn.

    Raises
    ------
    BadInputError
        If the device cannot be used.
    """
    folded = fold_batch_norms(encoder)
    moved = folded.to(device=open_device(device)).to(memory_format=torch.channels_last)
    return moved.requires_grad_(requires_grad=False)


def inputs_of(scorer: Encoder, codes: NDArray[np.uint8]) -> torch.Tensor:
    """Return what an encoder sees of phase bytes (n, height, width), on its own device.

    Raises
    ------
    BadInputError
        If they are no phase bytes, or of another size than the encoder can see.
    """
    device = next(scorer.parameters()).device
    if codes.dtype != np.uint8:
        message = f"patches of {codes.dtype} are no phase bytes: give uint8, 0 for no data"
        raise BadInputError(message)
    there = torch.from_numpy(np.ascontiguousarray(codes)).to(device)
    inputs = inputs_of_codes(there, scorer.spec)
    return inputs.contiguous(memory_format=torch.channels_last)


@torch.inference_mode()
def features_of_batch(scorer: Encoder, codes: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return the features (n, dimension) of one batch of phase bytes, of a `scorer_of`."""
    features: NDArray[np.float32] = scorer(inputs_of(scorer, codes)).float().cpu().numpy()
    return features


def _batches(
    patches: NDArray[np.uint8] | PatchFile, rows: NDArray[np.int64], batch: int
) -> Iterator[tuple[int, NDArray[np.uint8]]]:
    """Where each batch begins, and its patches."""
    if len(rows) and not 0 <= int(rows.min()) <= int(rows.max()) < len(patches):
        message = (
            f"rows {rows.min()} to {rows.max()} were asked of {len(patches)} patches: rows are 0 "
            f"to {len(patches) - 1}"
        )
        raise BadInputError(message)
    for first in range(0, len(rows), batch):
        chosen = rows[first : first + batch]
        yield first, patches.read(chosen) if isinstance(patches, PatchFile) else patches[chosen]
