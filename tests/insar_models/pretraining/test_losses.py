"""Losses: the same numbers as slow loops, and what must hold for any batch."""

import math
from collections.abc import Callable

import numpy as np
import pytest

pytest.importorskip("torch")

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from fringewatch.errors import BadInputError
from insar_models.pretraining.losses import dcl, nt_xent, queue_loss, unit_rows

Loss = Callable[..., Tensor]


def views(patches: int = 6, numbers: int = 5, seed: int = 0) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return (
        torch.randn(patches, numbers, generator=generator) * 3,
        torch.randn(patches, numbers, generator=generator) * 3,
    )


def slow(
    one: Tensor, other: Tensor, temperature: float, groups: list[int] | None, *, decoupled: bool
) -> float:
    """The definition, with loops and numbers of Python."""
    n = len(one)
    rows = [np.array(row, dtype=float) for row in [*one.tolist(), *other.tolist()]]
    rows = [row / np.linalg.norm(row) for row in rows]
    group = groups or list(range(n))
    total = 0.0
    for i in range(2 * n):
        counterpart = (i + n) % (2 * n)
        positive = math.exp(float(rows[i] @ rows[counterpart]) / temperature)
        below = 0.0 if decoupled else positive
        for k in range(2 * n):
            if group[k % n] != group[i % n]:
                below += math.exp(float(rows[i] @ rows[k]) / temperature)
        total -= math.log(positive / below)
    return total / (2 * n)


@pytest.mark.parametrize("temperature", [0.07, 0.5, 1.0])
@pytest.mark.parametrize("groups", [None, [0, 1, 0, 2, 2, 3]])
@pytest.mark.parametrize(("loss", "decoupled"), [(nt_xent, False), (dcl, True)])
def test_the_definition(
    loss: Loss, *, decoupled: bool, groups: list[int] | None, temperature: float
) -> None:
    one, other = views()
    group = None if groups is None else torch.tensor(groups)
    found = float(loss(one, other, temperature, groups=group))
    assert found == pytest.approx(slow(one, other, temperature, groups, decoupled=decoupled), 1e-5)


@pytest.mark.parametrize("loss", [nt_xent, dcl])
class TestBoth:
    def test_gradients(self, loss: Loss) -> None:
        one, other = (view.requires_grad_() for view in views())
        torch.autograd.backward(loss(one, other, 0.5))
        step = 1e-2
        for view in (one, other):
            assert view.grad is not None
            for at in ((0, 0), (3, 4)):
                values = []
                for sign in (1, -1):
                    moved = view.detach().clone()
                    moved[at] += sign * step
                    pair = (moved, other) if view is one else (one, moved)
                    values.append(float(loss(*pair, 0.5).detach().double()))
                slope = (values[0] - values[1]) / (2 * step)
                assert float(view.grad[at]) == pytest.approx(slope, abs=2e-4)

    @settings(max_examples=25)
    @given(seed=st.integers(0, 999), factor=st.floats(0.01, 100.0))
    def test_neither_order_nor_length_counts(self, loss: Loss, seed: int, factor: float) -> None:
        one, other = views(seed=seed)
        plain = float(loss(one, other, 0.5))
        order = torch.randperm(len(one), generator=torch.Generator().manual_seed(seed))
        assert float(loss(one[order], other[order], 0.5)) == pytest.approx(plain, abs=1e-5)
        assert float(loss(one * factor, other, 0.5)) == pytest.approx(plain, abs=1e-5)
        assert float(loss(other, one, 0.5)) == pytest.approx(plain, abs=1e-5)

    def test_like_views_cost_less(self, loss: Loss) -> None:
        one, other = views(32, 64)
        assert float(loss(one, one, 0.5)) < float(loss(one, other, 0.5)) - 0.5

    def test_half_precision_changes_little(self, loss: Loss) -> None:
        one, other = views()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            found = loss(one, other, 0.07)
        assert found.dtype == torch.float32
        assert float(found) == pytest.approx(float(loss(one, other, 0.07)), abs=1e-6)

    def test_it_stays_finite(self, loss: Loss) -> None:
        one, other = views()
        alike = torch.ones(6, 5)
        for pair in ((one * 1e20, other * 1e-20), (one * 0, other * 0), (alike, alike)):
            start = [view.clone().requires_grad_() for view in pair]
            value = loss(*start, 0.01)
            torch.autograd.backward(value)
            assert torch.isfinite(value)
            assert all(torch.isfinite(view.grad).all() for view in start if view.grad is not None)

    def test_one_group_in_the_whole_batch(self, loss: Loss) -> None:
        one, other = (view.requires_grad_() for view in views())
        value = loss(one, other, 0.5, groups=torch.zeros(6, dtype=torch.int64))
        torch.autograd.backward(value)
        assert value.item() == pytest.approx(0.0, abs=1e-6)
        assert one.grad is not None
        assert torch.isfinite(one.grad).all()

    def test_what_cannot_be(self, loss: Loss) -> None:
        one, other = views()
        with pytest.raises(BadInputError, match=r"\(6, 5\) and \(5, 5\) cannot be compared"):
            loss(one, other[:5])
        with pytest.raises(BadInputError, match="at least 2 patches"):
            loss(one[:1], other[:1])
        with pytest.raises(BadInputError, match="do not fit 6 patches"):
            loss(one, other, groups=torch.zeros(5))
        for temperature in (0.0, -1.0, math.nan, math.inf):
            with pytest.raises(BadInputError, match="a temperature of"):
                loss(one, other, temperature)


def test_a_collapsed_net_has_the_loss_of_guessing() -> None:
    alike = torch.ones(8, 4)
    assert float(nt_xent(alike, alike)) == pytest.approx(math.log(15), abs=1e-5)
    assert float(dcl(alike, alike)) == pytest.approx(math.log(14), abs=1e-5)


class TestQueue:
    def test_the_definition(self) -> None:
        queries, keys = views(4, 5)
        queue = unit_rows(views(7, 5, seed=3)[0])
        found = float(queue_loss(queries, keys, queue, 0.2))
        total = 0.0
        for query, key in zip(unit_rows(queries).tolist(), unit_rows(keys).tolist(), strict=True):
            right = math.exp(np.dot(query, key) / 0.2)
            wrong = sum(math.exp(np.dot(query, old) / 0.2) for old in queue.tolist())
            total -= math.log(right / (right + wrong))
        assert found == pytest.approx(total / 4, rel=1e-5)

    def test_only_queries_learn(self) -> None:
        queries, keys = (view.requires_grad_() for view in views())
        queue = unit_rows(views(seed=2)[0]).requires_grad_()
        torch.autograd.backward(queue_loss(queries, keys, queue))
        assert queries.grad is not None
        assert keys.grad is None
        assert queue.grad is None

    def test_what_cannot_be(self) -> None:
        one, other = views()
        for queue in (one[:0], one[:, :3], one[0]):
            with pytest.raises(BadInputError, match="a queue of shape"):
                queue_loss(one, other, queue)


def test_zeros_have_no_direction() -> None:
    assert unit_rows(torch.zeros(2, 3)).tolist() == [[0.0] * 3] * 2
    assert unit_rows(torch.tensor([[3.0, 4.0]])).tolist()[0] == pytest.approx([0.6, 0.8])
