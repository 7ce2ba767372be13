"""What every source of patches does: it lists its pieces, surveys one, and reads patches again."""

import dataclasses
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from catalogs.corpora.candidate import NO_LABEL, Candidate
from catalogs.records import DatePair
from fringewatch.errors import StoreError
from fringewatch.numbers import COHERENCE_SCALE, NO_DATA_CODE, PATCH_SIZE
from insar_models.phase.quality import measure_quality
from insar_models.phase.symmetries import patch_sha256, shape_sha256
from insar_models.phase.window_patches import PATCH_ORIGINS, PatchOrigin, cut_patch

_DECIMALS = 6

Origin = TypeVar("Origin")


@dataclass(frozen=True)
class Item:
    """A piece of a source that one worker surveys: pairs of a cube, pictures, or scenes."""

    source: int
    """Place of the source in the recipe."""
    location: str
    """The cube; empty where a source has no such parts."""
    first: int = 0
    """The first of its pairs, pictures or scenes, in the source's own order."""
    count: int = 1


@dataclass(frozen=True)
class PatchKey:
    """Where a source finds one of its patches again."""

    location: str
    """As in the patch's candidate."""
    pair: DatePair | None
    """None where the location alone says which interferogram it is."""
    row: int
    column: int

    @classmethod
    def of(cls, candidate: Any) -> "PatchKey":
        """Return the key of the patch of a candidate, or of a plan's row as a named tuple."""
        dates = (candidate.primary, candidate.secondary)
        pair = DatePair(dates[0], dates[1]) if dates[0] and dates[1] else None
        return cls(candidate.location, pair, candidate.row, candidate.column)


class PatchSource(Protocol):
    """A source of patches; a frozen record that travels to workers.

    What it gives depends on its content alone: not on the worker, nor on what was asked before.
    """

    def items(self) -> tuple[Item, ...]:
        """Return the pieces to survey, always in the same order.

        Raises
        ------
        BadInputError
            If the source holds nothing, or not what the recipe names.
        """

    def survey(self, item: Item) -> list[Candidate]:
        """Return all patches of a piece, in order; what is bad is a candidate with its problem."""

    def read(self, keys: Sequence[PatchKey]) -> NDArray[np.uint8]:
        """Return the bytes of patches as they were surveyed, shape (n, 224, 224), in their order.

        Raises
        ------
        StoreError
            If one is not there any more or cannot be read; the message names it.
        """


def unread_candidate(source: int, kind: str, location: str, problem: str = "") -> Candidate:
    """Return a candidate of which nothing is known but where it comes from."""
    return Candidate(
        source=source,
        kind=kind,
        location=location,
        volcano="",
        frame="",
        primary=None,
        secondary=None,
        row=0,
        column=0,
        rotation=0,
        label=NO_LABEL,
        part="",
        north=math.nan,
        west=math.nan,
        source_sha256="",
        sha256="",
        shape_sha256="",
        valid_fraction=0.0,
        coherence_mean=math.nan,
        phasor_coherence=math.nan,
        fringe_rate=math.nan,
        equal_share=math.nan,
        problem=problem,
    )


def measured_candidate(
    candidate: Candidate, codes: NDArray[np.uint8], shape: NDArray[np.uint8] | None = None
) -> Candidate:
    """Return the candidate with all that its bytes say.

    Parameters
    ----------
    candidate
        As far as it is known.
    codes
        uint8, (224, 224).
    shape
        What twins of the patch have in common, if that is not the patch itself.
    """
    quality = measure_quality(codes)
    return dataclasses.replace(
        candidate,
        sha256=patch_sha256(codes),
        shape_sha256=shape_sha256(codes if shape is None else shape),
        valid_fraction=quality.valid_fraction,
        phasor_coherence=quality.phasor_coherence,
        fringe_rate=quality.fringe_rate,
        equal_share=quality.equal_share,
    )


def pieces_of(source: int, count: int, in_one: int) -> tuple[Item, ...]:
    """Return the pieces of a source of so many pictures or scenes, `in_one` to a piece."""
    firsts = range(0, count, in_one)
    return tuple(Item(source, "", first, min(in_one, count - first)) for first in firsts)


def is_a_patch(_: NDArray[np.uint8], key: PatchKey) -> bool:
    """Whether a key is that of one of the nine patches of a window."""
    return PatchOrigin(key.row, key.column) in PATCH_ORIGINS


def read_by_origin(
    keys: Sequence[PatchKey],
    origin_of: Callable[[PatchKey], Origin],
    read: Callable[[Origin], NDArray[np.uint8]],
    allowed: Callable[[NDArray[np.uint8], PatchKey], bool],
) -> NDArray[np.uint8]:
    """Return the patches of `keys` in their order; what several are cut from is read once.

    Parameters
    ----------
    keys
        In any order.
    origin_of
        What a patch is cut from: a picture, a pair of a cube, a scene.
    read
        Its phase bytes, uint8 (H, W).
    allowed
        Whether the source cuts such a patch from them.

    Raises
    ------
    StoreError
        If a key is not allowed, and whatever `read` raises.
    """
    patches = np.empty((len(keys), PATCH_SIZE, PATCH_SIZE), dtype=np.uint8)
    places: dict[Origin, list[int]] = {}
    for place, key in enumerate(keys):
        places.setdefault(origin_of(key), []).append(place)
    for origin, wanted in places.items():
        codes = read(origin)
        for place in wanted:
            key = keys[place]
            if not allowed(codes, key):
                message = (
                    f"{key.location} has no patch at row {key.row}, column {key.column} any more: "
                    "it has changed since the corpus was planned; plan it again"
                )
                raise StoreError(message)
            patches[place] = cut_patch(codes, key.row, key.column)
    return patches


def coherence_mean(codes: NDArray[np.uint8], coherence: NDArray[np.uint8]) -> float:
    """Mean coherence of a patch where it has both phase and coherence, 0 to 1; NaN if nowhere.

    Parameters
    ----------
    codes, coherence
        uint8, both of shape (224, 224); phase bytes and coherence bytes, 0 = no data.
    """
    valid = (codes != NO_DATA_CODE) & (coherence > 0)
    if not valid.any():
        return math.nan
    # A sum of bytes is exact, in any order.
    total = int(coherence[valid].sum(dtype=np.int64))
    return round(total * COHERENCE_SCALE / int(valid.sum()), _DECIMALS)
