"""What an operating curve is measured on: quiet windows, windows with motion, labelled pictures."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, signal

from catalogs.pictures.images import read_labelled_folder, read_picture
from fringewatch.errors import BadInputError, ImageError
from fringewatch.numbers import NO_DATA_CODE, PHASE_STEPS, WINDOW_SIZE
from insar_models.detectors.patch_scoring import codes_of_phase
from insar_models.detectors.protocol import Detector
from insar_models.encoders.phasor_inputs import phasor_table
from insar_models.patchfile.window_file import Windows
from insar_models.phase.picture_tiles import cut_tiles
from insar_models.quicklook import decode_picture
from insar_models.tuning.window_pasting import Fields, paste_on_windows, simulated_fields

SEED: Final = 11
SEEN: Final = 0.3
"""Share of the moved ground that has to show a signal for a source to count."""

_SIMULATED: Final = 120
_STEP_DEGREES: Final = 0.002
_HOLE_PIXELS: Final = 2.0
_TAPERED: Final = 0.3
_NOISE_BOX: Final = 5
_NOISE: Final = 0.45
"""Length of the mean phasor of 5 x 5 pixels below which a pixel is noise: noise has 0.18."""


@dataclass(frozen=True, eq=False)
class MovedWindows:
    """Quiet windows with motion that shows, all of one peak."""

    codes: NDArray[np.uint8]
    """Shape (n, 500, 500)."""
    kind: NDArray[np.str_]
    """Of the source of each."""


@dataclass(frozen=True, eq=False)
class Pictures:
    """Labelled pictures, each as the tiles that cover it."""

    tiles: tuple[NDArray[np.uint8], ...]
    """Of each, phase bytes (k, 224, 224)."""
    label: NDArray[np.int64]

    def logits(self, model: Detector) -> NDArray[np.float64]:
        """Return the highest logit of each one's tiles, (n,), as `fringewatch evaluate` does."""
        return np.array([np.fmax.reduce(model.logits_of_codes(tiles)) for tiles in self.tiles])


def moved_windows(
    quiet: NDArray[np.uint8], peaks_m: Sequence[float], displacement: Path | None
) -> dict[str, MovedWindows]:
    """Return sets of windows with motion by their names: by origin of the field, and peak."""
    fields = {"simulated": simulated_fields(_SIMULATED, SEED)}
    if displacement is not None:
        fields["real"] = real_fields(displacement)
    found = {}
    for name, of_kind in fields.items():
        for peak_m in peaks_m:
            generator = np.random.default_rng([SEED, round(peak_m * 1000)])
            pasted = paste_on_windows(quiet, of_kind, np.full(len(quiet), peak_m), generator)
            seen = pasted.seen >= SEEN
            kind = pasted.kind[seen] if name == "simulated" else np.full(int(seen.sum()), name)
            found[f"{name} {100 * peak_m:g} cm"] = MovedWindows(pasted.codes[seen], kind)
    return found


def read_pictures(folder: Path) -> Pictures:
    """Return the pictures of a folder with the class folders `0` and `1`, but for unreadable ones.

    Raises
    ------
    BadInputError
        If it is no such folder.
    """
    tiles, labels = [], []
    for picture in read_labelled_folder(folder).pictures:
        try:
            phase_rad = cut_tiles(decode_picture(read_picture(picture.path)).phase_rad)
        except ImageError:
            continue
        if len(phase_rad):
            tiles.append(codes_of_phase(phase_rad))
            labels.append(picture.label)
    return Pictures(tuple(tiles), np.array(labels))


def published_maxima(path: Path, windows: Windows) -> NDArray[np.float64]:
    """Return the highest probability that COMET's own network has in each window, (n,).

    NaN where the table has none.

    Parameters
    ----------
    path
        CSV file with the columns volcano, frame, pair and comet_map_maximum.
    windows
        Of which to look.

    Raises
    ------
    BadInputError
        If it has other columns.
    """
    known: dict[str, float] = {}
    try:
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                if row["comet_map_maximum"]:
                    name = f"{row['volcano']} {row['frame']} {row['pair']}"
                    known[name] = float(row["comet_map_maximum"])
    except (OSError, KeyError, ValueError) as error:
        message = (
            f"{path} is no table of published maxima ({error!r}): give a CSV file with the columns "
            "volcano, frame, pair and comet_map_maximum"
        )
        raise BadInputError(message) from error
    return np.array([known.get(name, np.nan) for name in windows.names()])


def other_noise(codes: NDArray[np.uint8], generator: np.random.Generator) -> NDArray[np.uint8]:
    """Return windows (n, 500, 500) as they might have come: what is noise is other noise."""
    found = codes.copy()
    for window in found:
        z = phasor_table()[window]
        valid = (window != NO_DATA_CODE).astype(np.float32)
        means = [ndimage.uniform_filter(part, _NOISE_BOX) for part in (z.real, z.imag, valid)]
        agreement = np.hypot(means[0], means[1]) / np.maximum(means[2], 1e-6)
        noise = (window != NO_DATA_CODE) & (agreement < _NOISE)
        window[noise] = generator.integers(1, 1 + PHASE_STEPS, int(noise.sum()))
    return found


def real_fields(folder: Path) -> Fields:
    """Return measured displacement as fields of motion, the largest magnitude 1."""
    half, fields, kinds = WINDOW_SIZE // 2, [], []
    for path in sorted(folder.glob("*.npz")):
        with np.load(path) as held:
            name = "los_mm_per_year" if "los_mm_per_year" in held else "los_mm"
            motion = held[name].astype(np.float64)
            step = abs(float(np.diff(held["latitude"]).mean()))
        zoomed = ndimage.zoom(_without_holes(motion), step / _STEP_DEGREES, order=1)
        edge = np.concatenate([zoomed[0], zoomed[-1], zoomed[:, 0], zoomed[:, -1]])
        zoomed = (zoomed - np.median(edge)) * np.outer(*map(_taper, zoomed.shape))
        side = max(half, *zoomed.shape)
        square = np.zeros((side, side))
        top, left = ((side - length) // 2 for length in zoomed.shape)
        square[top : top + zoomed.shape[0], left : left + zoomed.shape[1]] = zoomed
        middle = (side - half) // 2
        cut = square[middle : middle + half, middle : middle + half]
        fields.append((cut / np.abs(cut).max()).astype(np.float16))
        kinds.append(path.stem)
    return Fields(np.stack(fields), np.array(kinds))


def _without_holes(motion: NDArray[np.float64]) -> NDArray[np.float64]:
    """Where nothing was measured (NaN), what lies round it."""
    known = np.isfinite(motion)
    weight = ndimage.gaussian_filter(known.astype(float), _HOLE_PIXELS)
    smooth = ndimage.gaussian_filter(np.where(known, motion, 0.0), _HOLE_PIXELS)
    return np.where(known, motion, smooth / np.maximum(weight, 1e-3))


def _taper(length: int) -> NDArray[np.float64]:
    """Weights that fall to 0 at both ends: beyond a field's edge there is no motion."""
    return np.asarray(signal.windows.tukey(length, _TAPERED), dtype=np.float64)
