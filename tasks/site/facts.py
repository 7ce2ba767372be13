"""What a page says of a volcano, gathered from tables and ledger; no picture is read for it."""

import datetime as dt
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd
import pyarrow as pa

from catalogs.home.home import Home
from catalogs.ledger.ledger import Ledger
from catalogs.ledger.rows import PairAir
from catalogs.records import DatePair, Direction, FrameId, Volcano
from catalogs.settings import Settings
from catalogs.storage.place import Place
from catalogs.tables import DATES, INTERFEROGRAMS, TableSchema, read_table
from fringewatch.errors import StoreError
from tasks.judge.opinions import review_lines, standing_line
from tasks.judge.pair_kinds import order_of_ends
from tasks.judge.silence import silence_days_of
from tasks.judge.standing import Standing, standing_in, standing_of
from tasks.site.passes import TrackPasses, passes_of
from tasks.status.home import frame_statuses
from tasks.status.records import FrameStatus

Row = Mapping[str, Any]
"""Of a table, by the names of its columns."""


@dataclass(frozen=True, eq=False)
class VolcanoFacts:
    """All that the words and numbers of a volcano's page rest on."""

    volcano: Volcano
    dates: pd.DataFrame
    """The dates table; empty before anything was scored."""
    interferograms: pd.DataFrame
    standing: Standing
    tracks: tuple[TrackPasses, ...]
    looked_at: dt.datetime | None
    """UTC: when a source was last asked for one of its frames."""
    troubles: tuple[str, ...]
    """What is wrong with its data, the worst first."""
    unread: tuple[str, ...]
    """What of that is wrong with its tables: damaged, or gone."""
    reviews: tuple[str, ...]
    """What people said of it, the oldest first, a line each, also what was taken back."""
    reviewed: str
    """The newest of them that stands, with who contradicts it; empty if none does."""
    silence_days: int
    air: dict[tuple[FrameId, DatePair], PairAir]
    made_from: dict[FrameId, str]
    """Of each frame what its pictures rest on beside the pairs: water, heights, landmask."""
    tables_sha256: str
    """Of both tables as they lie in their folder."""

    @cached_property
    def days(self) -> tuple[Row, ...]:
        """The rows of the dates table, the oldest first; what is empty is None."""
        return rows_of(self.dates)

    @cached_property
    def pairs(self) -> tuple[Row, ...]:
        """The rows of the interferograms table; what is empty is None."""
        return rows_of(self.interferograms)

    @property
    def newest(self) -> Row | None:
        """The row of the newest date; None before anything was scored."""
        return self.days[-1] if self.days else None

    @property
    def is_old(self) -> bool:
        """Whether what the newest data say no longer stands."""
        return self.standing.state == "unknown"

    @property
    def last_said(self) -> Row | None:
        """The row of the last date of which pairs say something; None if there is none."""
        return next((row for row in reversed(self.days) if row["pairs"]), None)

    @property
    def newest_data(self) -> dt.date | None:
        """Newest date of which something is known, UTC: see `tasks.judge.standing.Standing`."""
        return self.standing.newest

    def newest_pair(self, direction: Direction) -> Row | None:
        """The row of the newest scored pair of a direction, also of one that is left out.

        Of several that end together it is a positive one, else the shortest.
        """
        rows = [row for row in self.pairs if row["direction"] == direction and is_scored(row)]
        return max(rows, key=order_of_ends, default=None)

    @property
    def fingerprint(self) -> str:
        """Hash of all but when we asked: volcanoes of equal facts have equal pages."""
        whole = (
            self.tables_sha256, self.volcano, self.standing, self.tracks,
            self.troubles, self.reviews, self.silence_days,
            sorted((str(key), air.text) for key, air in self.air.items()),
            sorted(self.made_from.items()),
        )  # fmt: skip
        return hashlib.sha256(repr(whole).encode()).hexdigest()


def gather_facts(
    volcano: Volcano, home: Home, ledger: Ledger | None, settings: Settings, today: dt.date
) -> VolcanoFacts:
    """Return what is known of a volcano on a day.

    Parameters
    ----------
    volcano
        Whose.
    home, settings
        Where its tables are, and by which method it is judged.
    ledger
        Open; None where the home has none yet.
    today
        UTC.

    Raises
    ------
    BadInputError
        If the settings give the method an option that it does not have.
    HomeError
        If the home cannot be read.
    """
    folder, unread = home.detections(volcano.slug), []
    tables = []
    for schema in (DATES, INTERFEROGRAMS):
        try:
            tables.append(read_table(schema, folder))
        except StoreError as error:
            unread.append(f"CANNOT READ A TABLE: {error}")
            tables.append(_empty(schema))
    dates, interferograms = tables
    silence_days = silence_days_of(settings.for_volcano(volcano.slug))
    said = _said_by(ledger, volcano.slug, today, silence_days)
    if dates.empty and said and not unread:
        unread.append(f"THE TABLES ARE GONE: {folder} holds none; the next run writes them anew")
    statuses = frame_statuses(ledger, home, volcano, today) if ledger else ()
    troubles = [text for status in statuses for text in _troubles_of(status)]
    reviews = ledger.reviews(volcano.slug) if ledger else ()
    asked = [source.asked_at for status in statuses for source in status.sources]
    frames = [status.frame for status in statuses]
    return VolcanoFacts(
        volcano,
        dates,
        interferograms,
        _standing(dates, today, silence_days, said if unread else None),
        tuple(passes_of(status, interferograms) for status in statuses),
        max(asked, default=None),
        (*unread, *troubles),
        tuple(unread),
        review_lines(reviews),
        standing_line(reviews),
        silence_days,
        _air_of(ledger, volcano.slug, frames),
        {frame: _ground_of(ledger, volcano.slug, frame) for frame in frames},
        _tables_sha256(folder),
    )


def rows_of(table: pd.DataFrame) -> tuple[Row, ...]:
    """Return the rows of a table; what is empty is None."""
    # Arrow does it in a tenth of the time that pandas takes.
    return tuple(pa.Table.from_pandas(table, preserve_index=False).to_pylist())


def is_scored(row: Row) -> bool:
    """Whether a pair has a score."""
    return row["probability"] is not None


def _said_by(ledger: Ledger | None, volcano: str, today: dt.date, silence_days: int) -> str:
    """Return what stands by the ledger alone, in words; empty where it never said anything."""
    if ledger is None:
        return ""
    standing, given = standing_in(ledger, volcano, today, silence_days)
    return standing.words(today) if given else ""


def _standing(
    dates: pd.DataFrame, today: dt.date, silence_days: int, instead: str | None
) -> Standing:
    """Return what stands; `instead` is what the ledger says where the tables cannot be read."""
    if instead is not None:
        by_ledger = f"; by the ledger: {instead}" if instead else ""
        return Standing("unknown", None, f"its tables cannot be read{by_ledger}")
    if dates.empty:
        return Standing("no data", None, "no interferogram of it was ever scored")
    return standing_of(dates, today, silence_days)


def _troubles_of(status: FrameStatus) -> Iterable[str]:
    yield from status.warnings
    yield from (f"{status.frame}: {trouble}" for trouble in status.troubles)


def _air_of(
    ledger: Ledger | None, volcano: str, frames: Sequence[FrameId]
) -> dict[tuple[FrameId, DatePair], PairAir]:
    if ledger is None:
        return {}
    return {
        (frame, pair): air
        for frame in frames
        for pair, air in ledger.corrections(volcano, frame).items()
    }


def _ground_of(ledger: Ledger | None, volcano: str, frame: FrameId) -> str:
    if ledger is None:
        return ""
    recipe = ledger.recipe(volcano, frame)
    layers = ledger.layers(volcano, frame)
    hashes = sorted(f"{raster.value}:{row.sha256}" for raster, row in layers.items())
    return " ".join([recipe.sha256 if recipe else "", *hashes])


def _tables_sha256(folder: Place) -> str:
    """Of the files: the same rows are the same bytes."""
    files = (folder / f"{schema.name}.parquet" for schema in (DATES, INTERFEROGRAMS))
    content = [file.read() if file.is_file() else b"" for file in files]
    return hashlib.sha256(b"".join(hashlib.sha256(one).digest() for one in content)).hexdigest()


def _empty(schema: TableSchema) -> pd.DataFrame:
    table: pd.DataFrame = schema.arrow.empty_table().to_pandas()
    return table
