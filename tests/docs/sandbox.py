"""A folder in which documented commands run as written: a checkout, a home, a stand-in portal."""

import datetime as dt
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from rasterio.transform import Affine

from catalogs.ledger.runs import BACKFILL
from catalogs.records import DatePair
from catalogs.settings import load_settings
from catalogs.world.volcanoes import find_volcano
from fringewatch.numbers import PIXEL_DEGREES
from tasks.records import Outcome
from tasks.runs import recorded_run
from tasks.watch import parse_request, watch_volcano
from tests.docs.blocks import ROOT
from tests.end_to_end.commands import clean_environment
from tests.end_to_end.service import BIN
from tests.portal.rasters import RasterForm, write_pair
from tests.portal.trees import pair_folder
from tests.scenes import FRINGES, QUIET, SIDE, full_coherence, scene_phase

STARTS = {"fagradalsfjall": dt.date(2021, 2, 1), "taal": dt.date(2020, 1, 4)}
EPISODES = "volcano,name,kind,start,end\nfagradalsfjall,dyke,volcanic,2021-02-14,2021-03-01\n"
LABELS = "volcano,frame,primary_date,secondary_date,deforming\n"
SCORES = "volcano,frame,primary_date,secondary_date,score\n"


def write_tree(tree: Path) -> Path:
    """Write three pairs of the first frame of each volcano that the pages watch."""
    for slug, start in STARTS.items():
        volcano = find_volcano(slug)
        half = SIDE / 2 * PIXEL_DEGREES
        corner = (round(volcano.longitude - half, 3), round(volcano.latitude + half, 3))
        form = RasterForm(Affine(PIXEL_DEGREES, 0.0, corner[0], 0.0, -PIXEL_DEGREES, corner[1]))
        days = [start + number * dt.timedelta(days=12) for number in range(4)]
        for number, kind in enumerate((QUIET, FRINGES, FRINGES)):
            pair = DatePair(days[number], days[number + 1])
            folder = pair_folder(tree, volcano.frames[0], pair)
            write_pair(folder, pair, scene_phase(kind, number), full_coherence(), form)
    return tree


class Sandbox:
    """A checkout of links, with a home that was filled from the portal."""

    def __init__(self, folder: Path, portal: str, channel: str = "", server: str = "") -> None:
        self.folder = folder
        self.server = server
        self.channel = channel
        for entry in ROOT.iterdir():
            if entry.name not in {".git", "docs", "fringewatch-data", ".venv"}:
                (folder / entry.name).symlink_to(entry)
        shutil.copytree(ROOT / "docs", folder / "docs", ignore=shutil.ignore_patterns("images"))
        (folder / ".venv").mkdir()
        (folder / ".venv" / "bin").symlink_to(BIN)
        self.home = folder / "fringewatch-data"
        self.fill(self.home, portal)
        self.write_truth()

    def fill(self, home: Path, portal: str) -> None:
        """Give a home its settings, and what a backfill brings."""
        home.mkdir(parents=True)
        settings_file = f'portal = ["{portal}"]\nwatch = ["taal"]\nrequests_per_second = 1000\n'
        settings_file += 'exports = ["geojson", "atom", "cog", "kmz", "stac", "cap", "vona"]\n'
        settings_file += f'notify = ["{self.channel}"]\n' if self.channel else ""
        (home / "fringewatch.toml").write_text(settings_file, "utf-8")
        for slug, start in STARTS.items():
            request = parse_request(slug, start, start + dt.timedelta(days=60))
            with recorded_run(load_settings(home=home), BACKFILL, [slug]) as run:
                report = watch_volcano(request, load_settings(home=home))
                run.reports = [report]
            assert report.outcome is Outcome.DONE, report.lines()

    def write_truth(self) -> None:
        """Write the small files that commands of assess.md name."""
        volcano = find_volcano("fagradalsfjall")
        (self.home / "episodes.csv").write_text(EPISODES, "utf-8")
        start = STARTS[volcano.slug]
        rows = [
            f"{volcano.slug},{volcano.frames[0]},{start + dt.timedelta(12 * number)},"
            f"{start + dt.timedelta(12 * number + 12)},"
            for number in range(3)
        ]
        verdicts = zip(rows, (0, 1, 1), (-2.0, 2.0, 3.0), strict=True)
        labels, scores = LABELS, SCORES
        for row, label, score in verdicts:
            labels += f"{row}{label}\n"
            scores += f"{row}{score}\n"
        (self.home / "labels.csv").write_text(labels, "utf-8")
        (self.home / "scores.csv").write_text(scores, "utf-8")

    def environment(self) -> dict[str, str]:
        """What a person's shell has: our commands are in the PATH, and a server may be named."""
        named = {"PREFECT_API_URL": self.server} if self.server else {}
        return clean_environment() | named | {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}

    def run(
        self, text: str, inside: str = ".", more: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run the text of a block as a person does who stops at the first error."""
        return subprocess.run(
            ["bash", "-euo", "pipefail", "-c", text], capture_output=True, text=True, check=False,
            cwd=self.folder / inside, env=self.environment() | dict(more or {}), timeout=280,
        )  # fmt: skip
