"""A small labelled corpus in which deformation is plain to see, and an encoder that is quick."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from insar_models.encoders.encoder import make_encoder
from insar_models.encoders.files import save_encoder
from insar_models.patchfile.writer import write_patch_file
from insar_models.phase.codes import encode_phase, wrap
from tests.insar_models.quicklook.pictures import bullseye
from tests.insar_models.small_encoders import TINY
from tests.insar_models.small_patch_file import FACTS, columns_of

PLACES = 6
"""Areas; each has a frame and a volcano of its own, and every second one deforms."""
EACH = 6
"""Patches of an area; in a deforming one, half of them deform."""


def write_corpus(path: Path, **changed: Any) -> Path:
    """Write the corpus; `changed` are columns, by name."""
    rng = np.random.default_rng(11)
    place = np.repeat(np.arange(PLACES), EACH)
    labels = ((place % 2 == 0) & (np.arange(place.size) % 2 == 0)).astype(np.int8)
    noise = rng.normal(scale=0.3, size=(place.size, 224, 224))
    source = bullseye(fringes=5.0).astype(np.float64)
    phase = [wrap(one + source * label) for one, label in zip(noise, labels, strict=True)]
    patches = encode_phase(np.stack(phase).astype(np.float32))
    names = tuple(f"{number:03d}A_00000_000000" for number in range(PLACES))
    columns = columns_of(patches) | {
        "label": labels,
        "area": place.astype(np.int32),
        "frame": place.astype(np.uint16),
        "volcano": place.astype(np.uint16),
        "group": np.arange(place.size, dtype=np.int32),
        "valid_fraction": np.ones(place.size, dtype=np.float32),
    }
    volcanoes = tuple(f"volcano {number}" for number in range(PLACES))
    words = {"source": ("made",), "volcano": volcanoes, "frame": names}
    write_patch_file(path, replace(FACTS, words=words), columns | changed, [patches])
    return path


def write_encoder(folder: Path, card: dict[str, object] | None = None) -> Path:
    save_encoder(folder, make_encoder(TINY, seed=5), card or {})
    return folder
