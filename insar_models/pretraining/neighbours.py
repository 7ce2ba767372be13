"""How far neighbours in feature space share their label: a look at an encoder while it learns."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from fringewatch.errors import BadInputError
from insar_models.pretraining.losses import unit_rows

_BLOCK: Final = 1024


@dataclass(frozen=True)
class NeighbourReport:
    """What the votes of neighbours said."""

    accuracy_by_label: Mapping[int, float]
    """Share of the patches of each label that their neighbours gave that label."""
    balanced_accuracy: float
    """Mean of these; chance is one over the number of labels."""
    patches: int
    """That were judged."""


@torch.no_grad()
def judge_neighbours(
    features: Tensor,
    labels: Tensor,
    groups: Tensor | None = None,
    *,
    neighbours: int = 20,
    temperature: float = 0.1,
) -> NeighbourReport:
    """Return how well the nearest neighbours of each patch tell its label.

    A neighbour's vote weighs exp(similarity / temperature), over the share of its label among all
    patches: rare labels would never win otherwise. Neighbours of a patch's own group do not vote,
    since they show the same pixels.

    Parameters
    ----------
    features
        Shape (n, d).
    labels
        Shape (n,), whole numbers; patches below 0 have no label and are left out.
    groups
        Shape (n,), whole numbers; each patch is a group of its own if None.
    neighbours
        That vote; fewer where there are fewer.
    temperature
        The smaller, the more the nearest count.

    Raises
    ------
    BadInputError
        If shapes do not fit, there are no two labels, or a patch has no neighbour at all.
    """
    if features.ndim != 2 or labels.shape != features.shape[:1] or neighbours < 1:  # noqa: PLR2004
        message = (
            f"{neighbours} neighbours of features {tuple(features.shape)} with labels "
            f"{tuple(labels.shape)} cannot be judged"
        )
        raise BadInputError(message)
    group = torch.arange(len(labels)) if groups is None else groups
    known = labels >= 0
    unit, labels = unit_rows(features[known]), labels[known].to(features.device)
    group = group.to(known.device)[known].to(features.device)
    names, label = torch.unique(labels, return_inverse=True)
    counts = label.bincount(minlength=len(names))
    if len(names) < 2:  # noqa: PLR2004 - nothing to tell apart
        message = f"neighbours can tell labels apart only where there are two, not {names.tolist()}"
        raise BadInputError(message)
    weight = counts.sum() / counts
    blocks = -(-len(unit) // _BLOCK)
    told = torch.cat(
        [
            _vote(unit[rows], group[rows], (unit, group, label), weight, neighbours, temperature)
            for rows in torch.arange(len(unit), device=unit.device).tensor_split(blocks)
        ]
    )
    right = (told == label).double()
    shares = {int(name): float(right[label == at].mean()) for at, name in enumerate(names.tolist())}
    return NeighbourReport(shares, sum(shares.values()) / len(shares), len(label))


def _vote(
    unit: Tensor,
    group: Tensor,
    voters: tuple[Tensor, Tensor, Tensor],
    weight: Tensor,
    neighbours: int,
    temperature: float,
) -> Tensor:
    """Return the label that wins for each of some patches."""
    others, group_of, label = voters
    similarity = unit @ others.T
    similarity.masked_fill_(group.unsqueeze(1) == group_of.unsqueeze(0), -torch.inf)
    nearest, who = similarity.topk(min(neighbours, len(others)), dim=1)
    if bool(torch.isinf(nearest[:, 0]).any()):
        message = "a group holds all labelled patches: it has no neighbours outside to be judged by"
        raise BadInputError(message)
    # The nearest has weight 1: exponentials of small temperatures do not overflow.
    votes = ((nearest - nearest[:, :1]) / temperature).exp() * weight[label[who]]
    tally = torch.zeros(len(unit), len(weight), device=unit.device, dtype=votes.dtype)
    return tally.scatter_add_(1, label[who], votes).argmax(dim=1)
