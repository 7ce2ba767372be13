"""Contrastive losses: two views of a patch are to resemble each other more than other patches.

All take two tensors of projections, row i of one and row i of the other being views of the same
patch, and compare their directions alone. They compute in float32 whatever the network ran in.
"""

import math
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

from fringewatch.errors import BadInputError
from insar_models.training.ranks import gather, rank_number

_NOTHING: Final = -1e9
"""A similarity that adds nothing to a sum of exponentials."""


def nt_xent(
    one: Tensor, other: Tensor, temperature: float = 0.5, *, groups: Tensor | None = None
) -> Tensor:
    """Return SimCLR's loss (NT-Xent, InfoNCE over 2n), a scalar: the mean over all 2n views.

    Each view must find its counterpart among all 2n - 1 others. Where several processes train
    together, the others are those of all processes, and the mean is over this process's views.

    Parameters
    ----------
    one, other
        Shape (n, d), n at least 2 (over all processes); row i of both shows the same patch.
    temperature
        By which similarities (-1 to 1) are divided.
    groups
        Shape (n,), whole numbers: patches of one group show the same ground, or are copies, and
        are not held against each other. None if all patches are strangers.

    Raises
    ------
    BadInputError
        If the shapes do not fit, there is nothing to compare with, or the temperature is not
        above 0.
    """
    similarity, partner, strangers = _compare(one, other, temperature, groups)
    positive = similarity.gather(1, partner)
    everything = strangers.scatter(1, partner, value=True)
    return (_log_sum(similarity, everything) - positive.squeeze(1)).mean()


def dcl(
    one: Tensor, other: Tensor, temperature: float = 0.1, *, groups: Tensor | None = None
) -> Tensor:
    """Return the decoupled contrastive loss, a scalar: like `nt_xent`, but no view is in its sum.

    The counterpart is left out of what a view is held against, so that an easy pair does not
    weaken the push away from all others; it learns more from small batches. It can be negative.

    Parameters
    ----------
    one, other, temperature, groups
        As for `nt_xent`.

    Where one group fills the whole batch there is nothing to tell apart, and the loss is 0.

    Raises
    ------
    BadInputError
        As `nt_xent`.
    """
    similarity, partner, strangers = _compare(one, other, temperature, groups)
    positive = similarity.gather(1, partner).squeeze(1)
    apart = _log_sum(similarity, strangers) - positive
    return torch.where(strangers.any(dim=1), apart, 0.0).mean()


def queue_loss(queries: Tensor, keys: Tensor, queue: Tensor, temperature: float = 0.2) -> Tensor:
    """Return MoCo's loss, a scalar: each query must find its key among those of earlier batches.

    Parameters
    ----------
    queries
        Shape (n, d), with gradients.
    keys
        Shape (n, d): the counterparts, as the momentum network projects them; without gradients.
    queue
        Shape (k, d): keys of other patches.
    temperature
        By which similarities (-1 to 1) are divided.

    Raises
    ------
    BadInputError
        If the shapes do not fit, the queue is empty, or the temperature is not above 0.
    """
    _check(queries, keys, temperature)
    if queue.ndim != 2 or queue.shape[1:] != queries.shape[1:] or not len(queue):  # noqa: PLR2004
        message = f"a queue of shape {tuple(queue.shape)} does not fit {tuple(queries.shape)}"
        raise BadInputError(message)
    with torch.autocast(queries.device.type, enabled=False):
        unit, key = unit_rows(queries), unit_rows(keys.detach())
        positive = (unit * key).sum(dim=1, keepdim=True)
        logits = torch.cat([positive, unit @ queue.detach().float().T], dim=1) / temperature
        return (logits.logsumexp(dim=1) - logits[:, 0]).mean()


def unit_rows(values: Tensor) -> Tensor:
    """Return rows of length 1 in float32; rows of zeros stay zeros. Shape (n, d) as before."""
    return functional.normalize(values.float(), dim=1, eps=1e-12)


def _compare(
    one: Tensor, other: Tensor, temperature: float, groups: Tensor | None
) -> tuple[Tensor, Tensor, Tensor]:
    """Return similarities (2n, 2m) of own views to all, each one's counterpart, and its strangers.

    All m patches of all processes, the own n among them; both views of patch i stand at i and at
    i + m.
    """
    _check(one, other, temperature)
    if groups is not None and groups.shape != one.shape[:1]:
        message = f"groups of shape {tuple(groups.shape)} do not fit {len(one)} patches"
        raise BadInputError(message)
    with torch.autocast(one.device.type, enabled=False):
        own = torch.stack([unit_rows(one), unit_rows(other)], dim=1)
        every = gather(own)
        patches, first = len(every), rank_number() * len(own)
        if patches < 2:  # noqa: PLR2004 - a patch and another
            message = "a contrastive loss needs at least 2 patches in a batch, to tell them apart"
            raise BadInputError(message)
        similarity = torch.cat([own[:, 0], own[:, 1]]) @ torch.cat([every[:, 0], every[:, 1]]).T
    mine = torch.arange(first, first + len(own), device=one.device)
    partner = torch.cat([mine + patches, mine]).unsqueeze(1)
    # A patch is a group of its own where nothing else is known.
    group = torch.arange(patches, device=one.device) if groups is None else gather(groups)
    strangers = (group[mine].unsqueeze(1) != group.unsqueeze(0)).repeat(2, 2)
    return similarity / temperature, partner, strangers


def _log_sum(similarity: Tensor, counted: Tensor) -> Tensor:
    # Minus infinity would leave no gradient but NaN where nothing is counted.
    return similarity.masked_fill(~counted, _NOTHING).logsumexp(dim=1)


def _check(one: Tensor, other: Tensor, temperature: float) -> None:
    if one.ndim != 2 or one.shape != other.shape:  # noqa: PLR2004
        message = (
            f"views of shapes {tuple(one.shape)} and {tuple(other.shape)} cannot be compared: both "
            "must be (patches, numbers)"
        )
        raise BadInputError(message)
    if not 0.0 < temperature < math.inf:
        message = f"a temperature of {temperature} cannot be: use one above 0, such as 0.5"
        raise BadInputError(message)
