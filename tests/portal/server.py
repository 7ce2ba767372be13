"""The stand-in portal: serves a tree of LiCSAR files as the portal has done since autumn 2025.

A pair is a manifest (asked without a last slash) whose links lead to two places, played here by
two path prefixes: the public storage, and the archive with its padded tracks. Two stand-ins on
different ports play two hosts.
"""

import datetime as dt
import email.utils
import hashlib
import re
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import NamedTuple, Self
from urllib.parse import urlsplit

from catalogs.portal import hosts
from tests.portal import pages
from tests.portal.beside_pairs import answer_beside_pairs
from tests.portal.faults import Fault, FaultKind
from tests.portal.handler import PortalServer, Transfer
from tests.portal.replies import Answer, Request

_ROOT = r"/LiCSAR_products(?P<tree>\.public|\.future)?"
_PAIRS = rf"{_ROOT}/(?P<track>\d+)/(?P<frame>\w+)/interferograms"
_LISTING = re.compile(rf"{_PAIRS}(?P<slash>/?)")
_PAIR = re.compile(rf"{_PAIRS}/(?P<pair>\w+)(?P<slash>/?)")
_METADATA_FILE = re.compile(
    rf"{_ROOT}/(?P<track>\d+)/(?P<frame>\w+)/(?P<pair>metadata)/(?P<name>[\w.]+)"
)
_PUBLIC_FILE = re.compile(rf"{_PAIRS}/(?P<pair>\w+)/(?P<name>[\w.]+)")
_ARCHIVE = "/neodc/comet/data/licsar_products"
_IN_ARCHIVE = re.compile(
    rf"{_ARCHIVE}/(?P<padded>\d{{2,3}})/(?P<frame>\w+)(?:/(?P<pair>\w+))?(?:/(?P<name>[\w.]*))?"
)
_OLD_HOST = "/old-host/"
_PUBLIC = ".public"
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

    `faults` maps the end of a path to what goes wrong there, or to several such things, of which
    the first that is not used up happens; it can be changed at any time.
    """

    def __init__(
        self,
        tree: Path,
        *,
        descending: bool = False,
        listing: pages.Listing = pages.apache_table,
        archived: Callable[[str], bool] = is_coherence,
        archive_origin: str | None = None,
        etags: bool = False,
        port: int = 0,
    ) -> None:
        self.tree = tree
        self.descending = descending
        self.listing = listing
        self.archived = archived
        self.etags = etags
        self.leaves_out: frozenset[str] = frozenset()
        """Headers that files come without."""
        self.faults: dict[str, Fault | Sequence[Fault]] = {}
        self.stopped = threading.Event()
        self._lock = threading.Lock()
        self._transfers: list[Transfer] = []
        self._faults_met: Counter[tuple[str, int, Fault]] = Counter()
        self._server = PortalServer(self, port)
        self.archive_origin = self.origin if archive_origin is None else archive_origin
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    def __enter__(self) -> Self:
        # Another stand-in may have failed on the same port.
        hosts._HOSTS.pop(urlsplit(self.origin).netloc, None)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
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
        return f"{self.url}{_PUBLIC}"

    @property
    def future_url(self) -> str:
        """The root of the transition tree, a copy of today's portal."""
        return f"{self.url}.future"

    @property
    def archive_url(self) -> str:
        """The root of the archive, with its own rules for paths."""
        return f"{self.origin}{_ARCHIVE}"

    @property
    def old_url(self) -> str:
        """A root of the host of before 2020, which redirects for ever."""
        return f"{self.origin}{_OLD_HOST}LiCSAR_products"

    @property
    def requests(self) -> tuple[RecordedRequest, ...]:
        """All requests so far, in order."""
        return tuple(RecordedRequest(each.method, each.path) for each in self.transfers)

    @property
    def transfers(self) -> tuple[Transfer, ...]:
        """The same, with the status and the number of bytes that were sent."""
        with self._lock:
            return tuple(self._transfers)

    @property
    def under_way(self) -> int:
        """How many requests are not yet answered in full."""
        return sum(not transfer.is_done for transfer in self.transfers)

    def count(self, ending: str) -> int:
        """Return how many requests asked for a path that ends with `ending`."""
        return sum(request.path.endswith(ending) for request in self.requests)

    def bytes_sent(self, ending: str) -> int:
        """Return how many bytes of bodies went out for paths that end with `ending`."""
        return sum(each.bytes_sent for each in self.transfers if each.path.endswith(ending))

    def record(self, request: Request, path: str) -> tuple[Fault | None, Transfer]:
        """Note a request; return the fault that it meets, if any, and where to count."""
        transfer = Transfer(request.method, path, request.range)
        with self._lock:
            self._transfers.append(transfer)
            for ending, faults in list(self.faults.items()):
                if path.endswith(ending):
                    fault = self._next_fault(ending, faults, request)
                    if fault is not None:
                        return fault, transfer
        return None, transfer

    def _next_fault(
        self, ending: str, faults: Fault | Sequence[Fault], request: Request
    ) -> Fault | None:
        is_ranged = request.range is not None
        for number, fault in enumerate([faults] if isinstance(faults, Fault) else faults):
            if not fault.concerns(request.method, is_ranged=is_ranged):
                continue
            key = (ending, number, fault)
            met = self._faults_met[key] - fault.skip
            if fault.times is None or met < fault.times:
                self._faults_met[key] += 1
                return fault if met >= 0 else None
        return None

    def answer(self, path: str, fault: Fault | None) -> Answer:
        """Return what the portal says at `path`; of the faults only the order is its own."""
        if path.startswith(_OLD_HOST):
            return Answer(HTTPStatus.FOUND, headers={"Location": path})
        if found := _LISTING.fullmatch(path):
            is_reversed = fault is not None and fault.kind is FaultKind.REVERSED
            return self._list_pairs(path, found, descending=self.descending != is_reversed)
        if found := _PAIR.fullmatch(path):
            return self._show_pair(path, found)
        if found := _METADATA_FILE.fullmatch(path) or _PUBLIC_FILE.fullmatch(path):
            folder, is_public = (
                self._frame(found["track"], found["frame"]),
                found["tree"] == _PUBLIC,
            )
            if found["pair"] == "metadata":  # real folders in every tree
                folder, is_public = folder.parent, True
            if is_public and not self.archived(found["name"]):
                return self._serve(folder, found)
        elif found := _IN_ARCHIVE.fullmatch(path):
            return self._show_archive(path, found)
        return answer_beside_pairs(self, path) or NOT_FOUND

    def _frame(self, track: str, frame: str) -> Path:
        return self.tree / track / frame / "interferograms"

    def _list_pairs(self, path: str, found: re.Match[str], *, descending: bool) -> Answer:
        folder = self._frame(found["track"], found["frame"])
        if not folder.is_dir():
            return NOT_FOUND
        if not found["slash"]:  # the portal sends whoever forgets the slash round in a circle
            return Answer(HTTPStatus.MOVED_PERMANENTLY, headers={"Location": path})
        pairs = sorted((entry.name for entry in folder.iterdir()), reverse=descending)
        names = [f"{pair}/" for pair in pairs] if found["tree"] == _PUBLIC else pairs
        return Answer(HTTPStatus.OK, self.listing(path, names).encode(errors="surrogateescape"))

    def _show_pair(self, path: str, found: re.Match[str]) -> Answer:
        track, frame, pair = found["track"], found["frame"], found["pair"]
        folder = self._frame(track, frame) / pair
        is_public = found["tree"] == _PUBLIC
        # A manifest is no folder, and a folder is no manifest.
        if not folder.is_dir() or bool(found["slash"]) != is_public:
            return NOT_FOUND
        names = _files(folder)
        if is_public:
            kept = [name for name in names if not self.archived(name)]
            return Answer(HTTPStatus.OK, self.listing(path, kept).encode())
        archive = f"{self.archive_origin}{_ARCHIVE}/{_pad(track)}/{frame}/{pair}"
        storage = f"{self.public_url}/{track}/{frame}/interferograms/{pair}"
        text = pages.manifest(
            f"{archive if self.archived(name) else storage}/{name}" for name in names
        )
        return Answer(HTTPStatus.OK, text.encode(), content_type="text/plain")

    def _show_archive(self, path: str, found: re.Match[str]) -> Answer:
        track, frame, pair, name = str(int(found["padded"])), found["frame"], *found.groups()[2:]
        folder = self._frame(track, frame)
        if found["padded"] != _pad(track) or not folder.is_dir():
            return NOT_FOUND
        if name:
            return self._serve(folder, found) if self.archived(name) else NOT_FOUND
        here = path.rstrip("/")
        kept = {
            entry.name: [file for file in _files(entry) if self.archived(file)]
            for entry in sorted(folder.iterdir())
        }
        if pair is None:
            pairs = [entry for entry, files in kept.items() if files]
            return Answer(
                HTTPStatus.OK,
                pages.archive_browser(here, [*pairs, "epochs", "metadata"], []).encode(),
            )
        if not kept.get(pair):
            return NOT_FOUND
        addresses = [f"{self.archive_origin}{here}/{file}" for file in kept[pair]]
        return Answer(HTTPStatus.OK, pages.archive_browser(here, [], addresses).encode())

    def _serve(self, frame: Path, found: re.Match[str]) -> Answer:
        return self.serve_file(frame / found["pair"] / found["name"])

    def serve_file(self, file: Path) -> Answer:
        """Return a file as the portal sends it."""
        if not file.is_file():
            return NOT_FOUND
        content = file.read_bytes()
        changed = dt.datetime.fromtimestamp(file.stat().st_mtime, dt.UTC)
        kind = "image/tiff" if file.suffix == ".tif" else "application/octet-stream"
        headers = {
            "Last-Modified": email.utils.format_datetime(changed, usegmt=True),
            "Accept-Ranges": "bytes",
        }
        if self.etags:
            headers["ETag"] = f'"{hashlib.sha256(content).hexdigest()[:16]}"'
        headers = {name: value for name, value in headers.items() if name not in self.leaves_out}
        return Answer(HTTPStatus.OK, content, kind, headers)


def _files(folder: Path) -> list[str]:
    """Names of a pair's files in the producer's order."""
    names = [file.name for file in folder.iterdir() if file.suffix in _FILE_ORDER]
    return sorted(names, key=lambda name: (_FILE_ORDER.index(Path(name).suffix), name))


def _pad(track: str) -> str:
    return f"{int(track):02d}"
