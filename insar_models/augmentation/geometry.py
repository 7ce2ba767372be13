"""Where each pixel of a view comes from: crop, affine map and elastic field in one resampling.

The three are composed to one map of places, so that phasors are interpolated once. What the map
takes from beyond the patch is no data: reflected fringes would be fringes of no source.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, ClassVar, Final

import numpy as np
import torch
from numpy.typing import NDArray
from typing_extensions import override

from fringewatch.checked_fields import Limits, Share
from fringewatch.errors import BadInputError
from insar_models.augmentation.draws import Draws, Stream, joined, spread
from insar_models.augmentation.piece import Piece, Span, SpanFromZero, scale_of
from insar_models.augmentation.resample import resampled
from insar_models.encoders.inputs import Phasors

_COARSE: Final = 16
"""Side of the map on which a view is tried before it is made."""

_STEEPEST: Final = 0.48
"""Largest displacement in spacings of control points: within it a field of cubic splines in two
dimensions does not fold (Choi and Lee 2000)."""


@dataclass(frozen=True, kw_only=True)
class Geometry(Piece):
    """Another cut of a patch: nearer, turned, sheared and bent.

    A view that would keep too little of what a patch holds is that of the whole patch instead.
    """

    stream: ClassVar[Stream] = Stream.GEOMETRY

    probability: Share = 0.9
    area: Annotated[Span, Limits(0.01, 4.0)] = (0.5, 1.0)
    """Of the patch that the view shows: a crop, anywhere in the patch, enlarged."""
    aspect: Annotated[float, Limits(1.0, 10.0)] = 1.25
    """Greatest ratio of the sides of the crop."""
    turn_degrees: Annotated[float, Limits(0.0, 180.0)] = 20.0
    """Greatest rotation, either way."""
    shear: Annotated[float, Limits(0.0, 2.0)] = 0.15
    """Greatest shear, either way."""
    elastic_pixels: SpanFromZero = (0.0, 6.0)
    """Standard deviation of the displacement of control points, between these two, at 224 x 224."""
    elastic_points: Annotated[int, Limits(2, 64)] = 6
    """Control points along a side; a cubic spline leads through the field between them."""
    least_kept: Share = 0.6
    """Of the view that must have data, relative to the patch."""

    @override
    def __post_init__(self) -> None:
        super().__post_init__()
        spacing = 224 / (self.elastic_points - 1)
        limits = Limits(0.0, _STEEPEST * spacing, "pixels")
        if not all(map(limits.hold, self.elastic_pixels)):
            message = f"Geometry: elastic_pixels={self.elastic_pixels}: give {limits}"
            raise BadInputError(message)

    @override
    def _changed(self, phasors: Phasors, draws: Draws) -> Phasors:
        side = phasors.field.shape[-1]
        matrix, shift = self._affine(draws)
        points = self._control_points(draws, side)
        tried = _places(matrix, shift, points, min(side, _COARSE))
        kept = _share_with_data(phasors.valid, tried)
        before = phasors.valid.flatten(1).sum(1, dtype=torch.int64) / side**2
        whole = kept < self.least_kept * before
        matrix = torch.where(whole.view(-1, 1, 1), torch.eye(2, device=whole.device), matrix)
        shift = shift.masked_fill(whole.view(-1, 1), 0.0)
        points = points.masked_fill(whole.view(-1, 1, 1, 1), 0.0)
        return resampled(phasors, _places(matrix, shift, points, side))

    def _affine(self, draws: Draws) -> tuple[torch.Tensor, torch.Tensor]:
        """Matrix (n, 2, 2) and shift (n, 2) from places of the view to those of the patch."""
        share, ratio, turn, shear, right, down = draws.uniform(6)
        half = np.sqrt(self.area[0] + (self.area[1] - self.area[0]) * share)
        stretch = np.sqrt(self.aspect ** (2 * ratio - 1))
        angle = np.radians(self.turn_degrees) * (2 * turn - 1)
        sheared = self.shear * (2 * shear - 1)
        cosine, sine = np.cos(angle), np.sin(angle)
        wide, high = half * stretch, half / stretch
        # Rotation times shear times size.
        entries = [
            cosine * wide,
            (cosine * sheared - sine) * high,
            sine * wide,
            (sine * sheared + cosine) * high,
        ]
        matrix = draws.to_device(joined(entries)).view(-1, 2, 2)
        # An upright crop lies within the patch; the corners of a turned one may not.
        middle = [
            (2 * place - 1) * np.maximum(0.0, 1.0 - extent)
            for place, extent in ((right, wide), (down, high))
        ]
        return matrix, draws.to_device(joined(middle))

    def _control_points(self, draws: Draws, side: int) -> torch.Tensor:
        """Displacements in half sides, (n, 2, points, points), cut where the field could fold."""
        elastic = draws.stream(Stream.ELASTIC)
        half_side = side / 2
        size = elastic.between(*self.elastic_pixels) * scale_of(side) / half_side
        count = self.elastic_points + 2  # a spline needs one more beyond each edge
        limit = _STEEPEST * 2 / (self.elastic_points - 1)
        points = elastic.normal(2, count, count).mul_(spread(elastic.to_device(size)))
        return points.clamp_(-limit, limit)


def _places(
    matrix: torch.Tensor, shift: torch.Tensor, points: torch.Tensor, side: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Columns and rows, each (n, side, side), from -1 to 1 between the edges of the patch."""
    across = (torch.arange(side, device=matrix.device) + 0.5) * (2 / side) - 1
    basis = _spline_basis(side, points.shape[-1], matrix.device)
    bent = torch.matmul(torch.matmul(basis, points), basis.T)
    column, row = bent[:, 0].add_(across), bent[:, 1].add_(across.view(-1, 1))
    factors = torch.cat([matrix, shift[:, :, None]], dim=2)[..., None, None]
    new_column, new_row = (
        torch.addcmul(own[:, 2], column, own[:, 0]).addcmul_(row, own[:, 1])
        for own in factors.unbind(1)
    )
    return new_column, new_row


def _share_with_data(
    valid: torch.Tensor, places: tuple[torch.Tensor, torch.Tensor]
) -> torch.Tensor:
    """Of the places, those within the patch that have data: shape (n,)."""
    count, _, height, width = valid.shape
    columns, rows = places
    column = ((columns + 1) * (width / 2)).floor().long()
    row = ((rows + 1) * (height / 2)).floor().long()
    inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
    index = row.clamp(0, height - 1) * width + column.clamp(0, width - 1)
    found = valid.flatten(1).gather(1, index.flatten(1)) & inside.flatten(1)
    return found.sum(1, dtype=torch.int64) / index[0].numel() if count else found.sum(1)


@lru_cache(maxsize=32)
def _spline_basis(side: int, points: int, device: torch.device) -> torch.Tensor:
    """Weights of uniform cubic B-splines at the centres of pixels, float32 (side, points)."""
    knots = points - 2
    place = (np.arange(side) + 0.5) / side * (knots - 1)
    distance: NDArray[np.float64] = np.abs(place[:, None] - (np.arange(points) - 1.0)[None])
    near = 2 / 3 - distance**2 + distance**3 / 2
    far = np.maximum(0.0, 2.0 - distance) ** 3 / 6
    basis = np.where(distance < 1.0, near, far).astype(np.float32)
    with torch.inference_mode(mode=False):
        return torch.from_numpy(basis).to(device)
