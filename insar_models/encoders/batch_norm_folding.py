"""Batch norms that no longer learn, worked into the convolutions before them: less to compute."""

import copy
from itertools import pairwise
from typing import TypeVar

from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

_Net = TypeVar("_Net", bound=nn.Module)


def fold_batch_norms(net: _Net) -> _Net:
    """Return a copy of a net that gives the same, up to rounding, without batch norms.

    A convolution and a batch norm that come right after another in a module become one
    convolution: so they stand, and so they are run, in all nets of
    `insar_models.encoders.backbones`. Batch norms that follow something else (in a DenseNet)
    stay. The copy is set to score; it cannot learn as the net does, and its tensors have
    other names.

    Parameters
    ----------
    net
        Left as it is, learning or not.
    """
    folded = copy.deepcopy(net).eval()
    for part in list(folded.modules()):
        for (name, before), (after, norm) in pairwise(list(part.named_children())):
            # Exactly: packages have batch norms that do more.
            if type(before) is nn.Conv2d and type(norm) is nn.BatchNorm2d:
                setattr(part, name, fuse_conv_bn_eval(before, norm))
                setattr(part, after, nn.Identity())
    return folded
