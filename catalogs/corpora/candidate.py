"""A candidate: one patch that a source offers, with all that is known of it."""

import datetime as dt
from dataclasses import dataclass
from typing import Final

NO_LABEL: Final = -1
"""Label of a patch of which nobody has said whether it deforms."""

TRANSPOSED: Final = "transposed copy of another picture"
"""The problem of a picture of which its dataset's own index says so."""


@dataclass(frozen=True)
class Candidate:
    """A patch as its source was surveyed: a row of the plan, before anything is chosen."""

    source: int
    """Place of its source in the recipe."""
    kind: str
    """cubes, images or simulated."""
    location: str
    """Of what it is cut from: ``<volcano>/<frame>`` of a cube, a picture's path below its folder
    with slashes, or the number of a scene."""
    volcano: str
    """Slug, or the source's own name; empty if unknown."""
    frame: str
    """Empty if unknown."""
    primary: dt.date | None
    secondary: dt.date | None
    row: int
    """First row in what it is cut from; negative where it is padded with no data."""
    column: int
    rotation: int
    """Quarter turns, as in `numpy.rot90`, that the source has turned it from north up; 0 to 3."""
    label: int
    """1 the ground deforms, 0 it does not, -1 nobody has said."""
    part: str
    """Part of a published dataset (``S1/Train``); empty elsewhere."""
    north: float
    """Latitude of its upper edge when north is up, degrees; NaN if unknown."""
    west: float
    """Longitude of its left edge when north is up, degrees; NaN if unknown."""
    source_sha256: str
    """Of what it was cut from: the picture file, the pair's tile, or the scene's recipe."""
    sha256: str
    """Of its 224 x 224 bytes, row by row; empty if it could not be read."""
    shape_sha256: str
    """Smallest of the hashes of its eight turned and mirrored forms: equal for twins. Of a
    picture's tile that stands off the middle, of the window that its twins have in common."""
    valid_fraction: float
    """Share of pixels with data."""
    coherence_mean: float
    """Mean interferometric coherence of its valid pixels; NaN where the source has none."""
    phasor_coherence: float
    """Mean length of the mean phasor in 3 x 3 boxes; NaN without data."""
    fringe_rate: float
    """Median fringe rate, cycles per pixel; NaN without data."""
    equal_share: float
    """Share of valid pixels that hold the most frequent byte; NaN without data."""
    problem: str
    """Why it could not be read or cut; empty if it could."""
