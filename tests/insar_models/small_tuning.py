"""Tuning that takes a moment: smooth quiet patches of eight areas, a narrow net, a few steps."""

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from insar_models.encoders.encoder import Encoder, make_encoder
from insar_models.patchfile.file import PatchFile, open_patch_file
from insar_models.patchfile.writer import write_patch_file
from insar_models.tuning.recipe import TuneRecipe
from tests.insar_models.small_patch_file import FACTS, columns_of
from tests.insar_models.small_pretraining import TINY

RECIPE = TuneRecipe(
    sources=6, batch_size=6, steps=7, learning_rate=1e-2, held_out=0.25, peak_m=(0.05, 0.1)
)


def labelled_corpus(folder: Path, *, deforming: int = 3, count: int = 16) -> PatchFile:
    """Patches of slow ramps in eight areas; the first `deforming` ones are labelled 1."""
    slope = np.linspace(0.5, 1.5, count)[:, None, None]
    ramp = np.arange(224.0)[None, :, None] * slope + np.zeros((1, 1, 224))
    patches = (1 + ramp.astype(np.int64) % 254).astype(np.uint8)
    columns: dict[str, Any] = columns_of(patches)
    hashes = [hashlib.sha256(patch.tobytes()).digest() for patch in patches]
    columns["sha256"] = np.frombuffer(b"".join(hashes), np.uint8).reshape(-1, 32)
    columns["label"] = (np.arange(count) < deforming).astype(np.int8)
    # Splits keep volcanoes whole, too: each area has one of its own.
    columns["volcano"] = (np.arange(count) * 8 // count).astype(np.uint16)
    columns["area"] = (np.arange(count) * 8 // count).astype(np.int32)
    columns["group"] = np.arange(count, dtype=np.int32)
    columns["frame"] = np.full(count, 2, np.uint16)  # the nameless one
    facts = replace(FACTS, words={**FACTS.words, "volcano": tuple("abcdefgh")})
    path = folder / "labelled.safetensors"
    write_patch_file(path, facts, columns, np.array_split(patches, 3))
    return open_patch_file(path)


def tiny_encoder(seed: int = 0) -> Encoder:
    return make_encoder(TINY, seed=seed).eval()


def recipe_with(**changes: Any) -> TuneRecipe:
    return replace(RECIPE, **changes)
