"""The demo: a backfill of Fagradalsfjall 2021 on a simulated portal, with no network."""

from pathlib import Path

from catalogs.home import Home
from catalogs.tables import DATES, read_table
from flows.backfill import backfill
from flows.screen import show_report
from fringewatch.atomic import disk_errors, write_atomically
from tasks.serve_folder import serve_folder
from tasks.simulate import DemoPortal, write_demo_portal

_VOLCANO = "fagradalsfjall"
_ROWS_SHOWN = 12
_SETTINGS = """\
footnote = "simulated interferograms: not a measurement"
requests_per_second = 200 # the portal is on this machine: no manners needed
"""


def run_demo(folder: Path) -> int:
    """Run the demo in `folder`, print what came out of it, and return its exit code.

    A second run finds the simulated files, the cube and the tables, and makes none of them again.
    """
    home, tree = folder / "home", folder / "portal"
    with disk_errors(tree):
        tree.mkdir(parents=True, exist_ok=True)
    write_atomically(Home(home).settings_file, _SETTINGS.encode())
    print("The interferograms of this demo are SIMULATED: a dyke that opens from 2021-02-24 on,")
    print("under turbulent atmosphere, on the true dates of LiCSAR frame 155D_02579_100800.")
    with serve_folder(tree) as address:
        portal = write_demo_portal(tree, address)
        report = backfill(
            _VOLCANO,
            portal.pairs[0].primary,
            portal.pairs[-1].secondary,
            [str(portal.frame)],
            [portal.root],
            home,
        )
    dates = read_table(DATES, Home(home).detections(_VOLCANO))
    columns = ["date", "pairs", "pairs_positive", "probability", "state", "since"]
    print(f"\nThe last {_ROWS_SHOWN} rows of the date table:")
    rows = dates[columns].tail(_ROWS_SHOWN)
    print(rows.to_string(index=False, float_format="%.2f", na_rep="-"))
    print()
    code = show_report(report)
    _show_next(portal)
    return code


def _show_next(portal: DemoPortal) -> None:
    print(f"\nThe simulated unrest began on {portal.episode_start}. On the real portal:")
    print(f"  .venv/bin/fringewatch backfill {_VOLCANO} --start 2021-01-01 --end 2021-04-30")
