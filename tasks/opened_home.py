"""A home as a Python program sees it: its tables, its cubes, its models, and a backfill.

What reads writes nothing. Prefect is not needed: a backfill runs the plain functions of the steps.
"""

import datetime as dt
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError

from catalogs.cubes.reading import cube_is_there, read_cube
from catalogs.home.home import Home, home_of
from catalogs.home.reading import find_home, read_ledger
from catalogs.ledger.rows import PairScore
from catalogs.places import catalogue_of
from catalogs.records import FrameId, Volcano
from catalogs.settings import Settings, load_settings
from catalogs.tables import DATES, INTERFEROGRAMS, TableSchema, read_table
from fringewatch.errors import BadInputError
from fringewatch.numbers import WINDOW_SIZE
from insar_models.detectors.protocol import Detector
from tasks.judge.given_window import given_window
from tasks.judge.models import model_of

if TYPE_CHECKING:
    from tasks.records import RunReport


class OpenHome:
    """A home with the settings of its ``fringewatch.toml``; made by `open_home`."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def volcanoes(self) -> tuple[str, ...]:
        """Return the slugs of the volcanoes that have a cube, in order.

        Raises
        ------
        HomeError
            If there is no home, or it cannot be read.
        """
        return tuple(sorted(self._home().cubes.children()))

    def frames(self, volcano: str) -> tuple[FrameId, ...]:
        """Return the frames of which a volcano has a cube; raises as `volcanoes`.

        Parameters
        ----------
        volcano
            Name, slug or GVP number.
        """
        slug = self._volcano(volcano).slug
        ledger = read_ledger(self._home().ledger)
        if ledger is None:
            return ()
        with ledger:
            return tuple(sorted(ledger.tiled_frames(slug)))

    def dates(self, volcano: str) -> pd.DataFrame:
        """Return the table of dates, one row for each; its columns are those of data-layout.md.

        Raises
        ------
        HomeError
            If there is no home, or it cannot be read.
        StoreError
            If the table is damaged, or of another version.
        """
        return self._table(DATES, volcano)

    def interferograms(self, volcano: str) -> pd.DataFrame:
        """Return the table of interferograms, one row for each pair; raises as `dates`."""
        return self._table(INTERFEROGRAMS, volcano)

    def cube(self, volcano: str, frame: FrameId | str, *, as_bytes: bool = False) -> xr.Dataset:
        """Return the cube of a volcano and a frame, lazily: nothing is read before it is used.

        Parameters
        ----------
        volcano
            Name, slug or GVP number.
        frame
            LiCSAR's name.
        as_bytes
            Phase and coherence as they lie on disk, uint8 with 0 for no data; else float32:
            radians and 0 to 1, NaN for no data.

        Raises
        ------
        BadInputError
            If the home has no cube of that frame.
        StoreError
            If the cube is damaged.
        """
        slug, wanted = self._volcano(volcano).slug, FrameId.parse(str(frame))
        place = self._home().cube(slug, wanted)
        if not cube_is_there(place):
            message = f"the home has no cube of {slug} and {wanted}; {self._said_of_frames(slug)}"
            raise BadInputError(message)
        cube = read_cube(place)
        return cube if as_bytes else xr.decode_cf(cube, decode_times=False)

    def _said_of_frames(self, slug: str) -> str:
        """What there is of a volcano, for who asked for something else."""
        if there := self.frames(slug):
            return f"there is {', '.join(map(str, there))}"
        return f"there is none at all of it: backfill('{slug}', start, end) brings some"

    def detector(self) -> Detector:
        """Return the detector that the settings name (`model`).

        Raises
        ------
        ModelError
            If there is none of that name, or it is damaged.
        """
        return model_of(self.settings)

    def score_window(
        self,
        phase_rad: NDArray[np.float32],
        coherence: NDArray[np.float32] | None = None,
        water: NDArray[np.bool_] | None = None,
    ) -> PairScore:
        """Return what the detector says of one window, as a run would: score, probability, ...

        The place of the peak is NaN: a bare array lies nowhere.

        Parameters
        ----------
        phase_rad
            Wrapped phase, float (500, 500), -pi to pi; NaN and exact 0 are no data.
        coherence
            Float (500, 500), 0 to 1; fully coherent if not given.
        water
            Bool (500, 500); no water if not given.

        Raises
        ------
        BadInputError
            If an array has another shape or type, or its numbers another unit.
        ModelError
            If the detector is unknown or damaged.
        """
        given = given_window(phase_rad, coherence, water)
        with _prefect_kept_out():
            from tasks.judge.score import score_cube  # noqa: PLC0415 - it imports Prefect
        nowhere = np.zeros(WINDOW_SIZE)
        window = xr.Dataset(
            {
                "phase": (("pair", "y", "x"), given.phase[np.newaxis]),
                "coherence": (("pair", "y", "x"), given.coherence[np.newaxis]),
            },
            {"y": nowhere, "x": nowhere},
        ).chunk(pair=1)
        (score,) = score_cube(window, self.detector(), given.water, self.settings.water_coherence)
        return replace(score, peak_latitude=np.nan, peak_longitude=np.nan)

    def backfill(
        self, volcano: str, start: dt.date, end: dt.date, frames: Sequence[FrameId | str] = ()
    ) -> "RunReport":
        """Bring a volcano's tables up to date between two dates, and return what was done.

        The home is made if it is missing. What could not be had does not raise: look at the
        report's `outcome` and `problems`.

        Parameters
        ----------
        volcano
            Name, slug or GVP number.
        start, end
            Both acquisitions of a pair lie between them, both included. A datetime (pandas has
            no other) is its day if it is midnight.
        frames
            LiCSAR's names; all of the volcano's if none is given.

        Raises
        ------
        BadInputError
            If the volcano or a frame is unknown, or the dates are none or not in order.
        HomeError
            If the home or its storage cannot be used.
        """
        with _prefect_kept_out():
            from tasks.watch import parse_request, watch_volcano  # noqa: PLC0415 - imports Prefect

            days = (_day("start", start), _day("end", end))
            request = parse_request(volcano, *days, [*map(str, frames)], self.settings)
            return watch_volcano(request, self.settings)

    def _volcano(self, name: str) -> Volcano:
        """Return the volcano of the catalogue, or of the settings, that the name means."""
        return catalogue_of(self.settings).find(name)

    def _home(self) -> Home:
        """Return the home, which is there; nothing is made."""
        return find_home(home_of(self.settings))

    def _table(self, schema: TableSchema, volcano: str) -> pd.DataFrame:
        """Return a table of a volcano; empty, with its columns, if it was never written."""
        return read_table(schema, self._home().detections(self._volcano(volcano).slug))


def _day(name: str, given: dt.date) -> dt.date:
    """Return the day of a date or of a midnight."""
    try:
        # pandas' NaT calls itself a datetime; its text is no date.
        none: bool = pd.isna(cast("Any", given))
        return TypeAdapter(dt.date).validate_python(str(given) if none else given)
    except ValidationError as error:
        message = f"the {name} {given!r} is no date: {error.errors()[0]['msg']}"
        raise BadInputError(message) from None


def open_home(folder: Path | str | None = None, **settings: Any) -> OpenHome:
    """Return the home in a folder; nothing is read or made yet.

    Parameters
    ----------
    folder
        As ``--home``; the environment's or ``fringewatch-data`` if not given.
    **settings
        Fields of `Settings`, before those of the environment and of the home's file.

    Raises
    ------
    BadInputError
        If a setting is unknown or out of range.
    """
    given = None if folder is None else Path(folder)
    return OpenHome(load_settings(home=given, **settings))


@contextmanager
def _prefect_kept_out() -> Iterator[None]:
    """Let Prefect, which is imported within, make its folder in a temporary place if it must."""
    if "PREFECT_HOME" in os.environ:
        yield
        return
    with tempfile.TemporaryDirectory() as folder:
        os.environ["PREFECT_HOME"] = folder
        try:
            yield
        finally:
            del os.environ["PREFECT_HOME"]
