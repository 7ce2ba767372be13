"""What each piece of an augmentation does to some patches, on one sheet.

A person should find an interferogram in every panel: where not, a range is too wide.
"""

import math
from collections.abc import Iterator
from dataclasses import fields, replace
from typing import Final

import matplotlib as mpl
import numpy as np
import torch
from matplotlib.axes import Axes
from numpy.typing import NDArray

from catalogs.storage.place import Place
from fringewatch.errors import BadInputError
from insar_models.augmentation import PaperRecipe, Recipe, two_grey_views, two_views
from insar_models.augmentation.draws import Draws
from insar_models.augmentation.piece import Piece
from insar_models.encoders.inputs import Phasors, phasors_of
from insar_models.patchfile.file import PatchFile
from tasks.pictures.figures import GREY, new_figure, save_png

_PANEL_PIXELS: Final = 150
_GAP_PIXELS: Final = 6
_TITLE_PIXELS: Final = 20
_HEAD_PIXELS: Final = 64
_EPOCHS: Final = 3
_DIMENSIONS: Final = 3

Column = tuple[str, NDArray[np.float32], bool]
"""A title, a picture of each patch (n, H, W), and whether it is grey levels, not radians."""


def sheet_rows(file: PatchFile, count: int) -> NDArray[np.int64]:
    """Return places of up to `count` patches of a corpus, from its whole length; int64.

    Raises
    ------
    BadInputError
        If none are asked for, or the corpus is empty.
    """
    if count < 1 or not len(file):
        message = (
            f"{count} of the {len(file)} patches of {file.path} make no sheet: choose 1 or more"
        )
        raise BadInputError(message)
    return np.unique(np.linspace(0, len(file) - 1, min(count, len(file))).astype(np.int64))


def draw_augmentations(
    codes: NDArray[np.uint8],
    rows: NDArray[np.int64],
    recipe: Recipe | PaperRecipe,
    place: Place,
    *,
    seed: int = 0,
) -> Place:
    """Return `place`, where the sheet now is: a PNG with a patch a line.

    On each line stand the patch, what each piece of the recipe does to it alone (always, whatever
    its probability), and six views by the whole recipe, two an epoch. Phase has a cyclic colour
    map, no data is grey. The published recipe shows its views alone, as the grey levels that they
    are. The same patches, recipe and seed give the same bytes.

    Parameters
    ----------
    codes
        Phase bytes, shape (n, H, W), square.
    rows
        Shape (n,): the places of the patches in their corpus, on which the views depend.
    recipe
        That is shown.
    place
        Where the PNG goes.
    seed
        Other seeds give other views.

    Raises
    ------
    BadInputError
        If there is no patch, or patches and rows do not fit together.
    HomeError
        If the disk is full or cannot be written.
    """
    if codes.ndim != _DIMENSIONS or not codes.size:
        message = f"patches of shape {codes.shape} make no sheet: give (n, H, W), one or more"
        raise BadInputError(message)
    phasors = phasors_of(torch.from_numpy(np.ascontiguousarray(codes)))
    columns = [("patch", _radians(phasors), False)]
    if isinstance(recipe, PaperRecipe):
        columns += _paper_columns(phasors, rows, recipe, seed)
    else:
        columns += [*_pieces(phasors, rows, recipe, seed), *_views(phasors, rows, recipe, seed)]
    return _draw(columns, place, f"{len(codes)} patches, seed {seed}")


def _pieces(
    phasors: Phasors, rows: NDArray[np.int64], recipe: Recipe, seed: int
) -> Iterator[Column]:
    draws = Draws.of_view(seed, 0, rows, 0, phasors.field.device)
    for one in fields(recipe):
        piece = getattr(recipe, one.name)
        if isinstance(piece, Piece):
            always = replace(piece, probability=1.0)
            title = f"{one.name} ({piece.probability:g})"
            yield title, _radians(always(phasors, draws)), False


def _views(
    phasors: Phasors, rows: NDArray[np.int64], recipe: Recipe, seed: int
) -> Iterator[Column]:
    for epoch in range(_EPOCHS):
        for number, made in enumerate(two_views(phasors, rows, epoch, recipe, seed)):
            yield f"epoch {epoch}, view {number + 1}", _radians(made), False


def _paper_columns(
    phasors: Phasors, rows: NDArray[np.int64], recipe: PaperRecipe, seed: int
) -> Iterator[Column]:
    for epoch in range(_EPOCHS):
        for number, grey in enumerate(two_grey_views(phasors, rows, epoch, recipe, seed)):
            yield f"epoch {epoch}, view {number + 1}", grey[:, 0].numpy(), True


def _radians(phasors: Phasors) -> NDArray[np.float32]:
    """Wrapped phase, NaN where there is no data: shape (n, H, W)."""
    angle = torch.atan2(phasors.field[:, 1], phasors.field[:, 0])
    phase_rad: NDArray[np.float32] = angle.masked_fill(~phasors.valid[:, 0], math.nan).numpy()
    return phase_rad


def _draw(columns: list[Column], place: Place, footnote: str) -> Place:
    """Draw the columns side by side, and write the picture."""
    lines = len(columns[0][1])
    step = _PANEL_PIXELS + _GAP_PIXELS
    width = len(columns) * step + _GAP_PIXELS
    height = lines * step + _HEAD_PIXELS + _TITLE_PIXELS
    figure = new_figure(width, height)
    figure.text(
        _GAP_PIXELS / width,
        1 - 18 / height,
        "What the augmentation does: each piece alone (and how often a view has it), then whole "
        f"views; {footnote}",
        fontsize=11,
        fontweight="bold",
        va="center",
    )
    figure.text(
        _GAP_PIXELS / width,
        1 - 38 / height,
        "wrapped phase in a cyclic colour map; grey is no data",
        fontsize=8.5,
        color=GREY,
        va="center",
    )
    size = (_PANEL_PIXELS / width, _PANEL_PIXELS / height)
    for across, (title, pictures, is_grey) in enumerate(columns):
        left = (_GAP_PIXELS + across * step) / width
        for down, picture in enumerate(pictures):
            bottom = 1 - (_HEAD_PIXELS + _TITLE_PIXELS + (down + 1) * step - _GAP_PIXELS) / height
            axes = figure.add_axes((left, bottom, *size))
            _draw_panel(axes, picture, is_grey=is_grey)
            if down == 0:
                axes.set_title(title, fontsize=8.5, pad=4)
    return save_png(figure, place)


def _draw_panel(axes: Axes, picture: NDArray[np.float32], *, is_grey: bool) -> None:
    colours = mpl.colormaps["gray" if is_grey else "twilight"].with_extremes(bad="#B8B8B8")
    limits = (0.0, 255.0) if is_grey else (-math.pi, math.pi)
    # No interpolation: values between two pixels would cross the jump from pi to -pi.
    axes.imshow(picture, cmap=colours, vmin=limits[0], vmax=limits[1], interpolation="nearest")
    axes.set(xticks=[], yticks=[])
    for spine in axes.spines.values():
        spine.set_color(GREY)
        spine.set_linewidth(0.6)
