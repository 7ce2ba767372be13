"""Small scenes of Fernandina with a known answer, written as a LiCSAR frame."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rasterio.transform import Affine

from catalogs.records import DatePair, FrameId
from fringewatch.numbers import PIXEL_DEGREES
from insar_models.phase.codes import wrap
from tests.portal.rasters import RasterForm, write_pair
from tests.portal.trees import pair_folder

FRAME = FrameId.parse("128D_09016_110500")
"""A frame of Fernandina in the catalogue; the rasters are cut small round the volcano."""
SIDE = 520
TRANSFORM = Affine(PIXEL_DEGREES, 0.0, -91.81, 0.0, -PIXEL_DEGREES, -0.11)

QUIET, FRINGES = "quiet", "fringes"

KINDS = {
    "20240106_20240118": QUIET,
    "20240106_20240130": QUIET,
    "20240118_20240130": QUIET,
    "20240118_20240211": FRINGES,
    "20240130_20240211": FRINGES,
}
"""The pairs of most tests: quiet until a day between the last two acquisitions."""

_GENERATOR_SEED = 20240302


def scene_phase(kind: str, number: int = 0) -> NDArray[np.float32]:
    """Wrapped phase, shape (520, 520): a gentle slope, with closed fringes if `kind` says so."""
    y, x = np.mgrid[:SIDE, :SIDE] / SIDE - 0.5
    generator = np.random.default_rng(_GENERATOR_SEED + number)
    phase = 2.0 * x * (1 + number) + generator.normal(0.0, 0.15, (SIDE, SIDE))
    if kind == FRINGES:
        phase += 40.0 * np.exp(-(x**2 + y**2) / 0.02)
    wrapped = wrap(phase)
    wrapped[wrapped == 0] = 1e-6
    return wrapped


def full_coherence() -> NDArray[np.uint8]:
    """Coherence bytes of 0.8 everywhere, shape (520, 520)."""
    return np.full((SIDE, SIDE), 204, dtype=np.uint8)


def write_scene(
    tree: Path, pair: str, phase: NDArray[np.float32], transform: Affine = TRANSFORM
) -> Path:
    """Write one pair of the frame into the tree; return its folder."""
    folder = pair_folder(tree, FRAME, DatePair.parse(pair))
    coherence = full_coherence()[: phase.shape[0], : phase.shape[1]]
    write_pair(folder, DatePair.parse(pair), phase, coherence, RasterForm(transform))
    return folder


def write_frame(tree: Path, kinds: Mapping[str, str]) -> Path:
    """Write a frame whose pairs (``YYYYMMDD_YYYYMMDD``) are of the kinds named; return the tree."""
    for number, (pair, kind) in enumerate(sorted(kinds.items())):
        write_scene(tree, pair, scene_phase(kind, number))
    return tree
