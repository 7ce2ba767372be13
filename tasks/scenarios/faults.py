"""What goes wrong between satellite and portal: pairs and files that are not as they should be.

Each pair's fate is drawn by a generator of its own, so that it is the same in every run.
"""

import zlib
from dataclasses import astuple, dataclass
from enum import StrEnum

import numpy as np

from catalogs.records import DatePair, FrameId
from fringewatch.errors import BadInputError


class Fault(StrEnum):
    """What is wrong with a pair."""

    NONE = ""
    MISSING_PAIR = "missing pair"
    """It was never made, and is not listed."""
    MISSING_COHERENCE = "missing coherence"
    """Its phase is there alone."""
    CUT_FILE = "cut file"
    """Of its phase only the first half is there."""
    BLANK = "blank"
    """Its rasters hold no data at all."""


@dataclass(frozen=True)
class Faults:
    """Shares of the pairs, each 0 to 1, that have a fault; a pair has one at the most."""

    missing_pairs: float = 0.0
    missing_coherence: float = 0.0
    cut_files: float = 0.0
    blank_pairs: float = 0.0

    def __post_init__(self) -> None:
        shares = astuple(self)
        if min(shares) < 0 or sum(shares) > 1:
            named = ", ".join(f"{key}={share}" for key, share in vars(self).items())
            message = f"shares of faults ({named}) must be 0 or more, and 1 at the most together"
            raise BadInputError(message)

    def fault_of(self, seed: int, frame: FrameId, pair: DatePair) -> Fault:
        """Return what is wrong with one pair."""
        name = zlib.crc32(f"{frame} {pair}".encode())
        chance = float(np.random.default_rng([seed, name]).random())
        for fault, share in zip(list(Fault)[1:], astuple(self), strict=True):
            if chance < share:
                return fault
            chance -= share
        return Fault.NONE
