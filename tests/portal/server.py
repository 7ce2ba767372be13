"""The stand-in portal: serves a tree of LiCSAR files as the portal has done since autumn 2025.

A pair is a manifest (asked without a last slash) whose links lead to two places, played here by
two path prefixes: the public storage, and the archive with its padded tracks.
"""

import datetime as dt
import email.utils
import re
import threading
from collections import Counter
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from tests.portal import pages
from tests.portal.faults import Fault
from tests.portal.handler import Answer, PortalServer

_PAIRS = r"/LiCSAR_products(?P<public>\.public)?/(?P<track>\d+)/(?P<frame>\w+)/interferograms"
_LISTING = re.compile(rf"{_PAIRS}(?P<slash>/?)")
_PAIR = re.compile(rf"{_PAIRS}/(?P<pair>\w+)(?P<slash>/?)")
_PUBLIC_FILE = re.compile(rf"{_PAIRS}/(?P<pair>\w+)/(?P<name>[\w.]+)")
_ARCHIVE_FILE = re.compile(
    r"/neodc/comet/data/licsar_products/"
    r"(?P<padded>\d{2,3})/(?P<frame>\w+)/(?P<pair>\w+)/(?P<name>[\w.]+)"
)
_FILE_ORDER = (".png", ".tif", ".kmz")


class RecordedRequest(NamedTuple):
    """A request as it came in."""

    method: str
    path: str


NOT_FOUND = Answer(HTTPStatus.NOT_FOUND, b"<html><h1>Not Found</h1></html>\n")


def is_coherence(file_name: str) -> bool:
    """Whether a file lies in the archive by default, so that every manifest names both places."""
    return ".geo.cc." in file_name


class StandInPortal:
    """A portal on 127.0.0.1 that serves `tree` while its `with` block lasts.

    `faults` maps the end of a path to what goes wrong there; it can be changed at any time.
    """

    def __init__(
        self,
        tree: Path,
        *,
        descending: bool = False,
        listing: pages.Listing = pages.apache_table,
        archived: Callable[[str], bool] = is_coherence,
    ) -> None:
        self.tree = tree
        self.descending = descending
        self.listing = listing
        self.archived = archived
        self.faults: dict[str, Fault] = {}
        self.stopped = threading.Event()
        self._lock = threading.Lock()
        self._requests: list[RecordedRequest] = []
        self._faults_met: Counter[tuple[str, Fault]] = Counter()
        self._server = PortalServer(self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stopped.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def url(self) -> str:
        """The root of today's portal, where a pair is a manifest."""
        return f"{self.origin}/LiCSAR_products"

    @property
    def public_url(self) -> str:
        """The root of the storage behind it, where a pair is a folder."""
        return f"{self.url}.public"

    @property
    def requests(self) -> tuple[RecordedRequest, ...]:
        """All requests so far, in order."""
        with self._lock:
            return tuple(self._requests)

    def count(self, ending: str) -> int:
        """Return how many requests asked for a path that ends with `ending`."""
        return sum(request.path.endswith(ending) for request in self.requests)

    def record(self, method: str, path: str) -> Fault | None:
        """Note a request and return the fault that it meets, if any."""
        with self._lock:
            self._requests.append(RecordedRequest(method, path))
            for ending, fault in list(self.faults.items()):
                met = self._faults_met[ending, fault]
                if path.endswith(ending) and (fault.times is None or met < fault.times):
                    self._faults_met[ending, fault] += 1
                    return fault
        return None

    def answer(self, path: str) -> Answer:
        """Return what the portal says at `path` when nothing goes wrong."""
        if found := _LISTING.fullmatch(path):
            return self._list_pairs(path, found)
        if found := _PAIR.fullmatch(path):
            return self._show_pair(path, found)
        if found := _PUBLIC_FILE.fullmatch(path):
            if found["public"] and not self.archived(found["name"]):
                return _serve(self._frame(found["track"], found["frame"]), found)
        elif found := _ARCHIVE_FILE.fullmatch(path):
            track = str(int(found["padded"]))
            if found["padded"] == _pad(track) and self.archived(found["name"]):
                return _serve(self._frame(track, found["frame"]), found)
        return NOT_FOUND

    def _frame(self, track: str, frame: str) -> Path:
        return self.tree / track / frame / "interferograms"

    def _list_pairs(self, path: str, found: re.Match[str]) -> Answer:
        folder = self._frame(found["track"], found["frame"])
        if not folder.is_dir():
            return NOT_FOUND
        if not found["slash"]:  # the portal sends whoever forgets the slash round in a circle
            return Answer(HTTPStatus.MOVED_PERMANENTLY, headers={"Location": path})
        pairs = sorted((entry.name for entry in folder.iterdir()), reverse=self.descending)
        names = [f"{pair}/" for pair in pairs] if found["public"] else pairs
        return Answer(HTTPStatus.OK, self.listing(path, names).encode())

    def _show_pair(self, path: str, found: re.Match[str]) -> Answer:
        track, frame, pair = found["track"], found["frame"], found["pair"]
        folder = self._frame(track, frame) / pair
        # A manifest is no folder, and a folder is no manifest.
        if not folder.is_dir() or bool(found["slash"]) != bool(found["public"]):
            return NOT_FOUND
        names = [file.name for file in folder.iterdir() if file.suffix in _FILE_ORDER]
        names.sort(key=lambda name: (_FILE_ORDER.index(Path(name).suffix), name))
        if found["public"]:
            kept = [name for name in names if not self.archived(name)]
            return Answer(HTTPStatus.OK, self.listing(path, kept).encode())
        archive = f"{self.origin}/neodc/comet/data/licsar_products/{_pad(track)}/{frame}/{pair}"
        storage = f"{self.public_url}/{track}/{frame}/interferograms/{pair}"
        text = pages.manifest(
            f"{archive if self.archived(name) else storage}/{name}" for name in names
        )
        return Answer(HTTPStatus.OK, text.encode(), content_type="text/plain")


def _pad(track: str) -> str:
    return f"{int(track):02d}"


def _serve(frame: Path, found: re.Match[str]) -> Answer:
    file = frame / found["pair"] / found["name"]
    if not file.is_file():
        return NOT_FOUND
    changed = dt.datetime.fromtimestamp(file.stat().st_mtime, dt.UTC)
    kind = "image/tiff" if file.suffix == ".tif" else "application/octet-stream"
    headers = {"Last-Modified": email.utils.format_datetime(changed, usegmt=True)}
    return Answer(HTTPStatus.OK, file.read_bytes(), kind, headers)
