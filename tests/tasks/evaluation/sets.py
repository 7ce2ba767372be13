"""Sets of labelled pictures on disk, and a detector made by hand that tells them apart."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from fringewatch.numbers import PATCH_SIZE
from insar_models.phase.codes import phasor
from tests.highest_patch import HighestPatch
from tests.insar_models.quicklook.pictures import (
    bullseye,
    paint_grey,
    paint_hue,
    paint_palette,
    ramp,
)

PAINTS: dict[str, Callable[[NDArray[np.float32]], NDArray[np.uint8]]] = {
    "grey": paint_grey,
    "palette": paint_palette,
    "hue": paint_hue,
}


@dataclass
class FringeSpread(HighestPatch):
    """Fringes that point every way make a high logit, a ramp a low one."""

    name: str = "fringe-spread"
    sha256: str = "ab" * 32
    threshold: float = 0.0
    sign: float = 1.0
    seen: list[int] = field(default_factory=list)

    def logits(self, phase_rad: NDArray[np.float32]) -> NDArray[np.float64]:
        assert phase_rad.shape[1:] == (PATCH_SIZE, PATCH_SIZE)
        self.seen.append(len(phase_rad))
        field_ = phasor(phase_rad)
        turns = field_[:, :, 1:] * np.conj(field_[:, :, :-1])
        valid = np.abs(turns) > 0.5
        share = valid.mean(axis=(1, 2))
        with np.errstate(invalid="ignore"):
            mean = turns.sum(axis=(1, 2)) / valid.sum(axis=(1, 2))
        spread = np.where(share > 0.1, 0.995 - np.abs(mean), np.nan)
        return np.asarray(self.sign * spread, dtype=np.float64)

    def probabilities(self, logits: NDArray[np.float64]) -> NDArray[np.float64]:
        return 1.0 / (1.0 + np.exp(-20.0 * logits))

    def activation(self, phase_rad: NDArray[np.float32]) -> NDArray[np.float32]:
        """One place: row 112, column 100."""
        activation = np.zeros(phase_rad.shape, dtype=np.float32)
        activation[112, 100] = 1.0
        return activation


def save(path: Path, pixels: NDArray[np.uint8]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
    return path


def quiet(index: int = 0) -> NDArray[np.float32]:
    return ramp(PATCH_SIZE, offset=index, row_rate=0.05, column_rate=0.02)


def write_pictures(folder: Path) -> Path:
    """Two ramps and two sources in each of the three renderings."""
    for name, paint in PAINTS.items():
        for index in range(2):
            save(folder / "0" / f"{name}_{index}.png", paint(quiet(index)))
            save(folder / "1" / f"{name}_{index}.png", paint(bullseye(fringes=5.0 + index)))
    return folder


def write_simulated(folder: Path, *, footprint: bool = True) -> Path:
    """Three sources, of which two are seen, and three quiet patches; each pair shares a scene."""
    lines = ["file,label,kind,peak_m,row,column,number" + (",footprint_pixels" * footprint)]
    strong, weak = bullseye(fringes=6.0), quiet()
    for number, (kind, peak, phase) in enumerate(
        [("mogi", -0.16, strong), ("dyke", 0.17, strong), ("dyke", 0.005, weak)]
    ):
        save(folder / "0" / f"{number}.png", paint_grey(quiet(number)))
        save(folder / "1" / f"{number}.png", paint_grey(phase))
        size = ",30" if footprint else ""
        lines.append(f"0/{number}.png,0,,0,,,{number}" + ("," * footprint))
        lines.append(f"1/{number}.png,1,{kind},{peak},112,{112 + 15 * number},{number}{size}")
    (folder / "truth.csv").write_text("\n".join(lines) + "\n")
    return folder
