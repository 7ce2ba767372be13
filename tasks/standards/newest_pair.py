"""The newest pair as a cloud-optimized GeoTIFF, and as a KMZ for a globe."""

import io
import zipfile
from dataclasses import dataclass
from typing import Any, Final
from xml.etree import ElementTree as ET

import matplotlib as mpl
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from rasterio.io import MemoryFile
from rasterio.shutil import copy as copy_raster
from rasterio.transform import Affine

from catalogs.rasters.opening import HANDLERS
from catalogs.records import DatePair, FrameId
from fringewatch.numbers import PIXEL_DEGREES
from tasks.standards.summary import VolcanoSummary

_KML: Final = "http://www.opengis.net/kml/2.2"
_FIRST_OF_ZIP: Final = (1980, 1, 1, 0, 0, 0)
CRS: Final = "EPSG:4326"


@dataclass(frozen=True, eq=False)
class PlacedPair:
    """A pair's window as the model saw it, and where it lies."""

    frame: FrameId
    pair: DatePair
    phase_rad: NDArray[np.float32]
    """Wrapped, north up, NaN = no data, water or outside the frame."""
    north: float
    west: float
    """Edges, degrees; the longitude may run on beyond 180."""
    positive: bool | None
    """None of a pair that is no evidence: without a score, or left out."""
    left_out: str | None = None
    """Why it is left out of the evidence; None where it is not."""

    @property
    def transform(self) -> Affine:
        """From pixels to degrees."""
        return Affine(PIXEL_DEGREES, 0.0, self.west, 0.0, -PIXEL_DEGREES, self.north)

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east, north in degrees."""
        height, width = self.phase_rad.shape
        east, south = self.west + width * PIXEL_DEGREES, self.north - height * PIXEL_DEGREES
        return round(self.west, 6), round(south, 6), round(east, 6), round(self.north, 6)

    @property
    def no_evidence(self) -> str:
        """A sentence on why it is no evidence."""
        why = f"left out: {self.left_out}" if self.left_out else "it has no score"
        return f"This pair is no evidence ({why})."

    @property
    def name(self) -> str:
        """Frame and pair, for names of files and items."""
        return f"{self.frame}-{self.pair}"


def cog_of(placed: PlacedPair) -> bytes:
    """Return a cloud-optimized GeoTIFF of the wrapped phase, float32 radians, NaN = no data."""
    height, width = placed.phase_rad.shape
    form: dict[str, Any] = {
        "driver": "GTiff", "height": height, "width": width, "count": 1, "dtype": "float32",
        "crs": CRS, "transform": placed.transform, "nodata": np.nan,
    }  # fmt: skip
    with HANDLERS, MemoryFile() as plain, MemoryFile() as optimized:
        with plain.open(**form) as raster:
            raster.write(placed.phase_rad, 1)
            raster.set_band_description(1, "wrapped phase, less water and layered air")
            raster.set_band_unit(1, "rad")
            raster.update_tags(
                frame=str(placed.frame), pair=str(placed.pair), wavelength_m="0.05546576"
            )
        # Neighbouring phases have no mean: overviews take one of them.
        copy_raster(plain.name, optimized.name, driver="COG", compress="DEFLATE",
                    overview_resampling="nearest")  # fmt: skip
        return bytes(optimized.read())


def kmz_of(placed: PlacedPair, summary: VolcanoSummary) -> bytes:
    """Return a KMZ with the pair as an overlay in cyclic colours, and the volcano as a point."""
    ET.register_namespace("", _KML)
    root = ET.Element(f"{{{_KML}}}kml")
    document = _add(root, "Document")
    _add(document, "name", summary.headline)
    overlay = _add(document, "GroundOverlay")
    _add(overlay, "name", f"{placed.frame} {placed.pair}")
    evidence = "" if placed.positive is not None else f"{placed.no_evidence} "
    words = f"Wrapped phase, one colour cycle 27.7 mm. {evidence}{summary.because}"
    _add(overlay, "description", words)
    _add(_add(overlay, "Icon"), "href", "phase.png")
    box = _add(overlay, "LatLonBox")
    west, south, east, north = placed.bounds
    for name, edge in (("north", north), ("south", south), ("east", east), ("west", west)):
        _add(box, name, f"{edge:.6f}")
    places = {summary.name: (summary.latitude, summary.longitude)}
    if summary.peak is not None:
        age = "" if summary.is_current else ", old"
        places[f"{summary.peak_kind} on {summary.as_of}{age}"] = summary.peak
    for name, (latitude, longitude) in places.items():
        mark = _add(document, "Placemark")
        _add(mark, "name", name)
        _add(mark, "description", summary.headline)
        _add(_add(mark, "Point"), "coordinates", f"{longitude},{latitude}")
    ET.indent(root, " ")
    text = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in (("doc.kml", text), ("phase.png", _picture(placed.phase_rad))):
            archive.writestr(zipfile.ZipInfo(name, _FIRST_OF_ZIP), body, zipfile.ZIP_DEFLATED)
    return content.getvalue()


def _picture(phase_rad: NDArray[np.float32]) -> bytes:
    cycle = np.nan_to_num((phase_rad + np.pi) / (2 * np.pi))
    colours = (mpl.colormaps["hsv"](cycle) * 255).round().astype(np.uint8)
    colours[..., 3] = np.where(np.isfinite(phase_rad), 255, 0)
    content = io.BytesIO()
    Image.fromarray(colours, "RGBA").save(content, "PNG")
    return content.getvalue()


def _add(parent: ET.Element, name: str, text: str | None = None) -> ET.Element:
    found = ET.SubElement(parent, f"{{{_KML}}}{name}")
    found.text = text
    return found
