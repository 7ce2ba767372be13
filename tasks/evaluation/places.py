"""Where labelled pictures come from, by the index beside them: that of S1, or that of C1."""

import csv
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from catalogs.csv_rows import CsvRow
from catalogs.pictures.images import LabelledPicture
from catalogs.pictures.s1_index import INDEX_FILE, areas_of, read_s1_index
from fringewatch.errors import BadInputError
from tasks.evaluation.samples import SamplePlace

_LOGGER = logging.getLogger(__name__)

_S1_COLUMN: Final = "packed"
_C1_COLUMNS: Final = ("label", "file", "vol", "frame", "d1", "d2")
_DIRECTIONS: Final = ("_a", "_d")
"""Ends of C1's words for a volcano: seen from an ascending or a descending orbit."""

_Key = tuple[int, str]
"""Label and file name."""


def places_of(folder: Path, pictures: Sequence[LabelledPicture]) -> tuple[SamplePlace, ...] | None:
    """Return the place of each picture by ``index.csv`` in `folder` or its parent; None if none.

    Pictures are found by label and file name, so that the index may lie beside a copy. A picture
    that the index does not list is a place of its own.

    Raises
    ------
    BadInputError
        If the index in `folder` is of neither form or lists none of the pictures, a value in an
        index is wrong, or it has a picture under the other label.
    """
    for home in (folder, folder.absolute().parent):
        path = home / INDEX_FILE
        if not path.is_file():
            continue
        columns = _columns(path)
        if _S1_COLUMN in columns:
            known = _s1_places(home)
        elif set(_C1_COLUMNS) <= set(columns):
            known = _c1_places(path)
        elif home is folder:
            message = (
                f"{path} is neither an index of S1's form (it lacks {_S1_COLUMN}) nor of C1's "
                f"({', '.join(_C1_COLUMNS)}): correct it, or move it away to evaluate without"
            )
            raise BadInputError(message)
        else:
            continue
        found = _look_up(path, known, pictures)
        if found is not None:
            return found
        if home is folder:
            message = f"{path} lists none of the {len(pictures)} pictures: it is that of others"
            raise BadInputError(message)
    return None


def _look_up(
    path: Path, known: dict[_Key, SamplePlace], pictures: Sequence[LabelledPicture]
) -> tuple[SamplePlace, ...] | None:
    """The place of each picture by its name; None if the index knows too few of them."""
    places, strangers = [], 0
    for picture in pictures:
        name = picture.path.name
        place = known.get((picture.label, name))
        if place is None:
            if (1 - picture.label, name) in known:
                message = (
                    f"{picture.path} lies among the pictures with label {picture.label}, but "
                    f"{path} says {1 - picture.label}: correct one of them"
                )
                raise BadInputError(message)
            strangers += 1
            place = SamplePlace.only(name)
        places.append(place)
    if strangers == len(pictures):
        return None
    if strangers:
        _LOGGER.warning(
            "%s lists %d of %d pictures; each of the others counts as a place of its own",
            path,
            len(pictures) - strangers,
            len(pictures),
        )
    return tuple(places)


def _s1_places(folder: Path) -> dict[_Key, SamplePlace]:
    patches = read_s1_index(folder)
    places = {}
    for patch, area in zip(patches, areas_of(patches), strict=True):
        frame = str(patch.frame)
        place = SamplePlace(area, frame, patch.volcano, f"{patch.volcano} {frame}")
        names = {patch.file} if patch.path is None else {patch.file, patch.path.name}
        places.update({(patch.label, name): place for name in names})
    return places


def _c1_places(path: Path) -> dict[_Key, SamplePlace]:
    """Places of C1's pictures; of most that are quiet only the pair of dates is known."""
    with path.open(encoding="utf-8", newline="") as stream:
        reader = csv.reader(stream)
        header = tuple(next(reader))
        rows = [CsvRow.parse(path, reader.line_num, header, cells) for cells in reader]
    places = {}
    for row in rows:
        if row.values["label"] not in ("0", "1"):
            row.reject("label", "0 or 1")
        pair = f"{row.text('d1')}_{row.text('d2')}"
        scene = row.values["vol"]
        volcano = scene[:-2] if scene.endswith(_DIRECTIONS) else scene
        volcano = volcano.lower()
        place = SamplePlace(
            area=volcano or pair,
            frame=row.values["frame"] or pair,
            volcano=volcano or pair,
            scene=scene or pair,
        )
        places[int(row.values["label"]), row.text("file")] = place
    return places


def _columns(path: Path) -> tuple[str, ...]:
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            return tuple(next(csv.reader(stream), ()))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        message = f"{path} cannot be read as an index of pictures ({error}): correct or remove it"
        raise BadInputError(message) from error
