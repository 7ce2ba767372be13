"""The record of a patch set: pictures with and without a source, under the same air."""

from dataclasses import dataclass, field
from itertools import pairwise

from fringewatch.errors import BadInputError
from fringewatch.numbers import PATCH_SIZE, PIXEL_DEGREES
from insar_models.simulation.ground import Ground
from insar_models.simulation.land_coherence import LandCoherence
from insar_models.simulation.processing import Processing
from insar_models.simulation.random_sources import SourceKind, SourceRanges
from insar_models.simulation.weather import Weather

_SMALLEST_SIZE, _LARGEST_SIZE = 16, 2_000
_MOST_PATCHES = 1_000_000


@dataclass(frozen=True)
class Patches:
    """How many pictures, and of what."""

    positives: int
    negatives: int
    """As far as there are as many, each is a positive without its source: same ground, air, noise,
    coherence and dates."""
    peak_edges_m: tuple[float, ...]
    """Edges of the bins of the peak, the largest change of the distance to the satellite. The
    positives go through the bins in turn; in its bin, a peak is drawn evenly."""
    kinds: tuple[str, ...] = tuple(SourceKind)
    size_pixels: int = PATCH_SIZE
    step_degrees: float = PIXEL_DEGREES
    headings_degrees: tuple[float, ...] = (-12.0, -168.0)
    """One of them each time."""
    incidence_degrees: tuple[float, float] = (29.0, 46.0)
    """From, to."""
    latitudes_degrees: tuple[float, float] = (-45.0, 65.0)
    """From, to: pixels are narrower far from the equator."""
    spans_days: tuple[int, ...] = (6, 12, 24)
    """One of them each time."""
    least_signal: float = 0.0
    """Least ratio of the variance of deformation to that of the atmosphere, where there is more
    than 30 % of the peak; 0: any."""
    visible_share: float = 0.8
    """Least share, of the ground that moves by more than 30 % of the peak, that the picture
    shows."""

    def __post_init__(self) -> None:
        for wrong in self._wrong():
            raise BadInputError(wrong)

    @property
    def count(self) -> int:
        """Different atmospheres."""
        return max(self.positives, self.negatives)

    def _wrong(self) -> list[str]:
        """Return a complaint for each key whose value is not possible, beginning with the key."""
        edges = self.peak_edges_m
        rising = all(low < high for low, high in pairwise(edges))
        kinds = ", ".join(SourceKind)
        expected = {
            "positives": (0 <= self.positives <= _MOST_PATCHES, f"0 to {_MOST_PATCHES}"),
            "negatives": (0 <= self.negatives <= _MOST_PATCHES, f"0 to {_MOST_PATCHES}"),
            "peak_edges_m": (
                len(edges) > 1 and rising and edges[0] > 0,
                "two or more metres, each larger than the one before, the first above 0",
            ),
            "kinds": (
                bool(self.kinds) and set(self.kinds) <= set(SourceKind),
                f"one or more of {kinds}",
            ),
            "size_pixels": (
                _SMALLEST_SIZE <= self.size_pixels <= _LARGEST_SIZE,
                f"{_SMALLEST_SIZE} to {_LARGEST_SIZE}",
            ),
            "step_degrees": (0 < self.step_degrees < 0.1, "degrees of a pixel, such as 0.001"),  # noqa: PLR2004
            "headings_degrees": (bool(self.headings_degrees), "one or more headings"),
            "incidence_degrees": (
                15 <= self.incidence_degrees[0] <= self.incidence_degrees[1] <= 60,  # noqa: PLR2004
                "the least and the greatest, 15 to 60",
            ),
            "latitudes_degrees": (
                -85 <= self.latitudes_degrees[0] <= self.latitudes_degrees[1] <= 85,  # noqa: PLR2004
                "the least and the greatest, -85 to 85",
            ),
            "spans_days": (bool(self.spans_days) and min(self.spans_days) > 0, "1 or more days"),
            "least_signal": (self.least_signal >= 0, "0 or more"),
            "visible_share": (0 <= self.visible_share < 1, "0 or more, below 1"),
        }
        return [
            f"{key} is {getattr(self, key)}: give {words}"
            for key, (right, words) in expected.items()
            if not right
        ]


@dataclass(frozen=True)
class PatchScenario:
    """Everything that decides the bytes of a patch set."""

    name: str
    """Of the file."""
    seed: int
    patches: Patches
    summary: str = ""
    ranges: SourceRanges = field(default_factory=SourceRanges)
    """From which the sources are drawn, before their strength is set to the peak."""
    ground: Ground = field(default_factory=Ground)
    weather: Weather = field(default_factory=Weather)
    coherence: LandCoherence = field(default_factory=LandCoherence)
    processing: Processing = field(default_factory=Processing)

    def __post_init__(self) -> None:
        if self.seed < 0:
            message = f"seed is {self.seed}: give 0 or more"
            raise BadInputError(message)
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
