"""MoCo's slow copy and its queue."""

import pytest

pytest.importorskip("torch")

import torch
from torch import nn

from fringewatch.errors import BadInputError
from insar_models.pretraining.losses import queue_loss, unit_rows
from insar_models.pretraining.momentum_contrast import MomentumContrast, follow


def network(seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))


def numbered(*values: float) -> torch.Tensor:
    """Keys whose direction tells their number."""
    return torch.tensor([[1.0, value] for value in values])


class TestQueue:
    def test_the_oldest_go_first(self) -> None:
        moco = MomentumContrast(network(), 2, length=5)
        for first in (1.0, 4.0, 7.0):
            moco.remember(numbered(first, first + 1, first + 2))
        kept = (moco.queue[:, 1] / moco.queue[:, 0]).tolist()
        assert kept == pytest.approx([6, 7, 8, 9, 5])
        assert moco.queue.norm(dim=1).tolist() == pytest.approx([1.0] * 5)

    def test_a_batch_longer_than_the_queue(self) -> None:
        moco = MomentumContrast(network(), 2, length=2)
        moco.remember(numbered(1, 2, 3))
        assert sorted((moco.queue[:, 1] / moco.queue[:, 0]).tolist()) == pytest.approx([2, 3])

    def test_it_begins_with_directions_of_its_seed(self) -> None:
        queues = [MomentumContrast(network(), 2, length=50, seed=seed).queue for seed in (1, 1, 2)]
        assert torch.equal(queues[0], queues[1])
        assert not torch.equal(queues[0], queues[2])
        assert queues[0].norm(dim=1).tolist() == pytest.approx([1.0] * 50)

    def test_it_travels_with_the_state(self) -> None:
        moco, other = (MomentumContrast(network(), 2, length=4, seed=seed) for seed in (0, 5))
        moco.remember(numbered(1, 2, 3))
        other.load_state_dict(moco.state_dict())
        assert torch.equal(other.queue, moco.queue)
        assert int(other.place) == 3


class TestCopy:
    def test_it_learns_by_following_alone(self) -> None:
        quick = network()
        moco = MomentumContrast(quick, 4, momentum=0.75)
        start = moco.network[0].weight.clone()  # type: ignore[index]
        with torch.no_grad():
            quick[0].weight += 1.0  # type: ignore[index]
            quick[1].running_mean += 2.0  # type: ignore[index]
        assert torch.equal(moco.network[0].weight, start)  # type: ignore[index]
        moco.follow(quick)
        assert torch.allclose(moco.network[0].weight, start + 0.25)  # type: ignore[index]
        assert torch.allclose(moco.network[1].running_mean, torch.full((4,), 2.0))  # type: ignore[index]

    def test_keys_have_no_gradients(self) -> None:
        moco = MomentumContrast(network(), 4)
        assert not moco(torch.randn(5, 3)).requires_grad
        assert not any(parameter.requires_grad for parameter in moco.network.parameters())

    def test_a_share_of_one_keeps_all(self) -> None:
        slow, quick = network(0), network(1)
        before = [parameter.clone() for parameter in slow.parameters()]
        follow(slow, quick, 1.0)
        assert all(map(torch.equal, before, slow.parameters()))
        follow(slow, quick, 0.0)
        assert all(map(torch.allclose, quick.parameters(), slow.parameters()))


def test_each_view_finds_the_key_of_the_other() -> None:
    moco = MomentumContrast(network(), 3, length=6)
    queries = (torch.randn(4, 3), torch.randn(4, 3))
    keys = (torch.randn(4, 3), torch.randn(4, 3))
    expected = [
        queue_loss(queries[0], keys[1], moco.queue, 0.3),
        queue_loss(queries[1], keys[0], moco.queue, 0.3),
    ]
    assert float(moco.loss(queries, keys, 0.3)) == pytest.approx(float(sum(expected)) / 2)
    assert torch.allclose(unit_rows(moco.queue), moco.queue)


@pytest.mark.parametrize(("length", "momentum"), [(0, 0.9), (4, 1.0), (4, -0.1)])
def test_what_cannot_be(length: int, momentum: float) -> None:
    with pytest.raises(BadInputError, match="cannot be"):
        MomentumContrast(network(), 4, length=length, momentum=momentum)
