"""An encoder on disk: ``weights.safetensors`` and ``card.json`` in a folder, as any model's.

The card says what the encoder is and how it was trained, and holds the hash of the weights.
Nothing is ever unpickled.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import safetensors.torch
import torch

from fringewatch.atomic import write_atomically
from fringewatch.errors import BadInputError, ModelError
from insar_models.detectors.registry import CARD_FORMAT, WEIGHTS_FILE
from insar_models.encoders.backbones import make_backbone
from insar_models.encoders.encoder import Encoder
from insar_models.encoders.weights import fill, read_encoder_folder

_CARD: Final = "card.json"


def save_encoder(folder: Path, encoder: Encoder, card: Mapping[str, object]) -> str:
    """Write an encoder, and return the sha256 of its weights.

    The weights come first: a crash between the two files leaves a pair that `load_encoder`
    refuses. The same encoder and card give the same bytes, whatever device it is on.

    Parameters
    ----------
    folder
        Made where it is missing; an older encoder in it is replaced.
    encoder
        Its weights must be finite.
    card
        How it was trained (corpus, recipe, metrics...), anything that JSON can hold.

    Raises
    ------
    BadInputError
        If `card` has a key that the file uses itself, or something that JSON cannot hold.
    ModelError
        If a weight is not finite.
    HomeError
        If the folder cannot be written.
    """
    # Channels may lie last in memory while the net learns; in files they do not.
    tensors = {
        name: tensor.detach().cpu().contiguous()
        for name, tensor in encoder.backbone.state_dict().items()
    }
    for name, tensor in tensors.items():
        if not tensor.isfinite().all():
            message = (
                f"the encoder for {folder} holds numbers that are not finite, in '{name}': use an "
                "older checkpoint"
            )
            raise ModelError(message)
    weights = safetensors.torch.save(tensors)
    sha256 = hashlib.sha256(weights).hexdigest()
    text = _card_text(folder, encoder, sha256, card)
    write_atomically(folder / WEIGHTS_FILE, weights)
    write_atomically(folder / _CARD, text)
    return sha256


def load_encoder(folder: Path) -> Encoder:
    """Return the encoder that lies in `folder`: on the CPU, set to score and not to learn.

    Raises
    ------
    ModelError
        If a file is missing, cut or altered, was written by a newer version, or describes no
        encoder; if a tensor is missing, unknown or of another shape; or it needs a package that
        is not installed.
    """
    spec, tensors = read_encoder_folder(folder)
    with torch.random.fork_rng(devices=[]):  # whoever loads between two draws draws the same
        backbone = make_backbone(spec)
    fill(backbone, tensors, source=str(folder), size=spec.size)
    # Else the statistics of the first batch that it scores would become part of it.
    return Encoder(spec, backbone).eval()


def _card_text(folder: Path, encoder: Encoder, sha256: str, card: Mapping[str, object]) -> bytes:
    own = {
        "format": CARD_FORMAT,
        "architecture": encoder.spec.architecture,
        "sha256": sha256,
        "encoder": encoder.spec.as_dict(),
        "dimension": encoder.dimension,
    }
    taken = sorted(own.keys() & card.keys())
    if taken:
        message = f"the card for {folder} uses the file's own keys: {', '.join(taken)}"
        raise BadInputError(message)
    try:
        text = json.dumps({**own, **card}, indent=2, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError) as error:
        message = f"the card for {folder} cannot be written as JSON ({error}): leave that out"
        raise BadInputError(message) from error
    return f"{text}\n".encode()
