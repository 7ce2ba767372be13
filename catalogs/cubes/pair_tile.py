"""One pair's window of a volcano, as it goes into a cube."""

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from catalogs.records import DatePair


@dataclass(frozen=True, eq=False)
class PairTile:
    """One pair's window as it goes into a cube: two arrays of bytes, shape (size, size).

    Tiles are equal when their pairs and all their bytes are.
    """

    pair: DatePair
    phase: NDArray[np.uint8]
    coherence: NDArray[np.uint8]

    def __eq__(self, other: object) -> bool:
        """Compare pair and bytes."""
        return (
            isinstance(other, PairTile)
            and self.pair == other.pair
            and np.array_equal(self.phase, other.phase)
            and np.array_equal(self.coherence, other.coherence)
        )

    def __hash__(self) -> int:
        """Agree with equality."""
        return hash((self.pair, self.sha256))

    @property
    def sha256(self) -> str:
        """Hash of both arrays, row by row: what the ledger remembers of the tile."""
        digest = hashlib.sha256(np.ascontiguousarray(self.phase).data)
        digest.update(np.ascontiguousarray(self.coherence).data)
        return digest.hexdigest()
