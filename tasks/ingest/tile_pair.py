"""What a worker does to tile a pair: read its two products, encode them, write its slot."""

import socket
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from catalogs.cubes.cube import PairTile, write_slot
from catalogs.home.home import Home
from catalogs.rasters.grid import Window
from catalogs.records import DatePair, Product
from fringewatch.errors import CorruptProductError, GridMismatchError, HomeError, StoreError
from insar_models.phase.codes import encode_phase
from tasks.ingest.granules import read_granule
from tasks.records import FrameRequest


@dataclass(frozen=True)
class PairSlot:
    """A pair to tile, and its place in the cube."""

    pair: DatePair
    slot: int
    held: str | None = None
    """Hash of the tile that the slot holds already; None where there is none, or a damaged one."""


@dataclass(frozen=True)
class PairTiled:
    """What became of a pair: its tile's hash, or why it is refused, or what ends the run."""

    sha256: str = ""
    """Of the tile in the cube, see `PairTile.sha256`; empty if the pair is not in the cube."""
    written: bool = False
    """False where the cube held these bytes already."""
    refusal: str = ""
    """What is wrong with the pair's files."""
    unseen: Product | None = None
    """A product of which there is no file where the work was done."""
    worked_at: str = ""
    """The machine, for the error's words."""
    stop: HomeError | StoreError | None = None
    """What is wrong with the home or the cube, and would be with the next pair."""


def tile_some(
    home: Home, request: FrameRequest, window: Window, some: Sequence[PairSlot]
) -> tuple[PairTiled, ...]:
    """Return what became of a few pairs, whose windows are now in their slots, in their order.

    Any process may do it, at the same time as others do other pairs. What comes after one that
    ends the run is left out.
    """
    found: list[PairTiled] = []
    for item in some:
        found.append(_tile_pair(home, request, window, item))
        if found[-1].stop:
            break
    return tuple(found)


def _tile_pair(home: Home, request: FrameRequest, window: Window, item: PairSlot) -> PairTiled:
    pair = item.pair
    unseen = next((p for p in Product if not lies_here(home, request, pair, p)), None)
    try:
        tile = _read_tile(home, request, pair, window)
        if item.held is not None and tile.sha256 == item.held:
            return PairTiled(item.held)
        place = home.cube(request.volcano.slug, request.frame)
        return PairTiled(write_slot(place, item.slot, tile), written=True)
    except (CorruptProductError, GridMismatchError) as error:
        return PairTiled(refusal=str(error), unseen=unseen, worked_at=socket.gethostname())
    except (HomeError, StoreError) as error:
        return PairTiled(stop=error)


def lies_here(home: Home, request: FrameRequest, pair: DatePair, product: Product) -> bool:
    """Whether a product of a pair, whole or the window, is a file that this machine sees."""
    window = home.window(request.volcano.slug, request.frame, pair, product)
    return window.is_file() or home.granule(request.frame, pair, product).is_file()


def home_anywhere(home: Home) -> Home:
    """Return the home as processes find it that run in another folder than this one."""
    folder = home.kept.path
    storage = str(folder.absolute()) if home.storage and folder else home.storage
    return Home(home.root.absolute(), storage)


def _read_tile(home: Home, request: FrameRequest, pair: DatePair, window: Window) -> PairTile:
    phase, coherence = (read_granule(home, request, pair, product, window) for product in Product)
    bytes_of_coherence = coherence.astype(np.uint8)
    codes = encode_phase(phase.astype(np.float32), bytes_of_coherence > 0)
    if not codes.any():
        message = "the volcano's window holds no data: the pair is cut or the burst is missing"
        raise CorruptProductError(message)
    return PairTile(pair, codes, bytes_of_coherence)
