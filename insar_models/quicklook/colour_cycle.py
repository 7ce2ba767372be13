"""A cyclic colour scale, with the colours that arise where pixels of it are averaged.

A quicklook is a rendered interferogram that was made smaller: each of its pixels is the mean
colour of about eleven. Where they agree the mean lies on the scale; where they scatter it moves
towards the scale's grey centre. So a colour tells two things, the phase and how well the averaged
pixels agreed, and a disc-shaped surface through colour space (angle = phase, radius = agreement)
holds every colour that such a picture can show.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

STEPS = 256
_RADII = np.linspace(0.0, 1.0, 21)


def phase_steps() -> NDArray[np.float64]:
    """Phases of one cycle, radians, float64 (STEPS,), centred in equal steps from -pi to pi."""
    middles = np.arange(STEPS, dtype=np.float64) + 0.5
    return np.asarray(middles * (2.0 * np.pi / STEPS) - np.pi, dtype=np.float64)


def brightest(colours: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the highest channel of each pixel (..., 3), ten times as quickly as numpy's `max`."""
    return np.maximum(np.maximum(colours[..., 0], colours[..., 1]), colours[..., 2])


def darkest(colours: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the lowest channel of each pixel (..., 3)."""
    return np.minimum(np.minimum(colours[..., 0], colours[..., 1]), colours[..., 2])


def distinct(colours: NDArray[np.uint8]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the colours that occur, (k, 3), and for each pixel (..., 3) the place of its own.

    A picture has far fewer colours than pixels, and a search takes microseconds a colour.
    """
    codes = colours.astype(np.int32) @ np.array([1 << 16, 1 << 8, 1], dtype=np.int32)
    seen, inverse = np.unique(codes, return_inverse=True)
    channels = np.stack([seen >> 16, (seen >> 8) & 255, seen & 255], axis=-1).astype(np.int64)
    return channels, inverse.reshape(codes.shape)


class ColourCycle:
    """Nearest-neighbour search on the disc that a cyclic colour scale spans.

    Parameters
    ----------
    scale
        float (STEPS, axes): the colour at each phase of `phase_steps`, in any linear colour space.
    """

    def __init__(self, scale: NDArray[np.floating]) -> None:
        phasors = _RADII[:, np.newaxis] * np.exp(1j * phase_steps())
        # The tree gives the place behind the last one where nothing is near.
        self._with_none = np.append(phasors.astype(np.complex64).ravel(), np.complex64(0))
        self._disc = cKDTree(_mean_colours(scale).reshape(-1, scale.shape[-1]))

    def nearest(
        self, colours: NDArray[np.floating], within: float = np.inf
    ) -> tuple[NDArray[np.complex64], NDArray[np.float64]]:
        """Mean phasor that each colour shows, and how far the colour lies off the disc.

        Parameters
        ----------
        colours
            float (n, axes), in the space of the scale.
        within
            Distance beyond which nobody asks: the phasor is then 0 and the distance infinite. A
            small one makes the search several times as quick.

        Returns
        -------
        tuple
            complex64 (n,), angle = phase, modulus 0 to 1 = agreement of the averaged pixels; and
            float64 (n,), distance to the disc in units of the colour space.
        """
        distance, index = self._disc.query(colours, distance_upper_bound=within)
        return self._with_none[index], np.asarray(distance, dtype=np.float64)

    def places(self, colours: NDArray[np.floating]) -> NDArray[np.int16]:
        """Return for each colour (n, axes) the place of what is nearest, for `phasors_at`."""
        _, index = self._disc.query(colours)
        return np.asarray(index, dtype=np.int16)

    def phasors_at(self, places: NDArray[np.int16]) -> NDArray[np.complex64]:
        """Return the mean phasors at places, complex64 of their shape."""
        return self._with_none[places]


class RememberedPlane:
    """A search on a disc in a plane that asks for each small square of it once.

    Pictures of varying brightness have nearly as many colours as pixels, and the same few thousand
    squares. A square is a thousandth wide and stands for its middle: phases differ by 0.002 rad.

    Parameters
    ----------
    cycle
        Of two axes, each from -1 to 1.
    """

    _SIDE = 2048
    _UNKNOWN = -1

    def __init__(self, cycle: ColourCycle) -> None:
        self._cycle = cycle
        self._known = np.full(self._SIDE**2, self._UNKNOWN, dtype=np.int16)

    def phasors(self, plane: NDArray[np.complex128]) -> NDArray[np.complex64]:
        """Return the mean phasor that each point shows, complex64 of their shape.

        Parameters
        ----------
        plane
            Points as complex numbers, both parts from -1 to 1, any shape.
        """
        row, column = (
            np.clip((part + 1.0) * (self._SIDE / 2), 0, self._SIDE - 1).astype(np.int32)
            for part in (plane.imag, plane.real)
        )
        square = row * self._SIDE + column
        found = self._known[square]
        if (found == self._UNKNOWN).any():
            # What two threads find is the same.
            asked = np.unique(square[found == self._UNKNOWN])
            middles = np.stack([asked % self._SIDE, asked // self._SIDE], axis=-1) + 0.5
            self._known[asked] = self._cycle.places(middles * (2 / self._SIDE) - 1.0)
            found = self._known[square]
        return self._cycle.phasors_at(found)


def _mean_colours(scale: NDArray[np.floating]) -> NDArray[np.float64]:
    """Mean colour of pixels whose phases scatter about each phase; float64 (radii, STEPS, axes).

    The scatter is a wrapped normal distribution with resultant length r, which damps the n-th
    harmonic of the scale by r ** (n * n).
    """
    harmonics = np.abs(np.fft.fftfreq(STEPS, d=1.0 / STEPS))
    damping = _RADII[:, np.newaxis] ** (harmonics**2)
    spectrum = np.fft.fft(scale, axis=0)
    return np.asarray(np.fft.ifft(damping[..., np.newaxis] * spectrum, axis=1).real)
