"""What learns without labels: encoder, head and what follows them, and one step of it."""

import copy
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from typing_extensions import override

from fringewatch.numbers import PATCH_SIZE
from insar_models.augmentation import PaperRecipe, two_grey_views, two_views
from insar_models.encoders.encoder import Encoder, make_encoder
from insar_models.encoders.inputs import codes_to_inputs, phasors_of, reduce_phasors
from insar_models.encoders.phasor_inputs import GREY_MEAN, GREY_SPREAD
from insar_models.patchfile.loader import Batch
from insar_models.pretraining.losses import dcl, nt_xent
from insar_models.pretraining.momentum_contrast import MomentumContrast, follow
from insar_models.pretraining.projection import ProjectionHead
from insar_models.pretraining.recipe import PretrainRecipe
from insar_models.training.learner import Learner
from insar_models.training.optimisers import make_optimiser, set_rate
from insar_models.training.ranks import average_gradients, ranks


@dataclass(frozen=True, eq=False)
class Pairs:
    """What a network sees of a batch."""

    one: Tensor
    """Inputs, shape (n, 3, size, size)."""
    other: Tensor
    """The other view of the same patches."""
    groups: Tensor | None
    """Shape (n,): patches of one group are not held against each other."""


def make_pairs(batch: Batch, groups: Tensor | None, epoch: int, recipe: PretrainRecipe) -> Pairs:
    """Return two views of each patch of a batch, as inputs of the recipe's encoder.

    Patches are reduced to the encoder's size first: all that is done to them costs a fraction.
    """
    spec, seed = recipe.encoder, recipe.seed
    phasors = reduce_phasors(phasors_of(batch.phase), spec.size)
    if isinstance(recipe.augmentation, PaperRecipe):
        grey = two_grey_views(phasors, batch.rows, epoch, recipe.augmentation, seed)
        one, other = ((view - GREY_MEAN) / GREY_SPREAD for view in grey)
        return Pairs(one, other, groups)
    # Reduced phasors are shorter than 1; if views were not, the encoder would learn from what it
    # never sees afterwards.
    lengths = recipe.augmentation.lengths if spec.size == PATCH_SIZE else "kept"
    augmentation = replace(recipe.augmentation, lengths=lengths)
    views = two_views(phasors, batch.rows, epoch, augmentation, seed)
    return Pairs(codes_to_inputs(views[0], spec), codes_to_inputs(views[1], spec), groups)


class PretrainLearner(Learner):
    """An encoder that learns without labels.

    Parameters
    ----------
    recipe
        What to learn, and how.
    device
        Where.
    precision
        Type of the network's products.
    begin
        Whether to fetch the weights that the recipe begins with; not needed where `restore`
        follows.

    Raises
    ------
    ModelError
        If the weights that the recipe begins with cannot be had.
    """

    def __init__(
        self, recipe: PretrainRecipe, device: torch.device, precision: torch.dtype, *, begin: bool
    ) -> None:
        super().__init__(device, precision)
        self._recipe = recipe
        self.encoder = make_encoder(
            recipe.encoder, seed=recipe.seed, weights=_weights(recipe) if begin else "random"
        )
        head = _head(recipe, self.encoder)
        network: nn.Module = nn.Sequential(self.encoder, head)
        if ranks() > 1 and device.type == "cuda":
            # Else each process would normalise by its own part of the batch. (No types in torch.)
            network = nn.SyncBatchNorm.convert_sync_batchnorm(network)  # type: ignore[no-untyped-call]
        network.to(device).to(memory_format=torch.channels_last)
        self.network = network.train()
        self.moco = _moco(recipe, self.network, device)
        self.average = None if recipe.average is None else copy.deepcopy(self.encoder).eval()
        self._optimiser = make_optimiser(
            recipe.optimiser, self.network.parameters(), recipe.weight_decay
        )
        self._scaler = torch.amp.GradScaler(device.type, enabled=precision == torch.float16)

    @property
    @override
    def delivered(self) -> Encoder:
        """The mean over steps, where one is kept."""
        return self.encoder if self.average is None else self.average

    def compile(self) -> None:
        """Have torch compile the network; names and numbers of weights stay as they are."""
        self.network.compile()

    def learn(self, batches: Sequence[Pairs], rate: float) -> tuple[Tensor, Tensor]:
        """Take one step; return the mean loss (a scalar) and the last projections (2n, outputs)."""
        set_rate(self._optimiser, rate)
        self._optimiser.zero_grad(set_to_none=True)
        losses, projections = [], torch.empty(0)
        for pairs in batches:
            loss, projections, keys = self._loss(pairs)
            torch.autograd.backward(self._scaler.scale(loss / len(batches)))
            losses.append(loss.detach())
            if self.moco is not None and keys is not None:  # not before the gradients were taken
                self.moco.remember(keys)
        average_gradients(list(self.network.parameters()))
        self._scaler.step(self._optimiser)
        self._scaler.update()
        if self.moco is not None:
            self.moco.follow(self.network)
        if self.average is not None and self._recipe.average is not None:
            follow(self.average, self.encoder, self._recipe.average)
        return torch.stack(losses).mean(), projections.detach()

    def _loss(self, pairs: Pairs) -> tuple[Tensor, Tensor, Tensor | None]:
        """Return the loss, all projections, and the keys of one view where there are keys."""
        recipe = self._recipe
        both = torch.cat([pairs.one, pairs.other]).contiguous(memory_format=torch.channels_last)
        with self.autocast():
            projections: Tensor = self.network(both)
        one, other = projections.float().chunk(2)
        if self.moco is None:
            loss_of = dcl if recipe.method == "dcl" else nt_xent
            loss = loss_of(one, other, recipe.temperature, groups=pairs.groups)
            return loss, projections, None
        with self.autocast():
            first, second = self.moco(both).chunk(2)
        loss = self.moco.loss((one, other), (first, second), recipe.temperature)
        return loss, projections, first

    @override
    def state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        tensors, facts = super().state()
        return tensors, {**facts, "scaler": self._scaler.state_dict()}

    @override
    def restore_facts(self, facts: Mapping[str, Any]) -> None:
        self._scaler.load_state_dict(facts["scaler"])

    @override
    def modules(self) -> Iterable[tuple[str, nn.Module]]:
        parts = {"network": self.network, "moco": self.moco, "average": self.average}
        return ((name, module) for name, module in parts.items() if module is not None)


def _weights(recipe: PretrainRecipe) -> Any:
    return recipe.weights if recipe.weights in {"random", "imagenet"} else Path(recipe.weights)


def _head(recipe: PretrainRecipe, encoder: Encoder) -> nn.Module:
    return ProjectionHead(
        encoder.dimension, hidden=recipe.hidden, outputs=recipe.outputs, seed=recipe.seed
    )


def _moco(
    recipe: PretrainRecipe, network: nn.Module, device: torch.device
) -> MomentumContrast | None:
    """The queue and the slow copy of ``moco``; None for other methods."""
    if recipe.method != "moco":
        return None
    moco = MomentumContrast(
        network, recipe.outputs, length=recipe.queue, momentum=recipe.momentum, seed=recipe.seed
    )
    return moco.to(device)
