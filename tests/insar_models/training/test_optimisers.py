"""Optimisers against plain numbers, and the course of the learning rate."""

import math
from itertools import pairwise

import numpy as np
import pytest

pytest.importorskip("torch")

import torch
from torch import nn

from fringewatch.errors import BadInputError
from insar_models.training.optimisers import Lars, cosine_rate, make_optimiser, paper_rate, set_rate


class TestLars:
    def test_the_definition(self) -> None:
        weight = np.array([[3.0, 4.0]])
        bias = np.array([1.0, -1.0])
        layer, offset = nn.Parameter(torch.tensor(weight)), nn.Parameter(torch.tensor(bias))
        groups = [
            {"params": [layer], "weight_decay": 0.1},
            {"params": [offset], "weight_decay": 0.0, "adapt": False},
        ]
        optimiser = Lars(groups, 0.5, momentum=0.9, trust=0.01)
        kept, kept_bias = np.zeros((1, 2)), np.zeros(2)
        for step in range(3):
            gradient, push = np.array([[1.0 + step, -2.0]]), np.array([0.5, step])
            layer.grad, offset.grad = torch.tensor(gradient), torch.tensor(push)
            optimiser.step()
            update = gradient + 0.1 * weight
            update *= 0.01 * np.linalg.norm(weight) / np.linalg.norm(update)
            kept, kept_bias = 0.9 * kept + update, 0.9 * kept_bias + push
            weight, bias = weight - 0.5 * kept, bias - 0.5 * kept_bias
        np.testing.assert_allclose(layer.detach().numpy(), weight)
        np.testing.assert_allclose(offset.detach().numpy(), bias)

    def test_zeros_are_moved_too(self) -> None:
        layer = nn.Parameter(torch.zeros(2, 2))
        layer.grad = torch.ones(2, 2)
        Lars([layer], 0.5).step()
        assert layer.tolist() == [[-0.5, -0.5]] * 2
        layer.grad = torch.zeros(2, 2)
        Lars([layer], 0.5).step()
        assert torch.isfinite(layer).all()

    def test_it_goes_on_from_its_state(self) -> None:
        def run(stop: int) -> torch.Tensor:
            layer = nn.Parameter(torch.ones(2, 3))
            optimiser = Lars([layer], 0.5)
            for step in range(6):
                if step == stop:
                    state = optimiser.state_dict()
                    optimiser = Lars([layer], 0.1)
                    optimiser.load_state_dict(state)
                layer.grad = torch.arange(6.0).view(2, 3) - step
                optimiser.step()
            return layer.detach()

        assert torch.equal(run(-1), run(3))


@pytest.mark.parametrize("name", ["adam", "adamw", "sgd", "lars"])
def test_every_optimiser_comes_down(name: str) -> None:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
    inputs = torch.randn(64, 4)
    wanted = inputs.sum(dim=1, keepdim=True)
    optimiser = make_optimiser(name, net.parameters(), 1e-4)  # type: ignore[arg-type]
    assert {group["weight_decay"] for group in optimiser.param_groups} == {1e-4, 0.0}
    losses = []
    for _ in range(120):
        set_rate(optimiser, {"lars": 0.3, "sgd": 0.02}.get(name, 0.02))
        loss = (net(inputs) - wanted).square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < 0.6 * losses[0]


def test_an_unknown_optimiser() -> None:
    with pytest.raises(BadInputError, match="'adamax' is no optimiser"):
        make_optimiser("adamax", [nn.Parameter(torch.ones(1))], 0.0)  # type: ignore[arg-type]


class TestRates:
    def test_cosine_with_warm_up(self) -> None:
        rates = [cosine_rate(step, 100, 10) for step in range(100)]
        assert rates[:10] == pytest.approx([share / 10 for share in range(1, 11)])
        assert rates[10] == 1.0
        assert rates[55] == pytest.approx(0.5)
        assert all(later < sooner for sooner, later in pairwise(rates[10:]))
        assert 0.0 < rates[-1] < 1e-3

    def test_cosine_without(self) -> None:
        assert cosine_rate(0, 10, 0) == 1.0
        assert cosine_rate(10, 10, 0) == pytest.approx(0.0)
        assert cosine_rate(0, 1, 1) == 1.0

    def test_the_rate_that_the_paper_really_had(self) -> None:
        rates = [1e-3 * paper_rate(epoch, 67) for epoch in range(200)]
        assert rates[:11] == [1e-3] * 11
        assert rates[77] == pytest.approx(0.0, abs=1e-9)
        assert rates[144] == pytest.approx(1e-3)
        assert rates[199] == pytest.approx(7.7e-5, rel=0.01)
        fifty = [1e-3 * paper_rate(epoch, 235) for epoch in range(200)]
        assert fifty == sorted(fifty, reverse=True)
        assert fifty[-1] == pytest.approx(9e-5, rel=0.05)

    def test_it_is_torchs_own(self) -> None:
        optimiser = torch.optim.SGD([nn.Parameter(torch.ones(1))], lr=1.0)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, T_max=7)
        for epoch in range(12):
            assert optimiser.param_groups[0]["lr"] == pytest.approx(paper_rate(epoch, 7), abs=1e-9)
            optimiser.step()
            if epoch >= 10:
                schedule.step()
        assert math.isclose(paper_rate(10, 7), 1.0)
