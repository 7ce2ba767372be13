"""Two views of each patch of a batch."""

from dataclasses import replace
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from fringewatch.errors import BadInputError
from insar_models.augmentation.draws import Draws
from insar_models.augmentation.paper import PaperRecipe, grey_view
from insar_models.augmentation.recipe import Recipe
from insar_models.augmentation.screens import Screen, apply_screens
from insar_models.encoders.inputs import Phasors

_CPU_PIXELS: Final = 8 * 224 * 224
"""That are worked on at a time on a CPU: what one piece writes is still near for the next."""

_SHORTEST: Final = 1e-6
"""Below this a mean of phasors has no direction."""


def two_views(
    phasors: Phasors, rows: NDArray[np.integer], epoch: int, recipe: Recipe, seed: int
) -> tuple[Phasors, Phasors]:
    """Return two views of each patch, made apart; shapes and device of the patches.

    A view depends on the seed, the epoch and the patch's row alone, not on what else is in the
    batch. A patch that stands twice in a batch gets the same two views twice.

    Parameters
    ----------
    phasors
        n square patches; left as they are.
    rows
        Shape (n,): their places in their corpus, as `Batch.rows` of a patch loader.
    epoch
        0 or more.
    recipe
        What is done.
    seed
        0 or more.

    Raises
    ------
    BadInputError
        If patches are not square, or the rows are not as many as the patches.
    """
    return view(phasors, rows, (epoch, 0), recipe, seed), view(
        phasors, rows, (epoch, 1), recipe, seed
    )


def two_grey_views(
    phasors: Phasors, rows: NDArray[np.integer], epoch: int, recipe: PaperRecipe, seed: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return two views by the published method: grey levels 0 to 255, float32 (n, 3, H, W).

    These are pictures, not phasors: what is done to them does not respect the phase's wrap, and
    the three channels differ. Parameters and errors are those of `two_views`.
    """
    draws = [_draws(phasors, rows, (epoch, number), seed) for number in (0, 1)]
    return grey_view(phasors, recipe, draws[0]), grey_view(phasors, recipe, draws[1])


def view(
    phasors: Phasors,
    rows: NDArray[np.integer],
    epoch_and_view: tuple[int, int],
    recipe: Recipe,
    seed: int,
) -> Phasors:
    """Return one view of each patch: that of a number in an epoch. See `two_views`."""
    draws = _draws(phasors, rows, epoch_and_view, seed)
    field, valid = phasors.field, phasors.valid
    pixels = field.shape[-1] * field.shape[-2]
    step = len(field) if draws.device.type != "cpu" else max(1, _CPU_PIXELS // max(1, pixels))
    if step >= len(field):
        return _made(phasors, draws, recipe)
    made = Phasors(torch.empty_like(field), torch.empty_like(valid))
    for first in range(0, len(field), step):
        some = slice(first, first + step)
        part = _made(Phasors(field[some], valid[some]), draws.some(some), recipe)
        made.field[some], made.valid[some] = part.field, part.valid
    return made


def _draws(
    phasors: Phasors, rows: NDArray[np.integer], epoch_and_view: tuple[int, int], seed: int
) -> Draws:
    """The random numbers of one view of some patches."""
    epoch, number = epoch_and_view
    draws = Draws.of_view(seed, epoch, rows, number, phasors.field.device)
    height, width = phasors.field.shape[2:]
    if height != width or len(draws) != len(phasors.field):
        message = (
            f"{len(phasors.field)} patches of {height} x {width} pixels with {len(draws)} rows: "
            "give square patches, and a row for each"
        )
        raise BadInputError(message)
    return draws


def _made(phasors: Phasors, draws: Draws, recipe: Recipe) -> Phasors:
    for of_ground in (recipe.symmetry, recipe.sign, recipe.overwrap, recipe.geometry):
        phasors = phasors if of_ground is None else of_ground(phasors, draws)
    delays = (recipe.offset, recipe.ramp, recipe.turbulence, recipe.noise)
    screens: list[Screen] = [screen for screen in delays if screen is not None]
    if screens:
        phasors = apply_screens(phasors, screens, draws)
    for of_product in (recipe.incoherence, recipe.sea, recipe.blur, recipe.cutout):
        phasors = phasors if of_product is None else of_product(phasors, draws)
    return _unit(phasors) if recipe.lengths == "unit" else phasors


def _unit(phasors: Phasors) -> Phasors:
    """Phasors of length 1; those that have no direction are no data."""
    real, imaginary = phasors.field.unbind(1)
    square = (real * real).addcmul_(imaginary, imaginary).unsqueeze(1)
    valid = phasors.valid & (square > _SHORTEST**2)
    factor = square.clamp_min_(_SHORTEST**2).rsqrt_()
    return replace(phasors, field=phasors.field * factor.mul_(valid), valid=valid)
