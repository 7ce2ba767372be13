"""Batches that a tuning run learns from: quiet patches, with and without deformation."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from fringewatch.errors import BadInputError
from insar_models.augmentation.draws import Draws, Stream, spread
from insar_models.augmentation.screens import rotated
from insar_models.augmentation.turbulence import enlarged, random_field
from insar_models.augmentation.views import view
from insar_models.encoders.inputs import Phasors, codes_to_inputs, phasors_of, reduce_phasors
from insar_models.encoders.spec import EncoderSpec
from insar_models.patchfile.file import PatchFile
from insar_models.patchfile.splits import SplitColumns, split
from insar_models.simulation.source_pool import SourcePool
from insar_models.tuning.pasting import draw_deformation, paste, visible_share
from insar_models.tuning.recipe import TuneRecipe

_QUIET: Final = 0
_DEFORMING: Final = 1
_TERRAIN: Final = (-3.2, -3.2)
"""Exponents of the power of a delay that follows terrain: as rough as mountains are."""

_COARSER: Final = 2
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


@dataclass(frozen=True, eq=False)
class Grounds:
    """The patches of a corpus by what a tuning run does with them."""

    quiet: NDArray[np.int64]
    """Rows that are learned from as quiet ground."""
    deforming: NDArray[np.int64]
    """Rows that are learned from as deforming."""
    held_out: NDArray[np.int64]
    """Quiet rows of areas that nothing is learned from."""
    judged: NDArray[np.int64]
    """Labelled rows of areas that nothing is learned from."""

    @property
    def learned(self) -> NDArray[np.int64]:
        """All rows that are learned from."""
        return np.concatenate([self.quiet, self.deforming])


def sort_grounds(corpus: PatchFile, recipe: TuneRecipe) -> Grounds:
    """Return which patches are learned from, and which are kept to measure by.

    Without labelled patches to learn from, areas with deformation are left out as a whole: what
    persons saw there can then judge the encoder.

    Raises
    ------
    BadInputError
        If there is nothing quiet or, where it is asked for, nothing deforming to learn from.
    """
    labels = corpus.columns["label"]
    areas = corpus.columns["area"]
    kept = np.zeros(len(corpus), dtype=bool)
    if recipe.held_out:
        kept = split(SplitColumns.of_file(corpus), "area", recipe.held_out, seed=recipe.seed) == 1
    if not recipe.labelled:
        kept |= np.isin(areas, np.unique(areas[labels == _DEFORMING]))
    rows = np.arange(len(corpus))
    quiet, deforming = (rows[(labels == label) & ~kept] for label in (_QUIET, _DEFORMING))
    for found, share, what in (
        (quiet, 1.0, "quiet"),
        (deforming, recipe.labelled, "deforming"),
    ):
        if share and not found.size:
            message = (
                f"{corpus.path} has no {what} patches to learn from (label "
                f"{_QUIET if what == 'quiet' else _DEFORMING}, outside what is held out): build a "
                "corpus of labelled pictures, or change held_out, pasted and labelled"
            )
            raise BadInputError(message)
    return Grounds(
        quiet, deforming, rows[(labels == _QUIET) & kept], rows[(labels >= _QUIET) & kept]
    )


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
    ) -> None:
        self._corpus, self._grounds, self._spec = corpus, grounds, spec
        self._recipe, self._pool = recipe, pool

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

    def _made(
        self,
        rows: NDArray[np.int64],
        kinds: tuple[int, NDArray[np.bool_], NDArray[np.bool_]],
        generator: np.random.Generator,
        device: torch.device,
    ) -> Examples:
        step, labelled, pasted = kinds
        recipe, size = self._recipe, self._spec.size
        codes = torch.from_numpy(self._corpus.read(rows)).to(device)
        phasors = reduce_phasors(phasors_of(codes), size)
        still = torch.from_numpy((generator.random(len(rows)) < recipe.still) & ~labelled)
        phasors = _stilled(phasors, still.to(device))
        if recipe.augmentation is not None:
            # Each example is one of its own, though its patch may come twice.
            phasors = view(
                phasors, np.arange(len(rows)), (step, 0), recipe.augmentation, recipe.seed
            )
        phasors = self._with_relief(phasors, step)
        weights = torch.ones(len(rows), device=device)
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

    def _with_relief(self, phasors: Phasors, step: int) -> Phasors:
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


def _stilled(phasors: Phasors, chosen: Tensor) -> Phasors:
    """The patches, of which the chosen ones have data everywhere and no phase."""
    if not bool(chosen.any()):
        return phasors
    still = torch.zeros_like(phasors.field[:1])
    still[:, 0] = 1.0
    where = chosen.view(-1, 1, 1, 1)
    return Phasors(torch.where(where, still, phasors.field), phasors.valid | where)
