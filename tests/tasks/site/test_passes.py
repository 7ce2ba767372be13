import datetime as dt

import pandas as pd
import pytest

from catalogs.records import DatePair, FrameId
from catalogs.tables import INTERFEROGRAMS
from tasks.site.passes import TrackPasses, ended_tracks, passes_of, repeat_of, soonest_pass
from tasks.status.records import FrameStatus, SourceStatus
from tests.tasks.site.made_facts import ASCENDING, DESCENDING, FIRST


def days(*numbers: int) -> list[dt.date]:
    return [FIRST + dt.timedelta(days=number) for number in numbers]


@pytest.mark.parametrize(
    ("seen", "repeat"),
    [
        (days(), 12),
        (days(0), 12),
        (days(0, 24), 12),  # one pair, which need not be of passes that follow each other
        (days(0, 12, 24, 60), 12),
        (days(0, 6, 12, 24), 6),
        # One satellite after two: the last half year counts.
        (days(*range(0, 360, 6), *range(600, 780, 12)), 12),
    ],
)
def test_the_repeat_is_the_commonest_step(seen: list[dt.date], repeat: int) -> None:
    assert repeat_of(seen) == repeat


def test_the_next_pass_follows_the_newest_that_is_here() -> None:
    frame = FrameId.parse(ASCENDING)
    first, second = days(0, 12)
    track = TrackPasses(frame, first, second, 12, is_absent=False)
    assert track.next_pass == second + dt.timedelta(days=12)
    never = TrackPasses(FrameId.parse(DESCENDING), None, None, 12, is_absent=True)
    assert never.next_pass is None
    assert soonest_pass([never, track]) is track
    assert soonest_pass([never]) is None


def test_a_track_that_has_ended_does_not_hide_the_one_that_lives() -> None:
    old, *_, newest = days(0, 12, 324)
    living = TrackPasses(FrameId.parse(ASCENDING), newest, newest, 6, is_absent=False)
    ended = TrackPasses(FrameId.parse(DESCENDING), old, old, 12, is_absent=False)
    assert soonest_pass([ended, living]) is living
    assert ended_tracks([ended, living]) == (ended,)
    # Alone it is told, however long it is overdue: nothing newer says that it has ended.
    assert soonest_pass([ended]) is ended
    assert ended_tracks([ended]) == ()


def test_pairs_that_are_listed_and_were_never_fetched_tell_no_pass() -> None:
    here, listed = (DatePair.parse(text) for text in ("20240106_20240118", "20240301_20240313"))
    asked = dt.datetime(2024, 3, 20, tzinfo=dt.UTC)
    source = SourceStatus("http://x", asked, "listed", listed, None, None)
    status = FrameStatus(
        "taal", FrameId.parse(ASCENDING), (source,), (), 2, (here,), (), (), (), (),
        cube_is_there=True, never_asked=(listed,),
    )  # fmt: skip
    table = pd.DataFrame(columns=[column.name for column in INTERFEROGRAMS.columns])
    assert passes_of(status, table).next_pass == dt.date(2024, 1, 30)
    (warning,) = (text for text in status.warnings if "NEWER" in text)
    assert warning.endswith(
        "NEWER: 1 listed pairs end after the newest that is here; `fringewatch backfill taal "
        f"--start 2024-03-01 --end 2024-03-13 --frame {ASCENDING}`"
    )
