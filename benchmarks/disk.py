"""What a pair takes on disk, of what it consists, and what forms that keep less would take.

    python -m benchmarks.disk --data LICSAR_FRAME [--volcano fernandina ...]

Windows are packed as a cube packs them (Zstandard, level 3, a chunk a pair), and in other forms: a
higher level, fewer levels of phase or of coherence, and pixels of noise set to no data. Noise is
where the phases of 3 x 3 pixels cancel out (mean phasor under 0.25, where *coherent* inputs weigh
0). Beside each form stands by how much the shipped model's window logit moves by its phase, the
median and the largest over windows: a form that moves it is not the same data. Coherence decides
what is water and which patches can be judged, by thresholds: fewer levels of it move no logit where
these lie between two levels.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter

from catalogs.rasters.grid import volcano_window
from catalogs.rasters.reading import read_place, read_window
from catalogs.records import Product
from catalogs.settings import Settings
from catalogs.world.volcanoes import find_volcano
from fringewatch.numbers import NO_DATA_CODE
from insar_models.detectors.protocol import Detector
from insar_models.encoders.phasor_inputs import NOISE
from insar_models.phase.codes import decode_phase, encode_phase, phasor
from insar_models.phase.window_patches import cut_patches
from tasks.judge.models import model_of

AIM: Final = 0.6
"""Of today's bytes."""

_TEN_YEARS: Final = 1000
"""Pairs of a frame."""
_LEVEL: Final = 3

Change = Callable[[NDArray[np.uint8]], NDArray[np.uint8]]


def same(codes: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return what was given."""
    return codes


def noise_of(codes: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Return where the phases of 3 x 3 pixels cancel out, or there is no data."""
    field = phasor(decode_phase(codes))
    told = uniform_filter((codes != NO_DATA_CODE).astype(np.float32), 3, mode="constant")
    mean = np.hypot(
        *(uniform_filter(part, 3, mode="constant") for part in (field.real, field.imag))
    )
    return np.asarray(mean < NOISE * np.maximum(told, 1e-6))


def without_noise(codes: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return phase bytes in which noise is no data."""
    return np.where(noise_of(codes), np.uint8(NO_DATA_CODE), codes)


def levels(step: int) -> Change:
    """Return what leaves one level out of `step`; no data stays no data."""

    def form(codes: NDArray[np.uint8]) -> NDArray[np.uint8]:
        coarse = 1 + (codes.astype(np.int16) - 1) // step * step
        return np.where(codes == NO_DATA_CODE, 0, coarse).astype(np.uint8)

    return form


def along_rows(codes: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return each byte's difference to the one before it, modulo 256."""
    return np.diff(codes.ravel(), prepend=np.uint8(0))


@dataclass(frozen=True)
class Form:
    """A way to keep a pair."""

    name: str
    level: int = _LEVEL
    """Of Zstandard."""
    phase: Change = same
    coherence: Change = same
    filter: Change = same
    """Of the bytes of both before they are packed; can be undone, so that nothing is lost."""


FORMS: Final = (
    Form("as it is"),
    Form("Zstandard, level 9", level=9),
    Form("Zstandard, level 15", level=15),
    Form("differences along rows", filter=along_rows),
    Form("differences, level 15", level=15, filter=along_rows),
    Form("phase of 128 levels", phase=levels(2)),
    Form("phase of 64 levels", phase=levels(4)),
    Form("noise is no data", phase=without_noise),
    Form("coherence of 64 levels", coherence=levels(4)),
    Form("coherence of 32 levels", coherence=levels(8)),
    Form("coherence 32, level 15", level=15, coherence=levels(8)),
    Form("coherence 32, differences", coherence=levels(8), filter=along_rows),
    Form("coherence 32, differences, 15", level=15, coherence=levels(8), filter=along_rows),
    Form("coherence 32, phase 128 levels", coherence=levels(8), phase=levels(2)),
    Form("coherence 32, phase 64 levels", coherence=levels(8), phase=levels(4)),
)


@dataclass(frozen=True, eq=False)
class RealPair:
    """A pair's window, as a cube holds it."""

    phase: NDArray[np.uint8]
    coherence: NDArray[np.uint8]


def pairs_of(frame: Path, names: list[str]) -> list[RealPair]:
    """Return the windows of volcanoes out of all pairs of a frame."""
    found = []
    for path in sorted(frame.rglob(f"*{Product.DIFF_PHA.ending}")):
        beside = path.with_name(path.name.replace(Product.DIFF_PHA.ending, Product.CC.ending))
        grid = read_place(path, Product.DIFF_PHA).grid
        for name in names:
            volcano = find_volcano(name)
            window = volcano_window(grid, volcano.latitude, volcano.longitude)
            coherence = read_window(beside, Product.CC, window).astype(np.uint8)
            phase_rad = read_window(path, Product.DIFF_PHA, window).astype(np.float32)
            found.append(RealPair(encode_phase(phase_rad, coherence != 0), coherence))
    if not found:
        sys.exit(f"there is no pair in {frame}: give the folder of a frame, with its pairs in it")
    return found


def logits(model: Detector, windows: list[NDArray[np.uint8]]) -> NDArray[np.float64]:
    """Return the logit of each window; NaN where it cannot be judged."""
    patches = [model.logits_of_codes(cut_patches(one).astype(np.uint8)) for one in windows]
    return model.window_logits(np.stack(patches))


def packed(form: Form, pairs: list[RealPair]) -> tuple[float, float, float]:
    """Return the mean bytes of phase and of coherence, and the milliseconds to pack a pair."""
    codec = pa.Codec("zstd", compression_level=form.level)

    def size(pixels: NDArray[np.uint8]) -> int:
        return len(codec.compress(form.filter(pixels).tobytes(), asbytes=True))

    busy = time.process_time()
    phase = [size(form.phase(one.phase)) for one in pairs]
    coherence = [size(form.coherence(one.coherence)) for one in pairs]
    busy = time.process_time() - busy
    return float(np.mean(phase)), float(np.mean(coherence)), 1e3 * busy / len(pairs)


def main() -> None:
    """Print bytes and moved logits of each form."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--data", type=Path, required=True, help="folder of a frame, with its pairs"
    )
    parser.add_argument("--volcano", nargs="+", default=["fernandina", "alcedo", "sierra-negra"])
    parser.add_argument("--most", type=int, default=24, help="windows, spread over those there are")
    words = parser.parse_args()
    pairs = pairs_of(words.data, words.volcano)
    few = min(words.most, len(pairs))
    pairs = [pairs[at] for at in np.linspace(0, len(pairs) - 1, few).astype(int)]
    model = model_of(Settings())
    before = logits(model, [one.phase for one in pairs])
    noise = float(np.mean([noise_of(one.phase).mean() for one in pairs]))
    print(
        f"load {os.getloadavg()[0]:.1f}; {len(pairs)} windows, {model.name}; noise is {noise:.0%} "
        f"of the pixels\n{'':32}{'phase KB':>10}{'coherence KB':>14}{'of today':>10}"
        f"{'MB, ten years':>15}{'ms to pack':>14}{'logit moves: median':>21}{'most':>8}"
    )
    today, least = 0.0, 1.0
    for form in FORMS:
        phase, coherence, busy_ms = packed(form, pairs)
        whole = phase + coherence
        today = today or whole
        moved = np.zeros(1)
        if form.phase is not same:
            moved = np.abs(logits(model, [form.phase(one.phase) for one in pairs]) - before)
            moved = moved[np.isfinite(moved)]
        print(
            f"{form.name:32}{phase / 1e3:10.1f}{coherence / 1e3:14.1f}{whole / today:10.2f}"
            f"{whole * _TEN_YEARS / 1e6:15.0f}{busy_ms:14.1f}"
            f"{np.median(moved):21.3f}{moved.max():8.3f}",
            flush=True,
        )
        if not moved.max():
            least = min(least, whole / today)
    print(
        f"in use: 1.00 of the bytes of a cube; without moving a score: {least:.2f} (aim: at most "
        f"{AIM})"
    )


if __name__ == "__main__":
    main()
