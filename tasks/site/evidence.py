"""The evidence of a volcano's newest date in words, the threshold it met, and the check for air."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from catalogs.records import DatePair, FrameId
from catalogs.settings import Settings
from fringewatch.plain_text import counted
from tasks.judge.pair_kinds import PairKind, kind_of
from tasks.site.facts import Row, VolcanoFacts

_MUCH_AIR: Final = 0.3
"""Of a pair's structure: so much of it went with the air."""
_SEVERAL: Final = 2


def newest_rows(facts: VolcanoFacts) -> list[Row]:
    """Return the pairs that end on the newest date, the shortest first."""
    newest = facts.newest
    rows = [row for row in facts.pairs if newest and row["secondary_date"] == newest["date"]]
    return sorted(rows, key=lambda row: (row["days"], row["frame"]))


def evidence_words(facts: VolcanoFacts) -> list[str]:
    """Return what the newest date's verdict rests on, a sentence each."""
    newest = facts.newest
    if newest is None:
        return ["No interferogram was scored, so there is no evidence for anything."]
    said = [f"{newest['date']}: {newest['because']}."]
    tracks_for, tracks_against = newest["tracks_for"], newest["tracks_against"]
    if tracks_for or tracks_against:
        said.append(
            f"For deformation: {_tracks(tracks_for)}. Against it: {_tracks(tracks_against)}."
        )
    said += threshold_words(newest, newest_rows(facts))
    if newest["revised"]:
        said.append(
            f"At first something else was said of this date: {newest['first_state']}, by "
            f"{newest['first_method']} on {newest['first_model']}."
        )
    return said


def threshold_words(newest: Row, rows: Sequence[Row]) -> list[str]:
    """Return the two thresholds in words: that of a pair, and that of a date."""
    said = []
    if rows:
        said.append(
            "A pair is positive from a probability of "
            f"{rows[0]['threshold_probability']:.2f} on: the model assumes that few windows "
            "deform, so that little speaks for much."
        )
    if newest["level"] is not None and newest["level_needed"] is not None:
        said.append(
            f"The date is unrest from level {newest['level_needed']:.2f} on; its level is "
            f"{newest['level']:.2f}: {_of_level(newest)}."
        )
    return said


def _of_level(newest: Row) -> str:
    """Whether a date's level is enough, and why its state is another one all the same."""
    is_enough, state = newest["level"] >= newest["level_needed"], newest["state"]
    if is_enough == (state == "unrest"):
        return "reached" if is_enough else "not reached"
    why = newest["because"].partition("; ")[2] or newest["because"]
    link = "enough by itself, but" if is_enough else "not reached, but"
    return f"{link} the date is {state}, for: {why}"


def air_words(facts: VolcanoFacts, rows: Sequence[Row], settings: Settings) -> list[str]:
    """Return what was done about air in some pairs, and what speaks for air in them.

    Parameters
    ----------
    facts
        Of the volcano.
    rows
        Pairs that the state rests on; those that are no evidence are passed over.
    settings
        What air is looked for along.
    """
    if not rows:
        return ["There is no pair to look for air in."]
    rows = [row for row in rows if kind_of(row).is_evidence]
    if not rows:
        return ["None of its pairs is evidence: there is none to look for air in."]
    if not settings.air:
        said = ["No air was looked for: the setting `air` is empty."]
    else:
        said = list(_of_removal(facts, rows))
    disturbed = facts.newest.get("air_disturbed") if facts.newest else None
    if disturbed is not None:  # of tables that say so
        said.append(
            "The air over the newest acquisition is disturbed with a probability of "
            f"{disturbed:.2f}."
        )
    positive = [row for row in rows if kind_of(row) is PairKind.POSITIVE]
    directions = {row["direction"] for row in positive}
    if len(directions) == _SEVERAL:
        said.append("Both geometries saw it: their air is that of different days.")
    elif positive:
        said.append(f"Only {next(iter(directions))} passes saw it.")
    # The last one stands at the top of the page, too.
    said += _of_shared_days(positive)
    said += _of_beginning(facts)
    return said


def _of_shared_days(positive: Sequence[Row]) -> Iterable[str]:
    """Say how much of the evidence the weather of one day could draw."""
    count = len(positive)
    if count == 1:
        yield "One positive pair alone cannot be told from the weather of one of its days."
    if count < _SEVERAL:
        return
    days, shared = most_shared(positive)
    when = " and of ".join(map(str, days))
    if shared == count:
        which = "Both" if count == _SEVERAL else f"All {count}"
        yield (
            f"{which} positive pairs have the acquisition of {when}: the weather of that one day "
            "could draw all of them. A pair without it would tell."
        )
    elif shared == 1:
        yield (
            f"No two of the {count} positive pairs share an acquisition: the weather of one day "
            "cannot draw more than one of them."
        )
    else:
        yield (
            f"{shared} of the {count} positive pairs have the acquisition of {days[0]}: the "
            f"weather of that one day could draw them, and {count - shared} would be left."
        )


def _of_beginning(facts: VolcanoFacts) -> Iterable[str]:
    """Say whether the running episode began on the word of one acquisition."""
    since = facts.standing.since
    if since is None:
        return
    until = next(
        (day["date"] for day in facts.days if day["date"] >= since and day["state"] == "unrest"),
        since,
    )
    began = [
        row
        for row in facts.pairs
        if kind_of(row) is PairKind.POSITIVE and since <= row["secondary_date"] <= until
    ]
    if not began:
        return
    days, shared = most_shared(began)
    if shared == len(began):
        yield (
            f"The episode began with {counted(shared, 'positive pair')} on {since}, and rests "
            f"there on one acquisition, that of {' or of '.join(map(str, days))}."
        )
    else:
        yield (
            f"The episode began with {len(began)} positive pairs from {since} to {until}, which do "
            "not all have one acquisition."
        )


def most_shared(rows: Sequence[Row]) -> tuple[tuple[dt.date, ...], int]:
    """Return the acquisitions that most pairs have, the oldest first, and how many have each.

    Two passes of one day are two acquisitions, through different air.

    Parameters
    ----------
    rows
        Of the interferograms table; one at least.
    """
    holding = Counter(
        (day, FrameId.parse(row["frame"]).pass_name)
        for row in rows
        for day in (row["primary_date"], row["secondary_date"])
    )
    most = max(holding.values())
    return tuple(sorted({day for (day, _), number in holding.items() if number == most})), most


def _of_removal(facts: VolcanoFacts, rows: Sequence[Row]) -> Iterable[str]:
    found = [(row, facts.air.get(_key(row))) for row in rows]
    if all(air is None for _, air in found):
        yield "No heights of the ground are known here: air that follows them stays in the phase."
        return
    taken = [(row, air) for row, air in found if air is not None and air.removed]
    pairs = counted(len(rows), "pair")
    if not taken:
        yield f"Air that follows the relief was looked for in {pairs}, and found in none."
        return
    yield (
        f"Air that follows the relief was found in {len(taken)} of {pairs}, and taken away before "
        "the model saw them."
    )
    for row, air in taken:
        if row["positive"] and air.share >= _MUCH_AIR:
            yield (
                f"In {row['primary_date']} to {row['secondary_date']} {air.share:.0%} of the "
                "structure was such air: look at the picture as it came."
            )


def _key(row: Row) -> tuple[FrameId, DatePair]:
    return FrameId.parse(row["frame"]), DatePair(row["primary_date"], row["secondary_date"])


def _tracks(words: str | None) -> str:
    return " and ".join(words.split()) if words else "no track"
