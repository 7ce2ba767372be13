"""The published way to training batches: a PNG file and two views at a time, on the CPU.

Bountos et al. (2022) train with torch's DataLoader and albumentations 0.5.2. What that library
does is written out here with numpy, scipy and PIL, in the steps of
`insar_models.augmentation.paper`, each with probability 0.8. The elastic field is in: two Gaussian
means of sigma 50 over random numbers, by scipy as there. Pictures are grey until noise makes three
channels of them, which is kinder than theirs, that have three from the start.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import affine_transform, correlate1d, gaussian_filter, map_coordinates
from torch.utils.data import Dataset

from insar_models.encoders.phasor_inputs import GREY_MEAN, GREY_SPREAD

_PROBABILITY: Final = 0.8
_ALPHA, _SIGMA, _JITTER_PIXELS = 1.0, 50.0, 50.0
_HOLES, _HOLE_PIXELS = 8, 8
_WHITE: Final = 255.0

Picture = NDArray[np.uint8]


class PaperPatches(Dataset[tuple[torch.Tensor, torch.Tensor]]):
    """Pairs of views of PNG files, each float32 (3, size, size), normalised.

    Parameters
    ----------
    folder
        Of grey PNG files, all of one size.
    size
        Pixels of what the net sees: means over whole boxes.
    reduced_first
        Whether to reduce before the views are made, as our engine does, or after.
    """

    def __init__(self, folder: Path, size: int, *, reduced_first: bool) -> None:
        self._paths = sorted(folder.glob("*.png"))
        self._size, self._reduced_first = size, reduced_first

    def __len__(self) -> int:
        return len(self._paths)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, torch.Tensor]:
        with Image.open(self._paths[index]) as opened:
            picture = np.asarray(opened.convert("L"))
        if self._reduced_first:
            picture = boxes(picture, self._size).astype(np.uint8)
        generator = np.random.default_rng(np.random.randint(2**31))  # noqa: NPY002 - the worker's
        return self._view(picture, generator), self._view(picture, generator)

    def _view(self, picture: Picture, generator: np.random.Generator) -> torch.Tensor:
        seen = boxes(augmented(picture, generator), self._size)
        normalised = (seen.astype(np.float32) - GREY_MEAN) / GREY_SPREAD
        return torch.from_numpy(np.ascontiguousarray(normalised.transpose(2, 0, 1), np.float32))


def boxes(picture: NDArray[np.generic], size: int) -> NDArray[np.float32]:
    """Return means over whole boxes, float32 (size, size, ...)."""
    box = len(picture) // size
    parts = picture.reshape(size, box, size, box, *picture.shape[2:])
    means: NDArray[np.float32] = parts.mean(axis=(1, 3), dtype=np.float32)
    return means


def augmented(picture: Picture, generator: np.random.Generator) -> Picture:
    """Return a view of a grey picture (H, W): uint8 (H, W, 3)."""
    steps: tuple[Callable[[Picture, np.random.Generator], Picture], ...] = (
        lambda one, _: one[:, ::-1],
        lambda one, _: one[::-1],
        elastic,
        dropout,
        brightened,
        blurred,
    )
    for step in steps:
        if generator.random() < _PROBABILITY:
            picture = step(picture, generator)
    coloured = np.repeat(picture[:, :, None], 3, axis=2)
    return noisy(coloured, generator) if generator.random() < _PROBABILITY else coloured


def elastic(picture: Picture, generator: np.random.Generator) -> Picture:
    """Return a picture moved by an affine map of three points, then by a random smooth field."""
    side = len(picture)
    middle, reach = side // 2, side // 3
    points = np.array(
        [[middle + reach] * 2, [middle + reach, middle - reach], [middle - reach] * 2], float
    )
    moved = points + generator.uniform(-_JITTER_PIXELS, _JITTER_PIXELS, points.shape)
    # From places in the view (x, y, 1) back to those in the picture; scipy wants rows first.
    back = np.linalg.solve(np.column_stack([moved, np.ones(3)]), points).T[::-1, [1, 0, 2]]
    turned = affine_transform(picture, back[:, :2], back[:, 2], order=1, mode="mirror")
    fields = [
        gaussian_filter(generator.random((side, side)) * 2 - 1, _SIGMA) * _ALPHA for _ in range(2)
    ]
    rows, columns = np.mgrid[:side, :side].astype(np.float32)
    places = (rows + fields[0], columns + fields[1])
    warped: Picture = map_coordinates(turned, places, order=1, mode="mirror")
    return warped


def dropout(picture: Picture, generator: np.random.Generator) -> Picture:
    """Return a picture with black squares."""
    picture = picture.copy()
    half = _HOLE_PIXELS // 2
    for row, column in generator.integers(0, len(picture), (_HOLES, 2)):
        picture[max(0, row - half) : row + half, max(0, column - half) : column + half] = 0
    return picture


def brightened(picture: Picture, generator: np.random.Generator) -> Picture:
    """Return a picture times 0.9 to 1.1: by a table of 256 levels, as their library does it."""
    levels = np.arange(256) * generator.uniform(0.9, 1.1)
    table: Picture = np.clip(levels, 0, _WHITE).astype(np.uint8)
    return table[picture]


def blurred(picture: Picture, generator: np.random.Generator) -> Picture:
    """Return a Gaussian mean over 3, 5 or 7 pixels."""
    size = int(generator.choice([3, 5, 7]))
    sigma = 0.3 * ((size - 1) * 0.5 - 1) + 0.8
    weights = np.exp(-0.5 * (np.arange(-(size // 2), size // 2 + 1) / sigma) ** 2)
    mean = picture.astype(np.float32)
    for axis in (0, 1):
        mean = correlate1d(mean, weights / weights.sum(), axis, mode="mirror")
    return np.rint(mean).astype(np.uint8)


def noisy(picture: Picture, generator: np.random.Generator) -> Picture:
    """Return a picture with noise of its own in each channel."""
    noise = generator.normal(0.0, np.sqrt(generator.uniform(10.0, 50.0)), picture.shape)
    return np.clip(picture + noise, 0, _WHITE).astype(np.uint8)
