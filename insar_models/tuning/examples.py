"""Batches that a tuning run learns from: quiet patches, with and without deformation."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from fringewatch.errors import BadInputError
from fringewatch.numbers import PATCH_SIZE, WINDOW_SIZE
from insar_models.augmentation.draws import Draws, Stream, spread
from insar_models.augmentation.screens import rotated
from insar_models.augmentation.turbulence import enlarged, random_field
from insar_models.augmentation.views import view
from insar_models.encoders.inputs import (
    Phasors,
    codes_to_inputs,
    phasors_of,
    reduce_phasors,
    signal_weight,
)
from insar_models.encoders.spec import EncoderSpec
from insar_models.patchfile.air_file import Air
from insar_models.patchfile.file import PatchFile
from insar_models.simulation.source_pool import SourcePool
from insar_models.tuning.air import AirMaker
from insar_models.tuning.grounds import Grounds
from insar_models.tuning.pasting import draw_deformation, left_in_pixels, paste, visible_share
from insar_models.tuning.recipe import TuneRecipe

_TERRAIN: Final = (-3.2, -3.2)
"""Exponents of the power of a delay that follows terrain: as rough as mountains are."""

_COARSER: Final = 2
_HALF: Final = 0.5
_LEFT: Final = 0.6
"""Share of a labelled patch's signal that must be left for its label to hold."""

_MEASURED: Final = 2**40
"""Epoch that no training reaches: examples to measure by are never learned from."""


@dataclass(frozen=True, eq=False)
class Examples:
    """A batch with labels."""

    inputs: Tensor
    """Shape (n, 3, size, size)."""
    labels: Tensor
    """Float, shape (n,): 1 deforms."""
    weights: Tensor
    """Float, shape (n,): 0 for a patch whose deformation cannot be seen."""


class ExampleMaker:
    """Makes the batch of each step, which depends on recipe, corpus and step alone.

    Parameters
    ----------
    corpus
        Of the patches.
    grounds
        Which of them are what.
    spec
        Of the encoder that sees them.
    recipe
        What is done.
    pool
        Sources to paste.
    """

    def __init__(
        self,
        corpus: PatchFile,
        grounds: Grounds,
        spec: EncoderSpec,
        recipe: TuneRecipe,
        pool: SourcePool | None,
        air: Air | None = None,
    ) -> None:
        self._corpus, self._grounds, self._spec = corpus, grounds, spec
        self._recipe, self._pool = recipe, pool
        self._air = None if air is None else AirMaker(air, spec.size)
        wanted = {
            "stratified": (recipe.stratified, self._air is not None and self._air.has_relief),
            "weather": (recipe.weather, self._air is not None and self._air.has_delays),
        }
        for name, (share, there) in wanted.items():
            if share and not there:
                message = (
                    f"the recipe adds {name} air and no file has what that follows: give a file "
                    f"of air with {'relief' if name == 'stratified' else 'delays'}, or set "
                    f"{name} to 0"
                )
                raise BadInputError(message)

    def of_step(self, step: int, device: torch.device) -> Examples:
        """Return the batch of a step."""
        recipe = self._recipe
        generator = np.random.default_rng([recipe.seed, 1, step])
        kinds = generator.random(recipe.batch_size)
        labelled = kinds < recipe.labelled
        pasted = (kinds >= recipe.labelled) & (kinds < recipe.labelled + recipe.pasted)
        rows = generator.choice(self._grounds.quiet, recipe.batch_size)
        if labelled.any():
            rows[labelled] = generator.choice(self._grounds.deforming, int(labelled.sum()))
        return self._made(rows, (step, labelled, pasted), generator, device)

    def to_measure(self, number: int, count: int, device: torch.device) -> Examples:
        """Return a batch of held-out ground, every second one with deformation."""
        generator = np.random.default_rng([self._recipe.seed, 2, number])
        rows = generator.choice(self._grounds.held_out, count)
        pasted = np.arange(count) % 2 == 1
        labelled = np.zeros(count, dtype=bool)
        return self._made(rows, (_MEASURED + number, labelled, pasted), generator, device)

    def pasted_on_windows(
        self, peak_m: tuple[float, float], count: int, device: torch.device
    ) -> Tensor:
        """Return inputs of held-out windows' patches with sources that can be seen, as they are.

        The same at each call; shape (at most `count`, 3, size, size).
        """
        grounds = self._grounds.windows
        if grounds is None or self._pool is None:
            return torch.empty((0, 3, self._spec.size, self._spec.size), device=device)
        generator = np.random.default_rng([self._recipe.seed, 3])
        rows = generator.choice(grounds.held_out, count)
        codes = torch.from_numpy(grounds.windows.crops(rows, generator)).to(device)
        motion = draw_deformation(self._pool, count, peak_m, generator, device)
        phasors = paste(reduce_phasors(phasors_of(codes), self._spec.size), motion)
        seen = visible_share(phasors, motion) >= self._recipe.least_visible
        return codes_to_inputs(Phasors(phasors.field[seen], phasors.valid[seen]), self._spec)

    def _made(
        self,
        rows: NDArray[np.int64],
        kinds: tuple[int, NDArray[np.bool_], NDArray[np.bool_]],
        generator: np.random.Generator,
        device: torch.device,
    ) -> Examples:
        """The patches as the net sees them, with sources pasted where they should be."""
        step, labelled, pasted = kinds
        recipe = self._recipe
        phasors = self._ground(rows, labelled, generator, device)
        weights = torch.ones(len(rows), device=device)
        if recipe.transplant:
            chosen = generator.random(len(rows)) < recipe.transplant
            phasors, left = transplanted(phasors, chosen, generator.permutation(len(rows)))
            hidden = torch.from_numpy(labelled).to(device) & (left < _LEFT)
            weights = torch.where(hidden, 0.0, weights)
        still = torch.from_numpy((generator.random(len(rows)) < recipe.still) & ~labelled)
        phasors = _stilled(phasors, still.to(device))
        if recipe.augmentation is not None:
            # Each example is one of its own, though its patch may come twice.
            phasors = view(
                phasors, np.arange(len(rows)), (step, 0), recipe.augmentation, recipe.seed
            )
        phasors = self._with_relief(phasors, step)
        phasors = self._with_air(phasors, generator)
        if pasted.any() and self._pool is not None:
            places = torch.from_numpy(np.flatnonzero(pasted)).to(device)
            motion = draw_deformation(
                self._pool, int(pasted.sum()), recipe.peak_m, generator, device
            )
            some = paste(Phasors(phasors.field[places], phasors.valid[places]), motion)
            field = phasors.field.index_copy(0, places, some.field)
            phasors = Phasors(field, phasors.valid)
            seen = (visible_share(some, motion) >= recipe.least_visible).float()
            weights = weights.index_copy(0, places, seen)
        labels = torch.from_numpy((labelled | pasted).astype(np.float32)).to(device)
        return Examples(codes_to_inputs(phasors, self._spec), labels, weights)

    def _ground(
        self,
        rows: NDArray[np.int64],
        labelled: NDArray[np.bool_],
        generator: np.random.Generator,
        device: torch.device,
    ) -> Phasors:
        """Real patches, reduced to the net's size: of the corpus, or cut from whole windows."""
        recipe, size, windows = self._recipe, self._spec.size, self._grounds.windows
        patches = self._corpus.read(rows)
        of_windows = np.zeros(len(rows), dtype=bool)
        if windows is not None:
            of_windows = (generator.random(len(rows)) < recipe.windows) & ~labelled
            patches[of_windows] = windows.crops(int(of_windows.sum()), generator)
        phasors = reduce_phasors(phasors_of(torch.from_numpy(patches).to(device)), size)
        if windows is None or not recipe.coarse:
            return phasors
        sides = range(size * (PATCH_SIZE // size + 1), WINDOW_SIZE + 1, size)
        chosen = of_windows & (generator.random(len(rows)) < recipe.coarse)
        drawn = generator.choice(sides, len(rows))
        for side in sides:
            places = torch.from_numpy(np.flatnonzero(chosen & (drawn == side))).to(device)
            codes = torch.from_numpy(windows.crops(len(places), generator, side)).to(device)
            coarse = reduce_phasors(phasors_of(codes), size)
            phasors = Phasors(
                phasors.field.index_copy(0, places, coarse.field),
                phasors.valid.index_copy(0, places, coarse.valid),
            )
        return phasors

    def _with_air(self, phasors: Phasors, generator: np.random.Generator) -> Phasors:
        """The patches with delays that follow real relief, a weather model, or cones."""
        recipe = self._recipe
        if not (recipe.stratified or recipe.weather or recipe.cones):
            return phasors
        maker = self._air or AirMaker(Air({}, {}, ""), self._spec.size)
        coins = generator.random((len(phasors), 3))
        size = self._spec.size
        delays = np.zeros((len(phasors), 1, size, size), np.float32)
        for delay, coin in zip(delays, coins, strict=True):
            if coin[0] < recipe.stratified:
                delay[0] += maker.stratified(recipe.stratified_rad, generator)
            if coin[1] < recipe.weather:
                delay[0] += maker.weather(generator)
            if coin[2] < recipe.cones:
                delay[0] += maker.cones(recipe.cones_rad, generator)
        phase_rad = torch.from_numpy(delays).to(phasors.field.device)
        turned = rotated(phasors, phase_rad)
        return Phasors(turned.field * left_in_pixels(phase_rad), turned.valid)

    def _with_relief(self, phasors: Phasors, step: int) -> Phasors:
        """The patches with a delay as rough as terrain added to some."""
        recipe = self._recipe
        draws = Draws.of_view(
            recipe.seed, step, np.arange(len(phasors)), 0, phasors.field.device
        ).stream(Stream.RELIEF)
        size = draws.between(0.0, recipe.relief_rad) * draws.coin(recipe.relief)
        if not size.any():
            return phasors
        side = phasors.field.shape[-1]
        field = random_field(draws, -(-side // _COARSER), exponents=_TERRAIN)
        return rotated(phasors, enlarged(field, side) * spread(draws.to_device(size)))


def transplanted(
    phasors: Phasors, chosen: NDArray[np.bool_], donors: NDArray[np.int64]
) -> tuple[Phasors, Tensor]:
    """Return patches of which the chosen ones have the layout of others, and what is left of each.

    Where the donor has no data, neither has the patch; where the donor shows noise, so does the
    patch, the donor's. What the donor's phase says where it is coherent does not come along.

    Returns
    -------
    Phasors
        Of the same shape.
    Tensor
        Float (n,): the share of the patch's own signal that can still be seen.
    """
    there = torch.from_numpy(donors).to(phasors.field.device)
    signal = signal_weight(phasors) * phasors.valid
    donor = Phasors(phasors.field[there], phasors.valid[there])
    noisy = donor.valid & (signal[there] < _HALF)
    where = torch.from_numpy(chosen).to(phasors.field.device).view(-1, 1, 1, 1)
    valid = phasors.valid & (donor.valid | ~where)
    field = torch.where(noisy & where, donor.field, phasors.field) * valid
    kept = signal * (valid & ~(noisy & where))
    left = kept.sum((1, 2, 3)) / signal.sum((1, 2, 3)).clamp(min=1.0)
    return Phasors(field, valid), left


def _stilled(phasors: Phasors, chosen: Tensor) -> Phasors:
    """The patches, of which the chosen ones have data everywhere and no phase."""
    if not bool(chosen.any()):
        return phasors
    still = torch.zeros_like(phasors.field[:1])
    still[:, 0] = 1.0
    where = chosen.view(-1, 1, 1, 1)
    return Phasors(torch.where(where, still, phasors.field), phasors.valid | where)
