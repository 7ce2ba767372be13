import datetime as dt
from dataclasses import replace

from catalogs.records import Volcano
from catalogs.settings import Settings
from catalogs.world.volcanoes import load_volcanoes
from tasks.judge.standing import Standing
from tasks.site.overview import make_overview
from tasks.site.rendering import render_index
from tests.tasks.site.made_facts import FERNANDINA, day, facts_of


def named(name: str) -> Volcano:
    return replace(FERNANDINA, name=name, slug=name.lower())


def test_rows_are_ranked_by_state_then_by_what_changed_last() -> None:
    all_facts = [
        facts_of([day(1), day(2)], volcano=named("Still")),
        facts_of([day(1, "unrest"), day(2)], volcano=named("Calmed")),
        facts_of([day(1, "unrest"), day(2, "unrest")], volcano=named("Longer")),
        facts_of([day(1), day(2, "unrest")], volcano=named("Newest")),
        facts_of(volcano=named("Never")),
        facts_of([day(1)], volcano=named("Silent"), standing=Standing("unknown", None, "")),
        facts_of([day(1, "watch")], volcano=named("Doubtful")),
    ]
    overview = make_overview(all_facts, ())
    assert [row.name for row in overview.rows] == [
        "Newest", "Longer", "Doubtful", "Silent", "Never", "Calmed", "Still",
    ]  # fmt: skip
    assert overview.summary == (
        "2 unrest, 1 watch, 1 unknown, 1 no data, 2 quiet; 2 changed with the newest date"
    )


def test_what_failed_comes_first_and_once() -> None:
    facts = facts_of([day(1)], troubles=("A: STALE", "B: GAP"))
    overview = make_overview([facts, facts], ["C: away", "A: STALE"])
    assert overview.failed == ("C: away", "A: STALE", "B: GAP")
    assert overview.rows[0].trouble == "A: STALE (and 1 more)"


def test_the_map_shows_the_part_of_the_world_that_is_watched() -> None:
    alone = make_overview([facts_of([day(1)])], ())
    left, top, width, height = map(float, alone.world.view_box.split())
    assert left < -91.55 < left + width
    assert top < 0.37 < top + height
    assert width < 40
    never = facts_of()
    everywhere = make_overview([replace(never, volcano=one) for one in load_volcanoes()], ())
    assert everywhere.world.view_box == "-180 -84 360 145"
    assert not any(dot.label for dot in everywhere.world.dots)


def test_the_page_of_nothing_says_so() -> None:
    page = render_index(make_overview([], ()), Settings(), None)
    assert "Nothing is watched" in page
    assert "Nothing that the ledger knows of" in page


def test_hostile_names_and_reasons_are_text() -> None:
    hostile = named("<script>alert(1)</script>")
    facts = facts_of([day(1)], volcano=replace(hostile, slug="hostile"), troubles=("<img src=x>",))
    settings = Settings(footnote="</style><script>alert(2)</script>")
    page = render_index(
        make_overview([facts], ['" onload="alert(3)']), settings, dt.date(2024, 1, 1)
    )
    assert page.count("<script>") == 1
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "&lt;script&gt;alert(2)" in page
    assert "<img src=x>" not in page
    assert "&#34; onload=" in page
