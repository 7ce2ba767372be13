"""The eight turned and mirrored forms of a square patch, and hashes that know a patch by them."""

import hashlib
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

FORMS: Final = tuple((turns, mirrored) for mirrored in (False, True) for turns in range(4))
"""Quarter turns and whether mirrored, of each of the eight forms; the first is the patch itself."""

Pixel = TypeVar("Pixel", bound=np.generic)


def turned(patch: NDArray[Pixel], quarter_turns: int, *, mirrored: bool = False) -> NDArray[Pixel]:
    """The patch mirrored first, if at all, and then turned; a view of it.

    Parameters
    ----------
    patch
        Shape (..., H, W), any dtype: the last two axes are turned, a stack as one.
    quarter_turns
        Counter-clockwise, as in `numpy.rot90`; any whole number.
    mirrored
        Whether left and right are exchanged before the turn.
    """
    return np.rot90(patch[..., ::-1] if mirrored else patch, quarter_turns, axes=(-2, -1))


def undone(patch: NDArray[Pixel], quarter_turns: int, *, mirrored: bool = False) -> NDArray[Pixel]:
    """The patch that `turned` has made into `patch` with the same two words; a view of it."""
    back = np.rot90(patch, -quarter_turns, axes=(-2, -1))
    return back[..., ::-1] if mirrored else back


def eight_forms(patch: NDArray[Pixel]) -> tuple[NDArray[Pixel], ...]:
    """The eight forms of a patch in the order of `FORMS`, as views; shapes (..., H, W)."""
    return tuple(turned(patch, turns, mirrored=mirrored) for turns, mirrored in FORMS)


def patch_sha256(codes: NDArray[np.uint8]) -> str:
    """SHA-256 of the bytes row by row, 64 hexadecimal digits.

    Two patches of one size have the same if and only if they have the same bytes.
    """
    return hashlib.sha256(np.ascontiguousarray(codes).data).hexdigest()


def shape_sha256(codes: NDArray[np.uint8]) -> str:
    """The smallest `patch_sha256` of the eight forms: equal for a patch and its twins, only."""
    return min(patch_sha256(form) for form in eight_forms(codes))
