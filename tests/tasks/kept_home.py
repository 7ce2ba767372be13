"""A home that a backfill has filled, to be copied and spoilt."""

import datetime as dt
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from catalogs.home.home import Home
from catalogs.ledger.ledger import open_ledger
from catalogs.ledger.rows import FileRow
from catalogs.records import DatePair, Product
from catalogs.settings import Settings
from catalogs.world.volcanoes import find_volcano
from tasks.records import RunReport, WatchRequest
from tasks.watch import watch_volcano
from tests.portal.server import StandInPortal
from tests.portal.trees import pair_folder
from tests.scenes import FRAME, KINDS
from tests.storage import folder_of

PAIRS = tuple(map(DatePair.parse, sorted(KINDS)))
FERNANDINA = find_volcano("fernandina")
REQUEST = WatchRequest(
    FERNANDINA, (FRAME,), dt.date(2024, 1, 1), dt.date(2024, 3, 31), frames_named=True
)


@dataclass(frozen=True)
class KeptHome:
    """A copy of a filled home, and of the portal's tree that it came from."""

    settings: Settings
    portal: StandInPortal

    @property
    def home(self) -> Home:
        return Home(self.settings.home)

    @property
    def cube(self) -> Path:
        return folder_of(self.home.cube("fernandina", FRAME))

    def chunk(self, array: str, number: int) -> Path:
        """The file of one pair's chunk."""
        return self.cube / array / "c" / str(number) / "0" / "0"

    def remote(self, pair: DatePair, product: Product) -> Path:
        """The file at the portal."""
        return pair_folder(self.portal.tree, FRAME, pair) / f"{pair}{product.ending}"

    def row(self, pair: DatePair, product: Product) -> FileRow:
        """What the ledger says of a file."""
        with open_ledger(self.home.ledger) as ledger:
            return ledger.files(FRAME)[pair, product]

    def backfill(self) -> RunReport:
        return watch_volcano(REQUEST, self.settings)


@contextmanager
def filled_home(scene_tree: Path, home: Path) -> Iterator[tuple[Settings, StandInPortal]]:
    """A home after a backfill; its portal stays up, for the ledger keeps addresses."""
    with StandInPortal(scene_tree) as portal:
        settings = Settings(home=home, portal=(portal.url,), retries=0, requests_per_second=1000)
        watch_volcano(REQUEST, settings)
        yield settings, portal


@contextmanager
def copied_home(
    filled: tuple[Settings, StandInPortal], scene_tree: Path, folder: Path
) -> Iterator[KeptHome]:
    """A copy of it and of the tree, which the portal serves until the block ends."""
    settings, portal = filled
    home, tree = folder / "home", folder / "tree"
    shutil.copytree(settings.home, home)
    shutil.copytree(scene_tree, tree)
    portal.tree = tree
    yield KeptHome(settings.model_copy(update={"home": home}), portal)
    portal.tree = scene_tree
    portal.faults.clear()
