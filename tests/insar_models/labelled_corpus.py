"""A small patch file with labels that an encoder can tell: fast fringes deform, slow do not."""

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np

from fringewatch.numbers import PATCH_SIZE
from insar_models.patchfile.file import PatchFile, open_patch_file
from insar_models.patchfile.writer import write_patch_file
from tests.insar_models.small_patch_file import FACTS, columns_of

AREAS = 6
IN_AN_AREA = 4
VOLCANOES = ("etna", "fernandina", "taal", "reykjanes")


def labelled_corpus(path: Path, *, deforming_areas: int = 4) -> PatchFile:
    """Write a corpus of six areas of four patches and open it.

    The first patch of each of the first areas deforms; an area has two frames, and the last patch
    of the last area has no label. Area 5 is of the volcano reykjanes.
    """
    count = AREAS * IN_AN_AREA
    area, place = np.divmod(np.arange(count), IN_AN_AREA)
    labels = ((area < deforming_areas) & (place == 0)).astype(np.int8)
    chance = np.random.default_rng(3)
    along = np.arange(PATCH_SIZE)
    cycles = np.where(labels == 1, 30.0, 3.0) * chance.uniform(0.8, 1.2, count)
    turns = cycles[:, None, None] * along / PATCH_SIZE + chance.uniform(0, 0.2, (count, 1, 1))
    patches = (1 + (np.broadcast_to(turns, (count, PATCH_SIZE, PATCH_SIZE)) * 254) % 254).astype(
        np.uint8
    )
    patches[:, 0, 0] = 1 + np.arange(count)
    labels[-1] = -1
    columns = columns_of(patches)
    hashes = [hashlib.sha256(patch.tobytes()).digest() for patch in patches]
    columns |= {
        "label": labels,
        "area": area.astype(np.int32),
        "group": np.arange(count, dtype=np.int32),
        "frame": (2 * area + place // 2).astype(np.uint16),
        "volcano": np.where(area == AREAS - 1, 3, area % 3).astype(np.uint16),
        "valid_fraction": np.ones(count, np.float32),
        "sha256": np.frombuffer(b"".join(hashes), np.uint8).reshape(-1, 32),
    }
    frames = tuple(f"frame {number}" for number in range(2 * AREAS))
    facts = replace(FACTS, words={"source": ("images",), "volcano": VOLCANOES, "frame": frames})
    write_patch_file(path, facts, columns, [patches])
    return open_patch_file(path)
