import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from catalogs.records import DatePair
from tasks.assess.labelled_steps import episodes_of_dates, episodes_of_pairs
from tasks.assess.truth_records import DatedEpisode, EpisodeKind, PairLabel
from tests.tasks.assess.evidence import day, network

A_DAY = dt.timedelta(days=1)


def labelled(moving: set[int], spans: tuple[int, ...] = (1, 2, 3)) -> dict[DatePair, PairLabel]:
    return {
        DatePair(pair.primary, pair.secondary): PairLabel.DEFORMING
        if pair.positive
        else PairLabel.QUIET
        for pair in network(30, moving, spans)
    }


@given(st.sets(st.integers(1, 29)))
def test_steps_that_move_are_found_again(moving: set[int]) -> None:
    found = episodes_of_pairs(labelled(moving))
    covered = {
        step
        for step in range(1, 30)
        for episode in found
        if episode.start <= day(step) <= episode.end
    }
    assert covered == moving


def test_a_long_pair_finds_the_step_by_what_its_neighbours_deny() -> None:
    labels = labelled({7}, spans=(4,))
    assert episodes_of_pairs(labels) == (DatedEpisode(day(6) + A_DAY, day(7)),)


def test_a_short_quiet_pair_does_not_refute_slow_motion() -> None:
    labels = dict.fromkeys(labelled(set(), spans=(1,)), PairLabel.QUIET)
    labels[DatePair(day(3), day(9))] = PairLabel.DEFORMING
    assert episodes_of_pairs(labels) == (DatedEpisode(day(3) + A_DAY, day(9)),)


def test_a_lone_label_against_all_others_makes_no_episode() -> None:
    labels = labelled(set())
    labels[DatePair(day(3), day(4))] = PairLabel.DEFORMING
    assert episodes_of_pairs(labels) == ()
    # with most of the pairs that span the step, it is believed against the rest
    most = labelled({4})
    most[DatePair(day(2), day(4))] = PairLabel.QUIET
    assert episodes_of_pairs(most) == (DatedEpisode(day(3) + A_DAY, day(4)),)


def test_earthquakes_are_episodes_of_their_own() -> None:
    labels = {
        pair: PairLabel.TECTONIC if label is PairLabel.DEFORMING else label
        for pair, label in labelled({5}).items()
    }
    (episode,) = episodes_of_pairs(labels)
    assert episode.kind is EpisodeKind.TECTONIC


def test_runs_of_dates() -> None:
    labels = {day(number): number in {0, 3, 4, 6} for number in range(8)}
    assert episodes_of_dates(labels) == (
        DatedEpisode(day(0), day(0)),
        DatedEpisode(day(2) + A_DAY, day(4)),
        DatedEpisode(day(5) + A_DAY, day(6)),
    )
