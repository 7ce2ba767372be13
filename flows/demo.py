"""The demo: a backfill of Fagradalsfjall 2021 on a simulated portal, with no network."""

from pathlib import Path

from catalogs.home.home import Home
from catalogs.settings import load_settings
from catalogs.tables import DATES, read_table
from flows.backfill import backfill
from flows.screen import show_report
from fringewatch.atomic import disk_errors, write_atomically
from tasks.records import Outcome
from tasks.scenarios.portal_tree import write_scenario
from tasks.scenarios.scenario import Scenario
from tasks.scenarios.scenario_file import read_scenario
from tasks.scenarios.serve_folder import serve_folder
from tasks.site.site import write_site

_SCENARIO = "demo"
_ROWS_SHOWN = 12
_SETTINGS = """\
footnote = "simulated interferograms: not a measurement"
requests_per_second = 200 # the portal is on this machine: no manners needed
site = false # the demo makes its pages itself, seen from the day on which it ends
"""


def run_demo(folder: Path) -> int:
    """Run the demo in `folder`, print what came out of it, and return its exit code.

    A second run finds the simulated files, the cube and the tables, and makes none of them again.
    """
    home, tree = folder / "home", folder / "portal"
    scenario = read_scenario(_SCENARIO)
    volcano = scenario.volcano.slug
    with disk_errors(tree):
        tree.mkdir(parents=True, exist_ok=True)
    write_atomically(Home(home).settings_file, _SETTINGS.encode())
    print("The interferograms of this demo are SIMULATED: a dyke that opens from 2021-02-24 on,")
    print("under turbulent atmosphere, on the true dates of LiCSAR frame 155D_02579_100800.")
    with serve_folder(tree) as address:
        portal = write_scenario(scenario, tree, address)
        report = backfill(
            volcano,
            scenario.days[0],
            scenario.days[-1],
            [str(frame.id) for frame in scenario.frames],
            [portal.root],
            home,
        )
    dates = read_table(DATES, Home(home).detections(volcano))
    columns = ["date", "pairs", "pairs_positive", "probability", "state", "since"]
    print(f"\nThe last {_ROWS_SHOWN} rows of the date table:")
    rows = dates[columns].tail(_ROWS_SHOWN)
    print(rows.to_string(index=False, float_format="%.2f", na_rep="-"))
    print()
    code = show_report(report)
    _show_next(scenario)
    # Seen from today, all that a page could say of 2021 is that it was long ago.
    pages = write_site(load_settings(home=home), seen_from=scenario.days[-1])
    for problem in pages.problems:
        print(f"no page: {problem}")
    print(f"\nIts page, for a browser: {pages.folder / f'{volcano}.html'}")
    return code or (int(Outcome.PARTIAL) if pages.problems else code)


def _show_next(scenario: Scenario) -> None:
    began = min(episode.course.start for episode in scenario.episodes)
    first, last = scenario.days[0], scenario.days[-1]
    print(f"\nThe simulated unrest began on {began}. On the real portal:")
    slug = scenario.volcano.slug
    print(f"  .venv/bin/fringewatch backfill {slug} --start {first} --end {last}")
