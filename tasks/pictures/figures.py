"""What all pictures share: colours that colour-blind people can tell apart, and how they are saved.

Pictures are made with `matplotlib.figure.Figure` alone: pyplot keeps global state, which neither
threads nor long-running workers like.
"""

import io
from typing import Final

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from catalogs.storage.place import Place

QUIET: Final = "#D3E8F4"
QUIET_MARK: Final = "#1F6EA5"
WATCH: Final = "#F4BD49"
UNREST: Final = "#B3261E"
"""Of the states, as on the pages in light: pale, bright and dark, so that grey tells them, too."""
BLUE: Final = QUIET_MARK
PALE_BLUE: Final = "#A6CEE3"
GREY: Final = "#6E6E6E"
PALE_GREY: Final = "#E4E4E4"

DOTS_PER_INCH: Final = 100


def new_figure(width_pixels: int, height_pixels: int) -> Figure:
    """Return an empty white figure of this size when it is saved."""
    size = (width_pixels / DOTS_PER_INCH, height_pixels / DOTS_PER_INCH)
    figure = Figure(figsize=size, dpi=DOTS_PER_INCH, facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def save_png(figure: Figure, place: Place) -> Place:
    """Write the figure to `place`, whole or not at all, and return `place`.

    The same figure gives the same bytes: no time and no version goes into the file.

    Raises
    ------
    HomeError
        If the disk is full or cannot be written.
    """
    content = io.BytesIO()
    figure.savefig(content, format="png", dpi=DOTS_PER_INCH, metadata={"Software": None})
    place.write(content.getvalue())
    return place
