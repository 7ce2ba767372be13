"""Table II of Bountos et al. (2022), every row of it, on one small machine.

    python -m benchmarks.paper_table CORPUS --folder TABLE [--rows ROW ...] [--hours 1]
        [--windows FILE] [--s1-test DIR] [--c1 DIR] [--synthetic DIR] [--weights NET=FILE ...]

A row learns with this repository's own functions for so many hours a net, of the processor's clock
(the wall's on a GPU), is probed, and is judged by what is given: S1's test as published, S1 by
held-out areas, C1, simulated pictures, and 8 cm of motion where 1 in 50 real quiet windows alarms.
The table, ``table.csv`` and ``table.md``, holds all rows: one that was not run says so, one that
cannot be made says why. A row that was stopped goes on; all else on the machine goes first. Folders
of pictures become flat files in ``TABLE/sets``, with which ``python -m insar_models.compare`` makes
the same rows on a machine with a GPU and torch alone, in calls of ``--minutes`` each.
"""

import argparse
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np

from catalogs.pictures.images import read_labelled_folder, read_picture
from fringewatch.errors import BadInputError, FringewatchError
from insar_models.compare import command_for, compare, log_to_screen, named_paths, parser
from insar_models.comparison.rows import ROWS
from insar_models.comparison.sets import C1, PICTURE_SETS, S1_TEST, SYNTHETIC
from insar_models.detectors.patch_scoring import codes_of_phase
from insar_models.patchfile.picture_file import Pictures, read_pictures, write_pictures
from insar_models.phase.picture_tiles import cut_tiles
from insar_models.quicklook import decode_picture
from tasks.evaluation.places import places_of

_PROGRAM: Final = "python -m benchmarks.paper_table"
_LOWEST: Final = 19


def main(arguments: Sequence[str] | None = None) -> int:
    """Return 0 when all rows that were asked for are made, 3 when not, 1 after an error."""
    words = sys.argv[1:] if arguments is None else list(arguments)
    if "--list" in words:
        print("\n".join(f"{row.name:40}{row.title}" for row in ROWS))
        return 0
    given = _parser().parse_args(words)
    log_to_screen()
    try:
        pictures = named_paths(given.pictures, "pictures", PICTURE_SETS)
        folders = {S1_TEST: given.s1_test, C1: given.c1, SYNTHETIC: given.synthetic}
        for name, folder in folders.items():
            if folder is not None:
                pictures[name] = picture_file(folder, given.folder / "sets", name)
        return compare(given, pictures, partial(command_for, _PROGRAM, words))
    except FringewatchError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def picture_file(folder: Path, sets: Path, name: str) -> Path:
    """Return the flat file of a labelled folder, written where it is missing or of other pictures.

    Raises
    ------
    BadInputError
        If the folder has not the classes 0 and 1, or no picture of one can be read.
    """
    path = sets / f"{name}.safetensors"
    listed = read_labelled_folder(folder)
    if path.is_file() and len(read_pictures(path)) == len(listed.pictures):
        return path
    tiles, first, labels, used = [], [], [], []
    count = 0
    for picture in listed.pictures:
        try:
            codes = codes_of_phase(cut_tiles(decode_picture(read_picture(picture.path)).phase_rad))
        except FringewatchError as error:
            print(f"skipped {picture.path}: {error}", file=sys.stderr)
            continue
        if not len(codes):
            print(f"skipped {picture.path}: it shows no phase, only no data", file=sys.stderr)
            continue
        tiles.append(codes)
        first.append(count)
        labels.append(picture.label)
        used.append(picture)
        count += len(codes)
    if not tiles:
        message = f"no picture in {folder} can be read: see the lines above"
        raise BadInputError(message)
    simulated = (folder / "truth.csv").is_file()
    places = None if simulated else places_of(folder, listed.pictures)
    areas = {} if places is None else dict(zip(listed.pictures, places, strict=True))
    groups = [areas[one].area if one in areas else one.path.name for one in used]
    pictures = Pictures(
        np.concatenate(tiles), np.array(first), np.array(labels), np.array(groups, np.str_)
    )
    sets.mkdir(parents=True, exist_ok=True)
    write_pictures(path, pictures)
    return path


def _parser() -> argparse.ArgumentParser:
    words = parser(_PROGRAM)
    words.set_defaults(nice=_LOWEST, threads=1)
    words.add_argument("--s1-test", type=Path, help="folder of S1's published test set")
    words.add_argument("--c1", type=Path, help="folder of C1, or what is at hand of it")
    words.add_argument("--synthetic", type=Path, help="of `fringewatch simulate paper-synthetic`")
    return words


if __name__ == "__main__":
    sys.exit(main())
