"""Interferograms side by side, so that a person sees what the model was asked about."""

import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Colormap, Normalize
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray

from catalogs.records import DatePair
from catalogs.storage.place import Place
from fringewatch.errors import BadInputError
from fringewatch.numbers import FRINGE_M
from fringewatch.plain_text import counted
from tasks.pictures.figures import GREY, UNREST, new_figure, save_png

_PANEL_PIXELS: Final = 250
_CAPTION_PIXELS: Final = 46
_HEAD_PIXELS: Final = 60
_FOOT_PIXELS: Final = 74
_LETTER_PIXELS: Final = 10  # of a title, on average
_MOST_COLUMNS: Final = 5
_DIMENSIONS: Final = 2
_OUTLINE: Final = "#FFE600"  # yellow is in no part of the colour map
_OUTLINE_WORDS: Final = "\nyellow line: half of the peak of where the model looks"


@dataclass(frozen=True)
class PhaseWindow:
    """One interferogram of the strip."""

    pair: DatePair
    phase_rad: NDArray[np.float32]
    """Shape (H, W), wrapped, NaN = no data, as `insar_models.phase.codes.decode_phase` gives it."""
    probability: float
    """NaN where it was not scored."""
    positive: bool
    track: str = ""
    """Of its frame, to put before the time span; empty for none."""
    activation: NDArray[np.float32] | None = None
    """Shape (H, W), not negative, NaN = unknown: how much each pixel counted; None for no outline.
    """
    has_less_air: bool = False
    """Whether layered air was taken from the phase."""
    is_left_out: bool = False
    """Whether it is no evidence: then it is grey."""


def draw_interferograms(
    windows: Sequence[PhaseWindow], place: Place, title: str, footnote: str = ""
) -> Place:
    """Return `place`, where the strip now is: a PNG with up to five windows in a row.

    Wrapped phase has a cyclic colour map, no data is grey, and a positive window a thick frame; one
    that is left out has no colour at all.
    Where there is an activation, a line goes round the pixels that reach half of its peak. The same
    windows give the same bytes.

    Raises
    ------
    BadInputError
        If there is no window, or a phase is no image.
    HomeError
        If the disk is full or cannot be written.
    """
    if not windows:
        message = f"no interferogram to draw in {place.name}: give one or more"
        raise BadInputError(message)
    for window in windows:
        _check(window)
    columns = min(len(windows), _MOST_COLUMNS)
    rows = math.ceil(len(windows) / columns)
    width = columns * _PANEL_PIXELS + 20
    height = rows * (_PANEL_PIXELS + _CAPTION_PIXELS) + _HEAD_PIXELS + _FOOT_PIXELS
    width = max(width, 2 * _PANEL_PIXELS + 20)
    figure = new_figure(width, height)
    lines = [textwrap.fill(line, width // _LETTER_PIXELS) for line in title.splitlines()]
    words = "\n".join(lines)
    figure.text(0.012, 1 - 26 / height, words, fontsize=13, fontweight="bold", va="center")
    figure.text(0.988, 14 / height, footnote, fontsize=8.5, color=GREY, ha="right", va="center")
    panels = figure.subplots(
        rows,
        columns,
        squeeze=False,
        gridspec_kw={
            "left": 0.012,
            "right": 0.988,
            "top": 1 - (_HEAD_PIXELS + 14) / height,
            "bottom": (_FOOT_PIXELS + 4) / height,
            "wspace": 0.04,
            "hspace": _CAPTION_PIXELS / _PANEL_PIXELS,
        },
    )
    colours = mpl.colormaps["twilight"].with_extremes(bad="#B8B8B8")
    for axes, window in zip(panels.flat, windows, strict=False):
        _draw_window(axes, window, colours)
    for axes in panels.flat[len(windows) :]:
        axes.set_visible(False)
    has_outlines = any(window.activation is not None for window in windows)
    _draw_colour_bar(figure, colours, height, _OUTLINE_WORDS if has_outlines else "")
    return save_png(figure, place)


def _check(window: PhaseWindow) -> None:
    """Pass a window whose phase is an image, with activation of the same shape."""
    shape = window.phase_rad.shape
    if len(shape) != _DIMENSIONS or window.phase_rad.size == 0:
        message = f"the phase of {window.pair} has shape {shape}: no image"
        raise BadInputError(message)
    if window.activation is not None and window.activation.shape != shape:
        message = (
            f"the activation of {window.pair} has shape {window.activation.shape}, its phase "
            f"{shape}: give the activation of each of its pixels"
        )
        raise BadInputError(message)


def _draw_window(axes: Axes, window: PhaseWindow, colours: Colormap) -> None:
    """Draw one interferogram with its dates and its score."""
    # No interpolation: values between two pixels would cross the jump from pi to -pi.
    shown = mpl.colormaps["gray"].with_extremes(bad="#B8B8B8") if window.is_left_out else colours
    axes.imshow(window.phase_rad, cmap=shown, vmin=-math.pi, vmax=math.pi, interpolation="nearest")
    if window.activation is not None:
        _draw_outline(axes, window.activation)
    scored = "not scored" if math.isnan(window.probability) else f"p = {window.probability:.2f}"
    track = f"{window.track}, " if window.track else ""
    axes.set_title(
        f"{window.pair.primary} to {window.pair.secondary}\n"
        f"{track}{counted(window.pair.days, 'day')}, {scored}"
        f"{', less air' if window.has_less_air else ''}"
        f"{', left out' if window.is_left_out else ''}",
        fontsize=9,
        fontweight="bold" if window.positive else "normal",
        color=UNREST if window.positive else "black",
        pad=5,
    )
    axes.set(xticks=[], yticks=[])
    for spine in axes.spines.values():
        spine.set_color(UNREST if window.positive else GREY)
        spine.set_linewidth(3 if window.positive else 0.8)


def _draw_outline(axes: Axes, activation: NDArray[np.float32]) -> None:
    known = np.nan_to_num(activation, nan=0.0)
    peak = float(known.max())
    if peak > 0:
        outline = axes.contour(known, levels=[peak / 2], colors=_OUTLINE, linewidths=1.5)
        # On a dark edge, for a line of one colour is lost somewhere in a cyclic colour map.
        outline.set_path_effects([withStroke(linewidth=3.2, foreground="black")])


def _draw_colour_bar(figure: Figure, colours: Colormap, height_pixels: int, words: str) -> None:
    """Draw the colours of the phase, and say what a fringe is."""
    axes = figure.add_axes((0.03, 44 / height_pixels, 0.3, 12 / height_pixels))
    bar = figure.colorbar(
        ScalarMappable(Normalize(-math.pi, math.pi), colours), cax=axes, orientation="horizontal"
    )
    bar.set_ticks(
        [-math.pi, 0, math.pi],
        labels=["\N{MINUS SIGN}\N{GREEK SMALL LETTER PI}", "0", "\N{GREEK SMALL LETTER PI}"],
    )
    axes.tick_params(labelsize=8.5, length=2)
    figure.text(
        0.35,
        50 / height_pixels,
        f"wrapped phase; one cycle is {1000 * FRINGE_M:.1f} mm\n"
        f"along the line of sight; grey is no data{words}",
        fontsize=8.5,
        color=GREY,
        va="center",
    )
