"""The quiet windows that a model likes best, on one sheet: what fools it is to be looked at."""

import math
from dataclasses import dataclass
from typing import Final

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from catalogs.storage.place import Place
from fringewatch.numbers import PATCH_SIZE, WINDOW_SIZE
from insar_models.detectors.protocol import Detector
from insar_models.phase.codes import decode_phase
from insar_models.phase.window_patches import PATCH_ORIGINS
from tasks.pictures.figures import GREY, UNREST, new_figure, save_png
from tasks.pictures.phase_windows import window_activation

SHOWN: Final = 20
_COLUMNS: Final = 5
_PANEL_PIXELS: Final = 300
_CAPTION_PIXELS: Final = 52
_HEAD_PIXELS: Final = 64
_YELLOW: Final = "#FFE600"


@dataclass(frozen=True, eq=False)
class QuietPictures:
    """Quiet windows, and what a model said of them."""

    codes: NDArray[np.uint8]
    """Phase bytes (n, 500, 500)."""
    names: list[str]
    logits: NDArray[np.float64]
    """Of each window, (n,)."""
    patch_logits: NDArray[np.float64]
    """Shape (n, 9)."""


def draw_false_alarms(quiet: QuietPictures, model: Detector, place: Place) -> Place:
    """Draw the quiet windows with the highest logits, highest first.

    A box goes round the patch that holds most of a window's evidence, a yellow line round where the
    model looks, and a cross stands at the volcano. Windows above the threshold have a thick frame.
    """
    order = np.argsort(np.nan_to_num(-quiet.logits, nan=np.inf))[:SHOWN]
    rows = math.ceil(len(order) / _COLUMNS)
    width = _COLUMNS * _PANEL_PIXELS + 20
    height = rows * (_PANEL_PIXELS + _CAPTION_PIXELS) + _HEAD_PIXELS
    figure = new_figure(width, height)
    title = (
        f"{model.name}: the {len(order)} highest of {len(quiet.logits)} quiet windows "
        f"(threshold {model.threshold:.2f})"
    )
    figure.text(0.012, 1 - 24 / height, title, fontsize=13, fontweight="bold", va="center")
    panels = figure.subplots(
        rows,
        _COLUMNS,
        squeeze=False,
        gridspec_kw={
            "left": 0.008,
            "right": 0.992,
            "top": 1 - (_HEAD_PIXELS + 22) / height,
            "bottom": 6 / height,
            "wspace": 0.03,
            "hspace": _CAPTION_PIXELS / _PANEL_PIXELS,
        },
    )
    for axes, index in zip(panels.flat, order, strict=False):
        _draw_window(axes, quiet, int(index), model)
    for axes in panels.flat[len(order) :]:
        axes.set_visible(False)
    return save_png(figure, place)


def _draw_window(axes: Axes, quiet: QuietPictures, index: int, model: Detector) -> None:
    phase_rad = decode_phase(quiet.codes[index])
    colours = mpl.colormaps["twilight"].with_extremes(bad="#B8B8B8")
    axes.imshow(phase_rad, cmap=colours, vmin=-math.pi, vmax=math.pi, interpolation="nearest")
    looked = np.nan_to_num(window_activation(phase_rad, model), nan=0.0)
    if looked.max() > 0:
        axes.contour(looked, levels=[looked.max() / 2], colors=_YELLOW, linewidths=1.2)
    logits = quiet.patch_logits[index : index + 1]
    share = model.patch_shares(logits)[0]
    best = int(share.argmax())
    corner = PATCH_ORIGINS[best].column, PATCH_ORIGINS[best].row
    axes.add_patch(Rectangle(corner, PATCH_SIZE, PATCH_SIZE, fill=False, color=_YELLOW, lw=1.6))
    axes.plot(WINDOW_SIZE / 2, WINDOW_SIZE / 2, "+", color="black", markersize=12, mew=2.5)
    axes.plot(WINDOW_SIZE / 2, WINDOW_SIZE / 2, "+", color="white", markersize=11, mew=1)
    volcano, _, rest = quiet.names[index].partition(" ")
    positive = bool(quiet.logits[index] >= model.threshold)
    axes.set_title(
        f"{volcano}\n{rest}\nwindow {quiet.logits[index]:.2f}, patch {logits[0, best]:.2f} "
        f"({share[best]:.0%})",
        fontsize=8,
        color=UNREST if positive else "black",
        pad=3,
    )
    axes.set(xticks=[], yticks=[])
    for spine in axes.spines.values():
        spine.set_color(UNREST if positive else GREY)
        spine.set_linewidth(3 if positive else 0.8)
