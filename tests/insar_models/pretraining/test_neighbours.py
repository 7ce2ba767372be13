"""Neighbours and their votes."""

import math

import pytest

pytest.importorskip("torch")

import torch

from fringewatch.errors import BadInputError
from insar_models.pretraining.neighbours import judge_neighbours


def two_heaps(quiet: int = 40, loud: int = 10) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    labels = torch.tensor([0] * quiet + [1] * loud)
    features = torch.randn(len(labels), 8, generator=generator) * 0.2
    features[:, 0] += torch.where(labels == 1, 1.0, -1.0)
    return features, labels


def test_heaps_are_told_apart() -> None:
    found = judge_neighbours(*two_heaps())
    assert found.accuracy_by_label == {0: 1.0, 1: 1.0}
    assert found.balanced_accuracy == 1.0
    assert found.patches == 50


def test_noise_is_judged_by_chance() -> None:
    _, labels = two_heaps(1500, 300)
    noise = torch.randn(1800, 8, generator=torch.Generator().manual_seed(2))
    assert judge_neighbours(noise, labels).balanced_accuracy == pytest.approx(0.5, abs=0.05)


def test_the_own_group_does_not_vote() -> None:
    # Each patch has a twin of its own label at its place, and beyond it only the other label.
    angle = torch.tensor([0.0, 0.0, 0.2, 0.2])
    features = torch.stack([angle.cos(), angle.sin()], dim=1)
    labels, groups = torch.tensor([0, 0, 1, 1]), torch.tensor([5, 5, 6, 6])
    assert judge_neighbours(features, labels, neighbours=1).balanced_accuracy == 1.0
    assert judge_neighbours(features, labels, groups, neighbours=1).balanced_accuracy == 0.0


def test_slow_reference() -> None:
    features, labels = two_heaps(14, 6)
    features = features + torch.randn(20, 8, generator=torch.Generator().manual_seed(3))
    groups = torch.arange(20) // 2
    unit = (features / features.norm(dim=1, keepdim=True)).tolist()
    right: dict[int, list[float]] = {0: [], 1: []}
    for at in range(20):
        near = sorted(
            (
                (sum(a * b for a, b in zip(unit[at], unit[k], strict=True)), int(labels[k]))
                for k in range(20)
                if groups[k] != groups[at]
            ),
            reverse=True,
        )[:5]
        votes = {0: 0.0, 1: 0.0}
        for similarity, label in near:
            votes[label] += math.exp(similarity / 0.2) * 20 / (14 if label == 0 else 6)
        told = max(votes, key=lambda label: votes[label])
        right[int(labels[at])].append(float(told == int(labels[at])))
    found = judge_neighbours(features, labels, groups, neighbours=5, temperature=0.2)
    expected = {label: sum(hits) / len(hits) for label, hits in right.items()}
    assert 0.0 < expected[1] < 1.0
    assert found.accuracy_by_label == pytest.approx(expected)


def test_patches_without_a_label_neither_vote_nor_count() -> None:
    features, labels = two_heaps()
    strange = torch.cat([features, -features]), torch.cat([labels, torch.full((50,), -1)])
    found = judge_neighbours(*strange, torch.arange(100))
    assert found == judge_neighbours(features, labels)


def test_fewer_than_asked_for() -> None:
    features, labels = two_heaps(5, 5)
    found = judge_neighbours(features, labels, neighbours=200, temperature=0.05)
    assert found.balanced_accuracy == 1.0


def test_what_cannot_be() -> None:
    features, labels = two_heaps()
    with pytest.raises(BadInputError, match=r"only where there are two, not \[0\]"):
        judge_neighbours(features, labels * 0)
    with pytest.raises(BadInputError, match="cannot be judged"):
        judge_neighbours(features, labels[:3])
    with pytest.raises(BadInputError, match="no neighbours outside"):
        judge_neighbours(features, labels, labels * 0)
