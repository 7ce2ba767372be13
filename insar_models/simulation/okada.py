"""The ground above a rectangle that slips or opens in an elastic half-space.

Okada 1985, "Surface deformation due to shear and tensile faults in a half-space", Bull. Seismol.
Soc. Am. 75, 1135-1154: equations 25 to 30, in the coordinates of its figure 1. All arrays
broadcast, so that one call takes many points, many rectangles, or both.
"""

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fringewatch.errors import BadInputError
from insar_models.simulation.mogi import POISSON_RATIO

_Array: TypeAlias = NDArray[np.float64]
_Vector: TypeAlias = tuple[_Array, _Array, _Array]

_LEAST_COSINE = 1e-5
"""Of the dip: below it the vertical form is used, which is wrong by about the cosine; the general
form divides rounding errors by its square."""

_LEAST_SHARE = 1e-12
"""Of the depth: coordinates below it are rounding errors and count as zero, where the singular
terms have their rule. The limit must not differ between corners, or their terms cannot cancel."""


class Plane(NamedTuple):
    """Where the rectangle lies; each part a number or an array."""

    bottom_m: ArrayLike
    """Depth of the edge from which `width_m` leads up the dip; positive down."""
    dip_degrees: ArrayLike
    """-90 to 90. The plane rises towards positive `across_m`: it dips to the strike's right."""
    length_m: ArrayLike
    """Along strike, from 0 on."""
    width_m: ArrayLike
    """Along the dip; with a dip below 0 the rectangle reaches down from `bottom_m`."""


class Slip(NamedTuple):
    """How the upper side moves relative to the lower one; each part a number or an array."""

    strike_m: ArrayLike = 0.0
    """Positive is left-lateral."""
    dip_m: ArrayLike = 0.0
    """Positive is a thrust: the hanging wall goes up."""
    opening_m: ArrayLike = 0.0
    """Negative closes the rectangle."""


def rectangle_displacement(
    along_m: ArrayLike,
    across_m: ArrayLike,
    plane: Plane,
    slip: Slip,
    *,
    poisson_ratio: float = POISSON_RATIO,
) -> _Array:
    """Displacement of the ground: along strike, across it (to the left), up; shape (3, ...).

    Parameters
    ----------
    along_m, across_m
        Positions of the ground from the point above the beginning of the edge at `bottom_m`:
        along the strike, and horizontally to its left.
    plane, slip
        The rectangle. Its arrays and those of the positions broadcast together.
    poisson_ratio
        Of the half-space.

    Returns
    -------
    float64, in the unit of `slip`: metres. Finite everywhere: the singular terms of points that
    lie in the prolongation of an edge are zero, as Okada rules.

    Raises
    ------
    BadInputError
        If an edge lies at the ground or above it.

    Examples
    --------
    >>> sill = Plane(bottom_m=3000.0, dip_degrees=0.0, length_m=2000.0, width_m=2000.0)
    >>> rectangle_displacement(1000.0, 1000.0, sill, Slip(opening_m=1.0)).round(3).tolist()
    [0.0, 0.0, 0.179]
    """
    along, across = _array(along_m), _array(across_m)
    bottom, dip, length, width = (_array(part) for part in plane)
    sine, cosine = _sine_and_cosine(dip)
    _check_edges(bottom, bottom - width * sine)
    up_dip = across * cosine + bottom * sine
    normal = across * sine - bottom * cosine
    near = _LEAST_SHARE * bottom
    along_ends = _without_dust(along, near), _without_dust(along - length, near)
    up_dip_ends = _without_dust(up_dip, near), _without_dust(up_dip - width, near)
    normal = _without_dust(normal, near)
    shapes = map(np.shape, (along, across, *plane, *slip))
    total = np.zeros((3, *np.broadcast_shapes(*shapes)))
    rigidity = 1 - 2 * poisson_ratio  # mu / (lambda + mu)
    for (end, xi), (edge, eta) in itertools.product(enumerate(along_ends), enumerate(up_dip_ends)):
        corner = _corner(xi, eta, normal, sine, cosine)
        for amount, terms in _moved(corner, slip, rigidity):
            factor = (-1) ** (end + edge) / (2 * math.pi) * amount
            for component, term in enumerate(terms):
                total[component] += factor * term
    return total


def _array(part: ArrayLike) -> _Array:
    return np.asarray(part, dtype=np.float64)


def _without_dust(part: _Array, near: _Array) -> _Array:
    return np.where(np.abs(part) < near, 0.0, part)


def _sine_and_cosine(dip_degrees: _Array) -> tuple[_Array, _Array]:
    """Of the dip; one that is vertical to within a thousandth of a degree is made exactly so."""
    dip = np.radians(dip_degrees)
    cosine = np.cos(dip)
    vertical = np.abs(cosine) < _LEAST_COSINE
    return np.where(vertical, np.sign(dip), np.sin(dip)), np.where(vertical, 0.0, cosine)


def _check_edges(bottom_m: _Array, top_m: _Array) -> None:
    shallowest = min(float(np.min(bottom_m, initial=np.inf)), float(np.min(top_m, initial=np.inf)))
    if not shallowest > 0:
        message = (
            f"the rectangle reaches up to a depth of {shallowest:g} m: it must end below the "
            "ground; make bottom_m larger or width_m smaller"
        )
        raise BadInputError(message)


@dataclass(frozen=True, eq=False)
class _Corner:
    """What all terms of one corner share; names as in the paper, `x` for its capital X."""

    xi: _Array
    eta: _Array
    q: _Array
    sine: _Array
    cosine: _Array
    r: _Array
    y: _Array
    d: _Array
    r_eta: _Array
    """1 / (R (R + eta)), 0 where R + eta is 0."""
    r_xi: _Array
    log_eta: _Array
    angle: _Array
    """atan(xi eta / (q R)), 0 where q is 0."""


def _corner(xi: _Array, eta: _Array, q: _Array, sine: _Array, cosine: _Array) -> _Corner:
    """What the formulas need at a corner of the rectangle (Okada 1985, eq. 25 to 30)."""
    r = np.sqrt(xi * xi + eta * eta + q * q)
    sum_eta = _radius_plus(r, eta, xi * xi + q * q)
    sum_xi = _radius_plus(r, xi, eta * eta + q * q)
    singular = sum_eta == 0
    return _Corner(
        xi=xi,
        eta=eta,
        q=q,
        sine=sine,
        cosine=cosine,
        r=r,
        y=eta * cosine + q * sine,
        d=eta * sine - q * cosine,
        r_eta=_inverse(r * sum_eta),
        r_xi=_inverse(r * sum_xi),
        log_eta=np.where(singular, -1.0, 1.0) * np.log(np.where(singular, r - eta, sum_eta)),
        angle=np.arctan(xi * eta * _inverse(q * r)),
    )


def _radius_plus(r: _Array, part: _Array, others_sq: _Array) -> _Array:
    """R plus one of its coordinates, without loss where that is nearly -R."""
    size = r + np.abs(part)
    return np.where(part < 0, others_sq / size, size)


def _inverse(value: _Array) -> _Array:
    zero = value == 0
    return np.where(zero, 0.0, 1.0 / np.where(zero, 1.0, value))


def _moved(corner: _Corner, slip: Slip, rigidity: float) -> Iterator[tuple[_Array, _Vector]]:
    """Each kind of slip that is not zero everywhere, with its bracket of equations 25 to 27."""
    strike, dip, opening = (_array(part) for part in slip)
    integrals = _integrals(corner, rigidity)
    if strike.any():
        yield -strike, _strike_slip(corner, integrals)
    if dip.any():
        yield -dip, _dip_slip(corner, integrals)
    if opening.any():
        yield opening, _tensile(corner, integrals)


def _strike_slip(at: _Corner, integrals: "_Integrals") -> _Vector:
    edge = at.q * at.r_eta
    return (
        at.xi * edge + at.angle + integrals.i1 * at.sine,
        at.y * edge + at.r * edge * at.cosine + integrals.i2 * at.sine,
        at.d * edge + at.r * edge * at.sine + integrals.i4 * at.sine,
    )


def _dip_slip(at: _Corner, integrals: "_Integrals") -> _Vector:
    edge = at.q * at.r_xi
    both = at.sine * at.cosine
    return (
        at.q / at.r - integrals.i3 * both,
        at.y * edge + at.cosine * at.angle - integrals.i1 * both,
        at.d * edge + at.sine * at.angle - integrals.i5 * both,
    )


def _tensile(at: _Corner, integrals: "_Integrals") -> _Vector:
    edge = at.q * at.r_xi
    sine_sq = at.sine * at.sine
    turn = at.xi * at.q * at.r_eta - at.angle
    return (
        at.q * at.q * at.r_eta - integrals.i3 * sine_sq,
        -at.d * edge - at.sine * turn - integrals.i1 * sine_sq,
        at.y * edge + at.cosine * turn - integrals.i5 * sine_sq,
    )


class _Integrals(NamedTuple):
    """I1 to I5 of equations 28 (general dip) and 29 (vertical)."""

    i1: _Array
    i2: _Array
    i3: _Array
    i4: _Array
    i5: _Array


def _integrals(at: _Corner, rigidity: float) -> _Integrals:
    vertical = at.cosine == 0
    if vertical.all():
        return _vertical_integrals(at, rigidity)
    general = _general_integrals(at, rigidity)
    if not vertical.any():
        return general
    upright = _vertical_integrals(at, rigidity)
    chosen = (np.where(vertical, *pair) for pair in zip(upright, general, strict=True))
    return _Integrals(*chosen)


def _general_integrals(at: _Corner, rigidity: float) -> _Integrals:
    """Okada's I1 to I5 for a plane that does not stand upright."""
    cosine = np.where(at.cosine == 0, 1.0, at.cosine)
    slope = at.sine / cosine
    x = np.sqrt(at.xi * at.xi + at.q * at.q)
    below = at.r + at.d
    above = at.eta * (x + at.q * cosine) + x * (at.r + x) * at.sine
    i5 = 2 * rigidity / cosine * np.arctan(above * _inverse(at.xi * (at.r + x) * cosine))
    i4 = rigidity / cosine * (np.log(below) - at.sine * at.log_eta)
    i3 = rigidity * (at.y / (cosine * below) - at.log_eta) + slope * i4
    i1 = -rigidity * at.xi / (cosine * below) - slope * i5
    return _Integrals(i1, -rigidity * at.log_eta - i3, i3, i4, i5)


def _vertical_integrals(at: _Corner, rigidity: float) -> _Integrals:
    below = at.r + at.d
    i5 = -rigidity * at.xi * at.sine / below
    i4 = -rigidity * at.q / below
    i3 = rigidity / 2 * (at.eta / below + at.y * at.q / (below * below) - at.log_eta)
    i1 = -rigidity / 2 * at.xi * at.q / (below * below)
    return _Integrals(i1, -rigidity * at.log_eta - i3, i3, i4, i5)
