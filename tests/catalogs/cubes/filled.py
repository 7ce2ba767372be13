"""Pairs put into a cube as the step `tile` does it: slots reserved, written, shown to readers."""

from collections.abc import Sequence

from catalogs.cubes.cube import Cube, PairTile, write_slot


def append(cube: Cube, tiles: Sequence[PairTile]) -> None:
    """Put pairs into a cube, each where it is already there, else behind the others."""
    slots = cube.reserve([tile.pair for tile in tiles])
    for tile in tiles:
        write_slot(cube._place, slots[tile.pair], tile)
    cube.commit(slots)
