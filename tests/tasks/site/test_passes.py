import datetime as dt

import pytest

from catalogs.records import FrameId
from tasks.site.passes import TrackPasses, repeat_of, soonest_pass
from tests.tasks.site.made_facts import ASCENDING, DESCENDING, FIRST


def days(*numbers: int) -> list[dt.date]:
    return [FIRST + dt.timedelta(days=number) for number in numbers]


@pytest.mark.parametrize(
    ("seen", "repeat"),
    [
        (days(), 12),
        (days(0), 12),
        (days(0, 12, 24, 60), 12),
        (days(0, 6, 12, 24), 6),
        # One satellite after two: the last half year counts.
        (days(*range(0, 360, 6), *range(600, 780, 12)), 12),
    ],
)
def test_the_repeat_is_the_commonest_step(seen: list[dt.date], repeat: int) -> None:
    assert repeat_of(seen) == repeat


def test_the_next_pass_follows_the_newest_that_is_known() -> None:
    frame = FrameId.parse(ASCENDING)
    first, second = days(0, 12)
    track = TrackPasses(frame, first, second, 12, is_absent=False)
    assert track.next_pass == second + dt.timedelta(days=12)
    never = TrackPasses(FrameId.parse(DESCENDING), None, None, 12, is_absent=True)
    assert never.next_pass is None
    assert soonest_pass([never, track]) is track
    assert soonest_pass([never]) is None
