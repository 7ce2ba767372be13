"""Are data that were here still here: pairs of cubes, and tables."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from catalogs.home.home import Home
from catalogs.ledger.ledger import Ledger
from fringewatch.atomic import disk_errors
from tasks.health.records import Check, Finding, VolcanoHealth

_NEVER_JUDGED: Final = "no data"
_TABLES: Final = ("dates.parquet", "interferograms.parquet")
"""As `catalogs.tables` names them, which takes a second to import."""
_PARQUET: Final = b"PAR1"


def lost_words(ledger: Ledger, home: Home, slugs: Iterable[str]) -> dict[str, str]:
    """Return what is said of volcanoes whose data were here, and are not any more, by slug.

    A storage elsewhere is not asked: what a run did not find there the ledger has.
    """
    said = {}
    for slug in slugs:
        count = sum(not each.is_gone for each in ledger.lost_pairs(slug))
        count += sum(
            len(ledger.tiled_pairs(slug, frame))
            for frame in ledger.tiled_frames(slug)
            if (cube := home.cube(slug, frame)).path is not None and not cube.is_folder()
        )
        if count:
            said[slug] = (
                f"{count} pairs were here and are not any more: the next night brings them "
                f"(`fringewatch nightly {slug}`); until then no date that rests on them is quiet"
            )
    return said


def damaged_tables(home: Home, volcanoes: Iterable[VolcanoHealth]) -> Iterator[Finding]:
    """Yield what is wrong with tables: gone, or cut; those on a storage are not read.

    The ledger has all that was in them, so that states are said all the same.
    """
    for each in volcanoes:
        folder = home.detections(each.volcano)
        if folder.path is None or each.state == _NEVER_JUDGED:
            continue
        for name in _TABLES:
            file = folder.path / name
            if not _is_whole(file):
                what = "is damaged" if file.is_file() else "is gone"
                words = (
                    f"{file} {what}: pages and exports lack it until the next run writes it anew "
                    f"(`fringewatch nightly {each.volcano}`)"
                )
                yield Finding(Check.TABLES, words, each.volcano)
                break


def _is_whole(file: Path) -> bool:
    """Whether a file begins and ends as Parquet does: one that was cut does not."""
    if not file.is_file():
        return False
    with disk_errors(file), file.open("rb") as content:
        begin = content.read(len(_PARQUET))
        content.seek(-min(file.stat().st_size, len(_PARQUET)), os.SEEK_END)
        return begin == content.read() == _PARQUET
