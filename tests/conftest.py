"""Fixtures for all tests: where the real data lies, and a home that belongs to nobody."""

import datetime as dt
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from catalogs.settings import Settings
from catalogs.storage.bucket_client import RETRIES, _store
from catalogs.storage.place import Place
from tests.leftovers import LeftoverPlugin, end_prefects_workers
from tests.portal.server import StandInPortal
from tests.prefect_server import PrefectDatabase, prefect_server_in, shared_folder
from tests.scenes import KINDS, write_frame
from tests.storage import StorageServer

if TYPE_CHECKING:
    from tests.tasks.kept_home import KeptHome

# How long one example takes depends on what else the machine does: no property is about that.
settings.register_profile("fringewatch", deadline=None)
settings.load_profile("fringewatch")

# A night that waits until morning, or for another run, is for the tests of waiting.
os.environ.setdefault("FRINGEWATCH_RETRY_UNTIL", "")
os.environ.setdefault("FRINGEWATCH_BUSY_WAIT_MINUTES", "0")

# On some processors the FFT of Intel's library, which torch brings, rounds by the size of the
# batch. Tests that hold one patch against the same in a batch are about our code, not about that.
os.environ.setdefault("MKL_CBWR", "COMPATIBLE")


def pytest_configure(config: pytest.Config) -> None:
    """Watch over threads and processes that tests leave behind."""
    config.pluginmanager.register(LeftoverPlugin(), "leftovers")


LONGEST_FIRST = ("tests/end_to_end/", "tests/docs/", "tests/flows/")
"""Files of minutes, which start servers and wait for them."""

MOST_WORKERS = 4


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the longest files begin first, in whatever order: none is left alone at the end."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONGEST_FIRST))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One worker more than cores: while one waits for a server, another has its core."""
    return min(MOST_WORKERS, (os.cpu_count() or 1) + 1)


_BESIDE_THE_CHECKOUT = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture(autouse=True)
def _own_logging() -> Iterator[None]:
    """Commands send the log to the error stream, which is another one in the next test."""
    before, level = logging.root.handlers[:], logging.root.level
    yield
    logging.root.handlers[:] = before
    logging.root.setLevel(level)


@pytest.fixture(autouse=True)
def _quick_rewriting(monkeypatch: pytest.MonkeyPatch) -> None:
    """The stand-in portal writes its pages in no time."""
    monkeypatch.setattr("catalogs.portal.patience.REWRITING_S", 0.01)


@pytest.fixture(autouse=True)
def _no_host_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """A host that other tests found dead, or asked often, is met as a stranger."""
    monkeypatch.setattr("catalogs.portal.hosts._HOSTS", {})


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures of runs stay empty: drawing takes half of a small run, and this is not about it."""

    def draw(*words: object, **_: object) -> Place:
        (place,) = (word for word in words if isinstance(word, Place))
        place.write(b"\x89PNG\r\n\x1a\n")
        return place

    for name in ("draw_timeline", "draw_interferograms", "draw_rates"):
        monkeypatch.setattr(f"tasks.publish.{name}", draw)
    monkeypatch.setattr("tasks.pictures.episode_strip.draw_interferograms", draw)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data: SHARED_DATA_FOLDER, or shared/data beside the checkout."""
    folder = Path(os.environ.get("SHARED_DATA_FOLDER", _BESIDE_THE_CHECKOUT))
    if not (folder / "README.md").is_file():
        pytest.skip(f"the shared data folder is not at {folder}")
    return folder


@pytest.fixture(scope="session")
def scene_tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A frame's files, made once; tests that change them copy the tree."""
    return write_frame(tmp_path_factory.mktemp("scene"), KINDS)


@pytest.fixture(scope="session")
def filled(
    scene_tree: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Settings, StandInPortal]]:
    """A home after a backfill, made once, and its portal: to be read, or copied as `kept` is."""
    from tests.tasks.kept_home import filled_home  # noqa: PLC0415 - all that a run needs

    with filled_home(scene_tree, tmp_path_factory.mktemp("filled") / "home") as filled:
        yield filled


@pytest.fixture
def kept(
    filled: tuple[Settings, StandInPortal], scene_tree: Path, tmp_path: Path
) -> Iterator["KeptHome"]:
    """A copy of that home, to be spoilt."""
    from tests.tasks.kept_home import copied_home  # noqa: PLC0415

    with copied_home(filled, scene_tree, tmp_path) as kept:
        yield kept


@pytest.fixture(scope="session")
def prefect_database(tmp_path_factory: pytest.TempPathFactory) -> PrefectDatabase:
    """A database that servers of tests can begin with."""
    return PrefectDatabase(shared_folder(tmp_path_factory.getbasetemp()))


@pytest.fixture(scope="session")
def prefect_server(
    prefect_database: PrefectDatabase, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The address of a Prefect server of our own, started once: flows and commands go through it.

    A command without one starts its own, which takes more processor time than all that most tests
    ask of it; tests/end_to_end/test_embedded_server.py is about those.
    """
    # Prefect takes a second to import, and most tests need none of it.
    import prefect.context  # noqa: PLC0415
    from prefect.settings import PREFECT_API_URL, temporary_settings  # noqa: PLC0415

    os.environ.setdefault("PREFECT_TASKS_DEFAULT_NO_CACHE", "true")
    home = tmp_path_factory.mktemp("prefect") / "home"
    with (
        prefect_server_in(home, prefect_database) as address,
        temporary_settings({PREFECT_API_URL: address}),
        pytest.MonkeyPatch.context() as for_all_threads,
    ):
        ours = prefect.context.get_settings_context()
        for_all_threads.setattr(prefect.context, "GLOBAL_SETTINGS_CONTEXT", ours)
        yield address
        end_prefects_workers()  # while there is somebody who takes what they have


@pytest.fixture(scope="session")
def storage_server() -> Iterator[StorageServer]:
    """An S3 endpoint of moto's, for the whole session."""
    server = StorageServer()
    yield server
    server.stop()


@pytest.fixture
def storage(
    storage_server: StorageServer, monkeypatch: pytest.MonkeyPatch
) -> Iterator[StorageServer]:
    """The endpoint with an empty bucket of the test's own, named in the environment."""
    for name, value in storage_server.variables.items():
        monkeypatch.setenv(name, value)
    quick = {"init_backoff": dt.timedelta(milliseconds=2), "max_backoff": dt.timedelta(seconds=1)}
    monkeypatch.setitem(RETRIES, "max_retries", 3)
    monkeypatch.setitem(RETRIES, "backoff", {**quick, "base": 2})
    storage_server.make_bucket()
    yield storage_server
    storage_server.faults.clear()
    storage_server.requests.clear()
    _store.cache_clear()  # clients that were made with other retries
