"""A map of rates: how fast each place of a volcano's window moves, as known on the newest date."""

import datetime as dt
import logging
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from catalogs.ledger.ledger import Ledger
from catalogs.ledger.measures import DateMeasure
from catalogs.records import FrameId, Volcano
from catalogs.settings import Settings
from catalogs.storage.place import Place
from fringewatch.errors import StoreError
from fringewatch.plain_text import counted
from insar_models.rates.looks import CELL_PIXELS
from tasks.judge.cube_windows import CubeWindows
from tasks.judge.left_out import pairs_that_count
from tasks.judge.measured import motion_of_rate
from tasks.pictures.figures import GREY, new_figure, save_png

_LOGGER = logging.getLogger(__name__)

MOST_MAPS: Final = 4
_OLDEST_DAYS: Final = 24
"""Maps of frames whose newest date is older than this, against the newest of all, are left out."""
_PANEL_PIXELS: Final = 460
_HEIGHT_PIXELS: Final = 580
_LEAST_WIDTH_PIXELS: Final = 650  # one map and what is said above it
_FOOTNOTE_LETTER_PIXELS: Final = 6.5
_LEAST_SCALE: Final = 0.2  # mm a day: noise is not to look like motion
_MM: Final = 1e3
_UNREADABLE: Final = (StoreError, ValueError, RuntimeError, OSError)


@dataclass(frozen=True, eq=False)
class RateMap:
    """The rates of one frame's places."""

    frame: FrameId
    measure: DateMeasure
    """Of the place that moves most, which is marked."""
    mm_per_day: NDArray[np.float64]
    """Shape (rows, columns), north first, towards the satellite; NaN where it is not known."""
    extent: tuple[float, float, float, float]
    """West, east, south and north in degrees."""


def newest_rate_maps(
    ledger: Ledger,
    volcano: str,
    measures: Mapping[FrameId, Sequence[DateMeasure]],
    settings: Settings,
) -> list[RateMap]:
    """Return the maps of the newest rates of a volcano's frames, the newest first, four at most.

    One whose cube does not give its pairs is left out, with a warning.
    """
    rates = {
        frame: [one for one in own if one.since is None and one.motion_mm is not None]
        for frame, own in measures.items()
    }
    newest = {frame: own[-1] for frame, own in rates.items() if own}
    last = max((one.date for one in newest.values()), default=dt.date.min)
    chosen = [
        (frame, one)
        for frame, one in newest.items()
        if (last - one.date).days <= min(_OLDEST_DAYS, settings.rate_days)
    ]
    chosen.sort(key=lambda item: (item[1].date, str(item[0])), reverse=True)
    maps = []
    for frame, one in chosen[:MOST_MAPS]:
        try:
            found = _map_of(ledger, (volcano, frame), one, settings)
        except _UNREADABLE as error:
            _LOGGER.warning("%s: no map of rates, the cube does not give it: %s", frame, error)
            continue
        if found is not None:
            maps.append(found)
    return maps


def draw_rates(
    maps: Sequence[RateMap], place: Place, volcano: Volcano, footnote: str = ""
) -> Place:
    """Return `place`, where the picture of the maps now is, a PNG; the same maps, the same bytes.

    Parameters
    ----------
    maps
        One at least.
    place
        Where it goes.
    volcano
        Whose they are; a triangle marks it.
    footnote
        Small print below.

    Raises
    ------
    HomeError
        If the disk is full or cannot be written.
    """
    width = max(len(maps) * _PANEL_PIXELS + 90, _LEAST_WIDTH_PIXELS)
    figure = new_figure(width, _HEIGHT_PIXELS)
    figure.text(
        0.015, 0.95, f"{volcano.name}: how fast does it move?", fontsize=15, fontweight="bold",
        va="center",
    )  # fmt: skip
    figure.text(
        0.015, 0.92, "along the line of sight, each place against the ground round it; "
        "circle: the place that moves most",
        fontsize=9, color=GREY, va="top",
    )  # fmt: skip
    small_print = textwrap.fill(footnote, round(width / _FOOTNOTE_LETTER_PIXELS))
    figure.text(0.985, 0.006, small_print, fontsize=8.5, color=GREY, ha="right", va="bottom")
    largest = max(float(np.nanmax(np.abs(one.mm_per_day))) for one in maps)
    scale = max(largest, _LEAST_SCALE)
    picture: Any = None
    for number, one in enumerate(maps):
        left = (50 + number * _PANEL_PIXELS) / width
        axes = figure.add_axes((left, 0.1, 380 / width, 380 / _HEIGHT_PIXELS))
        picture = _draw_map(axes, one, volcano, scale)
    _draw_scale(figure, picture, (50 + len(maps) * _PANEL_PIXELS) / width, width)
    return save_png(figure, place)


def _draw_map(axes: Axes, one: RateMap, volcano: Volcano, scale: float) -> object:
    """Draw one map of rates; the image, for its colour bar."""
    picture = axes.imshow(
        one.mm_per_day, cmap="RdBu_r", vmin=-scale, vmax=scale, extent=one.extent,
        interpolation="nearest",
    )  # fmt: skip
    latitude = (one.extent[2] + one.extent[3]) / 2
    axes.set_aspect(1.0 / float(np.cos(np.radians(latitude))))
    axes.set_facecolor("#E4E4E4")
    axes.plot(volcano.longitude, volcano.latitude, "^", color="black", markersize=9)
    measure = one.measure
    if measure.longitude is not None and measure.latitude is not None:
        axes.plot(
            measure.longitude, measure.latitude, "o", markersize=18, markerfacecolor="none",
            markeredgecolor="black", markeredgewidth=1.8,
        )  # fmt: skip
    axes.tick_params(labelsize=8)
    axes.set_title(f"{one.frame}, {measure.first} to {measure.date}\n{_words(measure)}", fontsize=9)
    return picture


def _words(measure: DateMeasure) -> str:
    motion = motion_of_rate(measure)
    rate = "no rate" if motion is None else motion.words
    coherence = "" if measure.coherence is None else f", temporal coherence {measure.coherence:.2f}"
    said, _, none = rate.partition(", or none")  # too long for one line above a map
    rest = f"or none{none}; " if none else ""
    return f"{said}\n{rest}{counted(measure.pairs, 'pair')}{coherence}"


def _draw_scale(figure: Figure, picture: Any, left: float, width: int) -> None:
    axes = figure.add_axes((left - 20 / width, 0.1, 16 / width, 380 / _HEIGHT_PIXELS))
    bar = figure.colorbar(picture, cax=axes)
    bar.set_label("mm a day towards the satellite", fontsize=9)
    bar.ax.tick_params(labelsize=8)


def _map_of(
    ledger: Ledger, place: tuple[str, FrameId], measure: DateMeasure, settings: Settings
) -> RateMap | None:
    """The map of one frame at its last date; None where nothing can be said."""
    volcano, frame = place
    windows = CubeWindows.open(ledger, volcano, frame, settings)
    first = measure.date - dt.timedelta(settings.rate_days)
    counting = pairs_that_count(ledger, volcano, frame, settings)
    pairs = windows.pairs_between(counting, first, measure.date)
    found = windows.map_of(pairs)
    if found is None or found.most is None:
        return None
    rows, columns = found.motion_m.shape
    y, x = (windows.cube[name].to_numpy() for name in ("y", "x"))
    high, wide = float(y[0] - y[1]), float(x[1] - x[0])
    north, west = float(y[0]) + high / 2, float(x[0]) - wide / 2
    extent = (
        west, west + columns * CELL_PIXELS * wide, north - rows * CELL_PIXELS * high, north,
    )  # fmt: skip
    return RateMap(frame, measure, found.motion_m * _MM, extent)
