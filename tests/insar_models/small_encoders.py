"""Encoders that are quick to make and to run."""

import torch

from insar_models.encoders.encoder import Encoder, EncoderSpec

TINY = EncoderSpec("resnet18", width=0.25, size=32)


def inputs_for(spec: EncoderSpec, count: int = 2) -> torch.Tensor:
    """Random inputs of the right shape, always the same."""
    generator = torch.Generator().manual_seed(5)
    return torch.randn(count, 3, spec.size, spec.size, generator=generator)


def same_weights(one: Encoder, other: Encoder) -> bool:
    """Whether two encoders have the same tensors, bit for bit."""
    left, right = one.state_dict(), other.state_dict()
    return left.keys() == right.keys() and all(
        torch.equal(left[name], right[name]) for name in left
    )
