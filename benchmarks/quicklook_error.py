"""How far the phase read from a LiCSAR quicklook is from the phase in LiCSAR's own file.

    python benchmarks/quicklook_error.py --data FOLDER [--curve]

FOLDER holds, anywhere below it, pairs of `<pair>.geo.diff_pha.tif` and `<pair>.geo.diff.png`. The
phasors of the GeoTIFF are averaged over each pixel of the quicklook, and the decoded phase is
compared with the angle of the mean. The reference is what posterising alone costs: the error of a
picture painted with the palette and rounded to eight levels, without resizing or noise.

The palette was measured on the four pairs in `FITTED`; the last row, of the others, is the figure
that counts. `--curve` measures it again: the phases at which each channel passes the middle
between two of the eight levels, beside those in the code.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import rasterio
from numpy.typing import NDArray
from PIL import Image

from catalogs.pictures.images import read_picture
from insar_models.quicklook import decode_picture
from insar_models.quicklook.licsar_palette import (
    BLUE_ANCHORS,
    GREEN_ANCHORS,
    RED_ANCHORS,
    palette_colours,
)

FITTED = ("20240106_20240118", "20240106_20240130", "20240118_20240130", "20240130_20240211")
"""Pairs of frame 106A_09048_000909 that the palette was measured on."""

HIGH_AGREEMENT = 0.95
SOME_AGREEMENT = 0.5
_COVERED = 0.999
_LEVELS = np.rint(np.arange(8) * 255.0 / 7.0)
_CURVE_AGREEMENT = 0.99
_CURVE_BINS = 360


@dataclass(frozen=True)
class QuicklookPair:
    """A quicklook, and the truth on its grid."""

    name: str
    pixels: NDArray[np.uint8]
    """(H, W, 4)."""
    phasor: NDArray[np.complex128]
    """(H, W), mean of the phasors under each pixel; its modulus says how well they agree."""
    whole: NDArray[np.bool_]
    """(H, W), opaque in the quicklook and with phase everywhere underneath."""


@dataclass(frozen=True)
class PhaseError:
    """What the decoder left wrong on a set of pixels."""

    pixels: int
    rms_rad: float
    """Circular: sqrt(-2 ln R), R the resultant length of the errors' phasors."""
    median_rad: float
    lost: float
    """Share of the pixels that were decoded as no data."""


def find_pairs(folder: Path) -> tuple[Path, ...]:
    """Quicklooks below `folder` that have their GeoTIFF beside them, sorted."""
    return tuple(path for path in sorted(folder.rglob("*.geo.diff.png")) if _raster(path).is_file())


def read_pair(quicklook: Path) -> QuicklookPair:
    """The quicklook and the mean phasors of the GeoTIFF beside it."""
    pixels = read_picture(quicklook)
    height, width = pixels.shape[:2]
    with rasterio.open(_raster(quicklook)) as raster:
        phase = raster.read(1)
    valid = np.isfinite(phase) & (phase != 0.0)

    def shrink(values: NDArray[np.floating]) -> NDArray[np.float64]:
        image = Image.fromarray(values.astype(np.float32))
        return np.asarray(image.resize((width, height), Image.Resampling.BOX), dtype=np.float64)

    phasor = shrink(np.where(valid, np.cos(phase), 0.0)) + 1j * shrink(
        np.where(valid, np.sin(phase), 0.0)
    )
    whole = (shrink(valid) > _COVERED) & (pixels[..., 3] > 0)
    return QuicklookPair(quicklook.name.split(".")[0], pixels, phasor, whole)


def errors_of(pair: QuicklookPair) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Error in radians (NaN where decoded as no data) and agreement, of each whole pixel."""
    decoded = decode_picture(pair.pixels).phase_rad[pair.whole].astype(np.float64)
    truth = pair.phasor[pair.whole]
    return np.angle(np.exp(1j * decoded) * np.conj(truth)), np.abs(truth)


def summarise(error_rad: NDArray[np.float64]) -> PhaseError:
    """Figures of a set of errors, NaN among them."""
    told = error_rad[np.isfinite(error_rad)]
    if len(told) == 0:
        return PhaseError(len(error_rad), np.nan, np.nan, 1.0)
    resultant = min(1.0, float(np.abs(np.exp(1j * told).mean())))
    return PhaseError(
        pixels=len(error_rad),
        rms_rad=float(np.sqrt(-2.0 * np.log(resultant))),
        median_rad=float(np.median(np.abs(told))),
        lost=1.0 - len(told) / len(error_rad),
    )


def posterising_error_rad() -> float:
    """Error in radians, rms, of a noiseless picture of every phase, rounded to eight levels."""
    phase = np.linspace(-np.pi, np.pi, 224 * 224, endpoint=False).reshape(224, 224)
    decoded = decode_picture(posterise(palette_colours(phase))).phase_rad
    return summarise(np.angle(np.exp(1j * (decoded - phase))).ravel()).rms_rad


def posterise(colours: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Colours rounded to the eight levels of today's quicklooks; uint8, same shape."""
    step = 255.0 / 7.0
    return np.asarray(np.rint(np.rint(colours / step) * step), dtype=np.uint8)


def measure_crossings(pairs: list[QuicklookPair]) -> list[tuple[str, float, float]]:
    """Channel, level middle, and the phase in radians at which the channel passes it."""
    truth = np.concatenate([pair.phasor[pair.whole] for pair in pairs])
    colours = np.concatenate([pair.pixels[pair.whole][:, :3] for pair in pairs])
    sharp = np.abs(truth) > _CURVE_AGREEMENT
    turn = (np.angle(truth[sharp]) + np.pi) / (2.0 * np.pi)
    bins = np.minimum((turn * _CURVE_BINS).astype(np.int64), _CURVE_BINS - 1)
    count = np.maximum(np.bincount(bins, minlength=_CURVE_BINS), 1)
    found = []
    for channel, name in enumerate(("red", "green", "blue")):
        for middle in 0.5 * (_LEVELS[1:] + _LEVELS[:-1]):
            above = (colours[sharp, channel] > middle).astype(np.float64)
            share = np.bincount(bins, weights=above, minlength=_CURVE_BINS) / count - 0.5
            following = np.roll(share, -1)
            for step in np.flatnonzero(share * following < 0.0):
                place = step + 0.5 + share[step] / (share[step] - following[step])
                found.append((name, float(middle), place / _CURVE_BINS * 2.0 * np.pi - np.pi))
    return found


def _raster(quicklook: Path) -> Path:
    return quicklook.with_name(quicklook.name.replace(".diff.png", ".diff_pha.tif"))


def _print_errors(pairs: list[QuicklookPair]) -> None:
    columns = f"{'pixels':>8} {'rms':>7} {'median':>7} {'lost':>7}"
    print(f"{'':22}  {'all pixels':^32}   {f'agreement over {HIGH_AGREEMENT}':^32}")
    print(f"{'pair':22}  {columns}   {columns}")
    held_out = []
    for pair in pairs:
        errors = errors_of(pair)
        fitted = pair.name in FITTED
        _print_row(f"{pair.name}{' fit' if fitted else ''}", *errors)
        if not fitted:
            held_out.append(errors)
    if not held_out:
        print("no pair that the palette was not fitted to: nothing to judge it by")
        return
    error = np.concatenate([errors[0] for errors in held_out])
    agreement = np.concatenate([errors[1] for errors in held_out])
    _print_row("held out", error, agreement)
    some = summarise(error[agreement >= SOME_AGREEMENT])
    floor = posterising_error_rad()
    best = summarise(error[agreement >= HIGH_AGREEMENT]).rms_rad
    over = f"held out, agreement over {SOME_AGREEMENT}"
    print(f"{over}: rms {some.rms_rad:.3f} rad, {some.lost:.1%} lost")
    print(
        f"held out, agreement over {HIGH_AGREEMENT}: {best:.3f} rad against {floor:.3f} rad "
        f"of posterising alone, ratio {best / floor:.2f}"
    )


def _print_row(name: str, error: NDArray[np.float64], agreement: NDArray[np.float64]) -> None:
    cells = [
        f"{part.pixels:>8} {part.rms_rad:>7.3f} {part.median_rad:>7.3f} {part.lost:>7.1%}"
        for part in (summarise(error), summarise(error[agreement >= HIGH_AGREEMENT]))
    ]
    print(f"{name:22}  {'   '.join(cells)}")


def _print_curve(pairs: list[QuicklookPair]) -> None:
    anchors = {"red": RED_ANCHORS, "green": GREEN_ANCHORS, "blue": BLUE_ANCHORS}
    print("channel  level   measured   in the code (rad)")
    for channel, middle, phase in measure_crossings([p for p in pairs if p.name in FITTED]):
        near = min(
            (known for known, value in anchors[channel] if abs(value - middle) < 1.0),
            key=lambda known: abs(np.angle(np.exp(1j * (known - phase)))),
        )
        print(f"{channel:7} {middle:6.1f} {phase:10.3f} {near:10.3f}")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with tif and png pairs")
    parser.add_argument("--curve", action="store_true", help="measure the palette again")
    arguments = parser.parse_args()
    quicklooks = find_pairs(arguments.data)
    if not quicklooks:
        parser.error(f"no <pair>.geo.diff.png with its .geo.diff_pha.tif below {arguments.data}")
    pairs = [read_pair(quicklook) for quicklook in quicklooks]
    if arguments.curve:
        _print_curve(pairs)
    else:
        _print_errors(pairs)


if __name__ == "__main__":
    main()
