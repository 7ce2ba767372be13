"""Random generators by purpose: each field has its own, so that no other field changes it."""

import zlib
from collections.abc import Iterable
from enum import IntEnum

import numpy as np


class Stream(IntEnum):
    """What a generator is for: the same dates give other numbers for another purpose."""

    COAST = 1
    GROUND = 2
    TURBULENCE = 3
    DAY = 4
    PAIR_NOISE = 5
    TERRAIN = 6
    LAVA = 7
    STRATIFICATION = 8
    ORBIT = 9
    DATE_NOISE = 10
    BURSTS = 11
    LASTING = 12
    SEA_MASK = 13


def field_generator(
    seed: int, stream: Stream, track: str = "", numbers: Iterable[int] = ()
) -> np.random.Generator:
    """Return the generator of one purpose, of a track and of numbers (dates, say) where it has any.

    `seed` and all `numbers` are 0 or more.
    """
    return np.random.default_rng([seed, stream, zlib.crc32(track.encode()), *numbers])
