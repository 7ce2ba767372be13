"""Two processes with half a batch each: the gradients of one process with the whole batch."""

import multiprocessing as mp
import socket
from multiprocessing.queues import Queue

import pytest

pytest.importorskip("torch")

import torch
import torch.distributed as dist
from torch import nn

from insar_models.pretraining.losses import dcl, nt_xent
from insar_models.pretraining.momentum_contrast import MomentumContrast
from insar_models.training.ranks import agree, average_gradients, gather, mean_over_ranks, ranks

GROUPS = torch.tensor([0, 1, 2, 0, 3, 4, 1, 5])
LOSSES = {"nt_xent": nt_xent, "dcl": dcl}


def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 4))


def views() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    return torch.randn(8, 3, generator=generator), torch.randn(8, 3, generator=generator)


def learn(part: slice) -> dict[str, list[float]]:
    """Gradients and losses of this process's part of the batch, averaged over all processes."""
    found: dict[str, list[float]] = {}
    for name, loss_of in LOSSES.items():
        net = network()
        one, other = (net(view[part]) for view in views())
        loss = loss_of(one, other, 0.2, groups=GROUPS[part])
        torch.autograd.backward(loss)
        average_gradients(list(net.parameters()))
        gradients = [p.grad.flatten() for p in net.parameters() if p.grad is not None]
        found[name] = torch.cat([mean_over_ranks(loss.detach())[None], *gradients]).tolist()
    moco = MomentumContrast(network(), 3, length=8)
    moco.remember(views()[0][part])
    found["queue"] = moco.queue.flatten().tolist()
    return found


def process(rank: int, port: int, results: "Queue[tuple[int, dict[str, list[float]]]]") -> None:
    torch.set_num_threads(1)
    address = f"tcp://127.0.0.1:{port}"
    dist.init_process_group("gloo", init_method=address, rank=rank, world_size=2)
    found = learn(slice(4 * rank, 4 * rank + 4))
    found["ranks"] = gather(torch.tensor([float(rank), float(ranks())])).tolist()
    found["agreed"] = [float(agree(flag=rank == 1)), float(agree(flag=False))]
    results.put((rank, found))
    dist.destroy_process_group()


def test_alone_nothing_is_sent() -> None:
    rows = torch.ones(3, 2)
    assert gather(rows) is rows
    assert ranks() == 1
    assert agree(flag=True)
    assert not agree(flag=False)


def test_two_processes_learn_what_one_would() -> None:
    expected = learn(slice(None))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    context = mp.get_context("spawn")
    results: Queue[tuple[int, dict[str, list[float]]]] = context.Queue()
    workers = [context.Process(target=process, args=(rank, port, results)) for rank in (0, 1)]
    for worker in workers:
        worker.start()
    found = dict(results.get(timeout=120) for _ in workers)
    for worker in workers:
        worker.join(timeout=60)
        assert worker.exitcode == 0
    for rank in (0, 1):
        for name in (*LOSSES, "queue"):
            assert found[rank][name] == pytest.approx(expected[name], abs=1e-6), name
        assert found[rank]["ranks"] == [0.0, 2.0, 1.0, 2.0]
        assert found[rank]["agreed"] == [1.0, 0.0]
