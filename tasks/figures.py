"""What all pictures share: colours that colour-blind people can tell apart, and how they are saved.

Pictures are made with `matplotlib.figure.Figure` alone: pyplot keeps global state, which neither
threads nor long-running workers like.
"""

from pathlib import Path
from typing import Final

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from fringewatch.atomic import atomic_file

BLUE: Final = "#0072B2"
PALE_BLUE: Final = "#A6CEE3"
ORANGE: Final = "#E69F00"
VERMILLION: Final = "#D55E00"
GREY: Final = "#6E6E6E"
PALE_GREY: Final = "#E4E4E4"

DOTS_PER_INCH: Final = 100


def new_figure(width_pixels: int, height_pixels: int) -> Figure:
    """Return an empty white figure of this size when it is saved."""
    size = (width_pixels / DOTS_PER_INCH, height_pixels / DOTS_PER_INCH)
    figure = Figure(figsize=size, dpi=DOTS_PER_INCH, facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def save_png(figure: Figure, path: Path) -> Path:
    """Write the figure to `path`, whole or not at all, and return `path`.

    The same figure gives the same bytes: no time and no version goes into the file.

    Raises
    ------
    HomeError
        If the disk is full or cannot be written.
    """
    with atomic_file(path) as temporary:
        figure.savefig(temporary, format="png", dpi=DOTS_PER_INCH, metadata={"Software": None})
    return path
