"""The projection head."""

import pytest

pytest.importorskip("torch")

import torch

from fringewatch.errors import BadInputError
from insar_models.pretraining.projection import ProjectionHead


def test_shapes() -> None:
    head = ProjectionHead(512, outputs=1000)
    assert [tuple(p.shape) for p in head.parameters()] == [(512, 512), (512,), (1000, 512), (1000,)]
    assert ProjectionHead(8, hidden=3, outputs=2)(torch.zeros(5, 8)).shape == (5, 2)


def test_the_hidden_layer_bends() -> None:
    head, inputs = ProjectionHead(4), torch.randn(3, 4)
    assert not torch.allclose(head(inputs) + head(-inputs), 2 * head(inputs * 0), atol=1e-4)


def test_its_weights_are_its_seeds() -> None:
    torch.manual_seed(1)
    before = torch.random.get_rng_state()
    heads = [ProjectionHead(4, seed=seed).state_dict() for seed in (3, 3, 4)]
    assert torch.equal(before, torch.random.get_rng_state())
    assert torch.equal(heads[0]["layers.0.weight"], heads[1]["layers.0.weight"])
    assert not torch.equal(heads[0]["layers.0.weight"], heads[2]["layers.0.weight"])


def test_a_size_below_one() -> None:
    with pytest.raises(BadInputError, match="4 -> 0 -> 128 cannot be"):
        ProjectionHead(4, hidden=0)
