"""Sampling: the same numbers everywhere, every patch once, and no replay."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fringewatch.errors import BadInputError
from insar_models.patchfile.sampling import EachOnce, Rank, batches, epoch_order

DRAWS = [EachOnce(200, 24, 5), EachOnce(200, 24, 5, False)]

counts = st.integers(1, 300)
seeds = st.integers(0, 2**63 - 1)


class TestOrder:
    @given(counts, seeds, seeds)
    def test_every_patch_once(self, count: int, seed: int, epoch: int) -> None:
        order = epoch_order(count, seed, epoch)
        assert sorted(order.tolist()) == list(range(count))
        np.testing.assert_array_equal(order, epoch_order(count, seed, epoch))

    def test_it_never_changes(self) -> None:
        # A run that is taken up again in years must find the order that it began with.
        assert epoch_order(8, 0, 0).tolist() == [7, 4, 2, 6, 5, 0, 1, 3]
        assert epoch_order(8, 1, 2).tolist() == [4, 5, 6, 7, 1, 0, 2, 3]

    def test_other_seeds_and_epochs_give_other_orders(self) -> None:
        keys = [(0, 0), (0, 1), (1, 0), (1, 1), (2**40, 0), (0, 2**40)]
        assert len({epoch_order(50, *key).tobytes() for key in keys}) == len(keys)

    def test_places_are_even(self) -> None:
        first = np.array([epoch_order(10, 3, epoch)[0] for epoch in range(5000)])
        assert np.bincount(first, minlength=10) == pytest.approx(500, abs=100)

    @pytest.mark.parametrize(("seed", "epoch"), [(-1, 0), (0, -1), (2**63, 0)])
    def test_keys_that_cannot_be(self, seed: int, epoch: int) -> None:
        with pytest.raises(BadInputError, match=r"is no (seed|epoch)"):
            epoch_order(8, seed, epoch)


class TestBatches:
    @pytest.mark.parametrize("draw", DRAWS)
    @pytest.mark.parametrize("ranks", [1, 2, 4])
    def test_the_parts_of_all_ranks_are_the_whole_batch(self, draw: EachOnce, ranks: int) -> None:
        whole = list(batches(draw, 3))
        parts = [list(batches(draw, 3, rank=Rank(number, ranks))) for number in range(ranks)]
        assert {len(part) for part in parts} == {len(whole)} == {draw.steps}
        for batch, *shares in zip(whole, *parts, strict=True):
            np.testing.assert_array_equal(batch, np.concatenate(shares))
            if len(batch) == draw.batch_size:
                assert {len(share) for share in shares} == {24 // ranks}

    @pytest.mark.parametrize("draw", DRAWS)
    def test_going_on_at_any_step(self, draw: EachOnce) -> None:
        whole = list(batches(draw, 1))
        for start in range(draw.steps + 1):
            rest = list(batches(draw, 1, start=start))
            assert len(rest) == draw.steps - start
            for batch, again in zip(whole[start:], rest, strict=True):
                np.testing.assert_array_equal(batch, again)

    @given(counts, st.data())
    def test_every_patch_once_an_epoch(self, count: int, data: st.DataObject) -> None:
        size = data.draw(st.integers(1, count))
        kept = np.concatenate(list(batches(EachOnce(count, size, 1), 0)))
        assert len(kept) == count - count % size == len(set(kept.tolist()))
        every = list(batches(EachOnce(count, size, 1, drop_last=False), 0))
        assert sorted(np.concatenate(every).tolist()) == list(range(count))
        assert len(every) == math.ceil(count / size)

    def test_what_cannot_be(self) -> None:
        draw = EachOnce(200, 24, 5)
        with pytest.raises(BadInputError, match=r"step 9 cannot be.*0 to 7"):
            batches(draw, 0, start=9)
        with pytest.raises(BadInputError, match="step -1 cannot be"):
            batches(draw, 0, start=-1)
        with pytest.raises(BadInputError, match="24 cannot be shared evenly among 5 ranks"):
            batches(draw, 0, rank=Rank(0, 5))
        for number, of in ((2, 2), (-1, 2), (0, 0)):
            with pytest.raises(BadInputError, match="cannot be: ranks are"):
                Rank(number, of)
        for size in (0, 201):
            with pytest.raises(BadInputError, match=f"a batch of {size} cannot be drawn from 200"):
                EachOnce(200, size, 5)
