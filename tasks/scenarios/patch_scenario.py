"""The record of a patch set: pictures with and without a source, under the same air."""

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Annotated

from fringewatch.checked_fields import FromZero, Limits, WholeFromZero, check_fields
from fringewatch.errors import BadInputError
from fringewatch.numbers import PATCH_SIZE, PIXEL_DEGREES
from insar_models.simulation.ground import Ground
from insar_models.simulation.land_coherence import LandCoherence
from insar_models.simulation.processing import Processing
from insar_models.simulation.random_sources import SourceKind, SourceRanges
from insar_models.simulation.weather import Weather

_Patches = Annotated[int, Limits(0, 1_000_000, "patches")]


@dataclass(frozen=True)
class Patches:
    """How many pictures, and of what."""

    positives: _Patches
    negatives: _Patches
    """As far as there are as many, each is a positive without its source: same ground, air, noise,
    coherence and dates."""
    peak_edges_m: tuple[float, ...]
    """Edges of the bins of the peak, the largest change of the distance to the satellite. The
    positives go through the bins in turn; in its bin, a peak is drawn evenly."""
    kinds: tuple[str, ...] = tuple(SourceKind)
    size_pixels: Annotated[int, Limits(16, 2_000, "pixels")] = PATCH_SIZE
    step_degrees: Annotated[float, Limits(1e-6, 0.1, "degrees of a pixel")] = PIXEL_DEGREES
    headings_degrees: tuple[float, ...] = (-12.0, -168.0)
    """One of them each time."""
    incidence_degrees: Annotated[tuple[float, float], Limits(15, 60, "degrees")] = (29.0, 46.0)
    """From, to."""
    latitudes_degrees: Annotated[tuple[float, float], Limits(-85, 85, "degrees")] = (-45.0, 65.0)
    """From, to: pixels are narrower far from the equator."""
    spans_days: tuple[int, ...] = (6, 12, 24)
    """One of them each time."""
    least_signal: FromZero = 0.0
    """Least ratio of the variance of deformation to that of the atmosphere, where there is more
    than 30 % of the peak; 0: any."""
    visible_share: Annotated[float, Limits(0.0, 0.9999, "a share")] = 0.8
    """Least share, of the ground that moves by more than 30 % of the peak, that the picture
    shows."""

    def __post_init__(self) -> None:
        check_fields(self)
        edges = self.peak_edges_m
        rising = all(low < high for low, high in pairwise(edges))
        expected = {
            "peak_edges_m": (
                len(edges) > 1 and rising and edges[0] > 0,
                "two or more metres, each larger than the one before, the first above 0",
            ),
            "kinds": (
                bool(self.kinds) and set(self.kinds) <= set(SourceKind),
                f"one or more of {', '.join(SourceKind)}",
            ),
            "headings_degrees": (bool(self.headings_degrees), "one or more headings"),
            "spans_days": (bool(self.spans_days) and min(self.spans_days) > 0, "1 or more days"),
        }
        for key, (is_right, words) in expected.items():
            if not is_right:
                message = f"Patches: {key}={getattr(self, key)}: give {words}"
                raise BadInputError(message)

    @property
    def count(self) -> int:
        """Different atmospheres."""
        return max(self.positives, self.negatives)


@dataclass(frozen=True)
class PatchScenario:
    """Everything that decides the bytes of a patch set."""

    name: str
    """Of the file."""
    seed: WholeFromZero
    patches: Patches
    summary: str = ""
    ranges: SourceRanges = field(default_factory=SourceRanges)
    """From which the sources are drawn, before their strength is set to the peak."""
    ground: Ground = field(default_factory=Ground)
    weather: Weather = field(default_factory=Weather)
    coherence: LandCoherence = field(default_factory=LandCoherence)
    processing: Processing = field(default_factory=Processing)

    def __post_init__(self) -> None:
        check_fields(self)
        if self.processing.footprint is not None or self.processing.cut_share > 0:
            message = (
                "processing: footprint and cut_share are not for patches: a grey picture has no "
                "value for no data"
            )
            raise BadInputError(message)
        if self.ground.coastline is not None or self.ground.lava:
            message = (
                "ground: coastline and lava are not for patches, which lie nowhere: "
                "sea_level_m makes a sea"
            )
            raise BadInputError(message)
