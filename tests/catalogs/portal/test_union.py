import datetime as dt

import pytest

from catalogs.portal.listing import PairEntry
from catalogs.portal.union import RootAnswer, RootState, ShortMemory, unite
from catalogs.records import DatePair, FrameId
from tests.catalogs.portal.conftest import FRAME


def answer(root: str, *pairs: str) -> RootAnswer:
    entries = (
        PairEntry(DatePair.parse(pair), is_folder=False, url=f"{root}/{pair}")
        for pair in sorted(pairs)
    )
    return RootAnswer(root, RootState.LISTED, tuple(entries))


OLD, NEWER, NEWEST = "20240106_20240118", "20240118_20240130", "20240106_20240501"
SILENT = RootAnswer("silent", RootState.UNAVAILABLE, reason="refused")
IGNORANT = RootAnswer("ignorant", RootState.NO_FRAME, reason="404")


def test_a_pair_that_the_first_lacks_comes_from_the_next() -> None:
    listing = unite([answer("a", NEWER), answer("b", OLD, NEWER), answer("c", OLD)])
    assert listing.root == "a"
    assert [(str(e.pair), e.url, e.elsewhere) for e in listing.entries] == [
        (OLD, f"b/{OLD}", (f"c/{OLD}",)),
        (NEWER, f"a/{NEWER}", (f"b/{NEWER}",)),
    ]


def test_what_each_root_said_is_kept() -> None:
    answers = (SILENT, answer("a", OLD), IGNORANT)
    listing = unite(answers)
    assert listing.answers == answers
    assert listing.unavailable == (SILENT,)
    assert listing.stale == ()
    assert listing.root == "a"


@pytest.mark.parametrize(("days", "is_stale"), [(90, False), (91, True)])
def test_a_root_that_stopped_following_is_stale_and_does_not_win(days: int, is_stale: bool) -> None:
    newest = DatePair.parse(OLD).secondary + dt.timedelta(days=days)
    late, current = answer("late", OLD), answer("current", f"20240106_{newest:%Y%m%d}")
    listing = unite([late, current])
    assert listing.stale == ((late,) if is_stale else ())
    assert listing.root == ("current" if is_stale else "late")
    assert {entry.url.partition("/")[0] for entry in listing.entries} == {"late", "current"}


def test_a_page_without_pairs_does_not_win() -> None:
    listing = unite([answer("empty"), answer("a", OLD)])
    assert listing.root == "a"
    assert [stale.root for stale in listing.stale] == ["empty"]
    assert unite([SILENT, answer("empty"), answer("too")]).root == "empty"
    assert unite([answer("empty")]).entries == ()


def test_the_newest_pair_is_the_one_that_ends_last() -> None:
    assert str(answer("a", OLD, NEWEST, NEWER).newest) == NEWEST
    assert answer("a").newest is None


def test_a_short_memory() -> None:
    memory, other = ShortMemory(), FrameId.parse("004D_05291_081406")
    memory.remember(FRAME, "a")
    memory.remember(FRAME, "b")
    assert (memory.recall(FRAME), memory.recall(other)) == ("b", None)
