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
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from catalogs.cubes.reading import read_cube
from catalogs.home.home import Home, home_of
from catalogs.home.reading import find_home, read_ledger
from catalogs.ledger.rows import PairScore
from catalogs.places import catalogue_of
from catalogs.records import FrameId, Volcano
from catalogs.settings import Settings, load_settings
from catalogs.tables import DATES, INTERFEROGRAMS, TableSchema, read_table
from fringewatch.errors import BadInputError
from fringewatch.numbers import NO_DATA_CODE, WINDOW_SIZE
from insar_models.detectors.protocol import Detector
from insar_models.phase.codes import encode_phase
from tasks.judge.models import model_of

if TYPE_CHECKING:
    from tasks.records import RunReport

_WINDOW = (WINDOW_SIZE, WINDOW_SIZE)


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
        StoreError
            If there is no such cube, or it is damaged.
        """
        place = self._home().cube(self._volcano(volcano).slug, FrameId.parse(str(frame)))
        cube = read_cube(place)
        return cube if as_bytes else xr.decode_cf(cube, decode_times=False)

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
            If an array has another shape.
        ModelError
            If the detector is unknown or damaged.
        """
        if coherence is None:
            coherence = np.ones(_WINDOW, np.float32)
        if water is None:
            water = np.zeros(_WINDOW, np.bool_)
        for name, array in (("phase", phase_rad), ("coherence", coherence), ("water", water)):
            if np.shape(array) != _WINDOW:
                message = f"the {name} has the shape {np.shape(array)}: a window has {_WINDOW}"
                raise BadInputError(message)
        with _prefect_kept_out():
            from tasks.judge.score import score_cube  # noqa: PLC0415 - it imports Prefect
        codes = encode_phase(phase_rad)
        share = np.nan_to_num(np.clip(coherence, 0.0, 1.0))
        coherence_codes = np.where(codes == NO_DATA_CODE, 0, np.rint(255 * share)).astype(np.uint8)
        nowhere = np.zeros(WINDOW_SIZE)
        window = xr.Dataset(
            {
                "phase": (("pair", "y", "x"), codes[np.newaxis]),
                "coherence": (("pair", "y", "x"), coherence_codes[np.newaxis]),
            },
            {"y": nowhere, "x": nowhere},
        ).chunk(pair=1)
        (score,) = score_cube(window, self.detector(), water, self.settings.water_coherence)
        return replace(score, peak_latitude=np.nan, peak_longitude=np.nan)

    def backfill(
        self, volcano: str, start: dt.date, end: dt.date, frames: Sequence[str] = ()
    ) -> "RunReport":
        """Bring a volcano's tables up to date between two dates, and return what was done.

        The home is made if it is missing. What could not be had does not raise: look at the
        report's `outcome` and `problems`.

        Parameters
        ----------
        volcano
            Name, slug or GVP number.
        start, end
            Both acquisitions of a pair lie between them, both included.
        frames
            LiCSAR's names; all of the volcano's if none is given.

        Raises
        ------
        BadInputError
            If the volcano or a frame is unknown, or the dates are not in order.
        HomeError
            If the home or its storage cannot be used.
        """
        with _prefect_kept_out():
            from tasks.watch import parse_request, watch_volcano  # noqa: PLC0415 - imports Prefect

            request = parse_request(volcano, start, end, frames, self.settings)
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
