"""Small rasters in LiCSAR's forms, for the stand-in portal and for whoever reads rasters.

The usual form is the producer's: float32 phase in one-row strips (DEFLATE, predictor 3), uint8
coherence in four-row strips (DEFLATE, predictor 2), EPSG:4326, 0.001 degree, no nodata tag.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.transform import Affine

from catalogs.records import DatePair, Product
from fringewatch.numbers import PIXEL_DEGREES

GALAPAGOS = Affine(PIXEL_DEGREES, 0.0, -92.4255, 0.0, -PIXEL_DEGREES, 0.4871667)
"""Upper left corner and pixel of the real frame 106A_09048_000909."""

_TILE = 64


@dataclass(frozen=True)
class RasterForm:
    """What differs from file to file at the portal, for the same product of the same frame."""

    transform: Affine = GALAPAGOS
    tiled: bool = False
    nodata: float | None = None
    """Value of the nodata tag; None for no tag."""
    is_point: bool = False
    """Whether the georeference names pixel centres (GTRasterType 2); the grid stays the same."""


class PairFiles(NamedTuple):
    """Where the two rasters of a pair lie."""

    phase: Path
    coherence: Path


def shifted(transform: Affine, rows: float, columns: float) -> Affine:
    """Return `transform` moved by that many pixels down and to the right."""
    # Written out: the operator of the product differs between versions of affine.
    a, b, c, d, e, f, *_ = transform
    return Affine(a, b, c + a * columns + b * rows, d, e, f + d * columns + e * rows)


def write_pair(
    folder: Path,
    pair: DatePair,
    phase_rad: NDArray[np.float32],
    coherence: NDArray[np.uint8],
    form: RasterForm | None = None,
) -> PairFiles:
    """Return the paths of the phase (radians) and coherence (bytes) written to `folder`.

    The arrays may differ in shape: the portal has such pairs.
    """
    form = RasterForm() if form is None else form
    files = PairFiles(
        folder / f"{pair}{Product.DIFF_PHA.ending}", folder / f"{pair}{Product.CC.ending}"
    )
    _write(files.phase, phase_rad.astype(np.float32), form, {"predictor": 3, "blockysize": 1})
    _write(files.coherence, coherence.astype(np.uint8), form, {"predictor": 2, "blockysize": 4})
    return files


def _write(path: Path, values: NDArray[Any], form: RasterForm, strips: dict[str, int]) -> None:
    options = dict(strips)
    if form.tiled:
        options |= {"tiled": True, "blockxsize": _TILE, "blockysize": _TILE}
    height, width = values.shape
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        height=height,
        width=width,
        count=1,
        dtype=values.dtype,
        crs="EPSG:4326",
        transform=form.transform,
        nodata=form.nodata,
        compress="deflate",
        **options,
    ) as dataset:
        if form.is_point:
            dataset.update_tags(AREA_OR_POINT="Point")
        dataset.write(values, 1)
