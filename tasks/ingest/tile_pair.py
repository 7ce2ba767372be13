"""What a worker does to tile a pair: read its two products, encode them, write its slot."""

import socket
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from catalogs.cubes.cube import PairTile, write_slot
from catalogs.home.home import Home
from catalogs.rasters.grid import Window
from catalogs.rasters.ranges import NumbersSeen
from catalogs.rasters.reading import ProductWindow
from catalogs.records import DatePair, Product
from fringewatch.errors import CorruptProductError, GridMismatchError, HomeError, StoreError
from insar_models.phase.codes import encode_phase
from tasks.ingest.granules import CutBesideError, read_granule
from tasks.records import FrameRequest


@dataclass(frozen=True)
class PairSlot:
    """A pair to tile, and its place in the cube."""

    pair: DatePair
    slot: int
    held: str | None = None
    """Hash of the tile that the slot holds already; None where there is none, or a damaged one."""
    phase: Product = Product.DIFF_PHA
    """The product that its phase is read from."""


@dataclass(frozen=True)
class TilingOutcome:
    """What became of a pair: its tile's hash, or why it is refused, or what ends the run."""

    sha256: str = ""
    """Of the tile in the cube, see `PairTile.sha256`; empty if the pair is not in the cube."""
    written: bool = False
    """False where the cube held these bytes already."""
    refusal: str = ""
    """What is wrong with the pair's files."""
    cut_beside: bool = False
    """Whether nothing is wrong with them, but that the window that was brought is not the one."""
    refused: Product | None = None
    """The product that is wrong; None if it takes both to say so."""
    seen: tuple[NumbersSeen, ...] = ()
    """The range of the numbers of each product, phase first."""
    resampled_from: str = ""
    """The phase's own grid in words, where it was resampled to the lattice."""
    unseen: Product | None = None
    """A product of which there is no file where the work was done."""
    worked_at: str = ""
    """The machine, for the error's words."""
    stop: HomeError | StoreError | None = None
    """What is wrong with the home or the cube, and would be with the next pair."""


def tile_some(
    home: Home, request: FrameRequest, window: Window, some: Sequence[PairSlot]
) -> tuple[TilingOutcome, ...]:
    """Return what became of a few pairs, whose windows are now in their slots, in their order.

    Any process may do it, at the same time as others do other pairs. What comes after one that
    ends the run is left out.
    """
    found: list[TilingOutcome] = []
    for item in some:
        found.append(_tile_pair(home, request, window, item))
        if found[-1].stop:
            break
    return tuple(found)


def _tile_pair(home: Home, request: FrameRequest, window: Window, item: PairSlot) -> TilingOutcome:
    """What became of one pair."""
    pair = item.pair
    needed = item.phase.needed
    unseen = next((p for p in needed if not lies_here(home, request, pair, p)), None)
    windows: list[ProductWindow] = []
    try:
        for product in needed:
            windows.append(read_granule(home, request, pair, product, window))  # noqa: PERF401 - counted
        tile = _tile_of(pair, *windows)
        made = TilingOutcome(
            tile.sha256,
            seen=tuple(one.seen for one in windows),
            resampled_from=windows[0].resampled_from,
        )
        if item.held is not None and tile.sha256 == item.held:
            return made
        write_slot(home.cube(request.volcano.slug, request.frame), item.slot, tile)
        return replace(made, written=True)
    except (CorruptProductError, GridMismatchError) as error:
        refused = dict(enumerate(needed)).get(len(windows))
        host = socket.gethostname()
        return TilingOutcome(
            refusal=str(error),
            cut_beside=isinstance(error, CutBesideError),
            refused=refused,
            unseen=unseen,
            worked_at=host,
        )
    except (HomeError, StoreError) as error:
        return TilingOutcome(stop=error)


def lies_here(home: Home, request: FrameRequest, pair: DatePair, product: Product) -> bool:
    """Whether a product of a pair, whole or the window, is a file that this machine sees."""
    window = home.window(request.volcano.slug, request.frame, pair, product)
    return window.is_file() or home.granule(request.frame, pair, product).is_file()


def home_anywhere(home: Home) -> Home:
    """Return the home as processes find it that run in another folder than this one."""
    folder = home.kept.path
    storage = str(folder.absolute()) if home.storage and folder else home.storage
    return Home(home.root.absolute(), storage)


def _tile_of(pair: DatePair, phase: ProductWindow, coherence: ProductWindow) -> PairTile:
    bytes_of_coherence = coherence.values.astype(np.uint8)
    codes = encode_phase(phase.values.astype(np.float32), bytes_of_coherence > 0)
    if not codes.any():
        message = "the volcano's window holds no data: the pair is cut or the burst is missing"
        raise CorruptProductError(message)
    return PairTile(pair, codes, bytes_of_coherence)
