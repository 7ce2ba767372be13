"""A corpus as a place: its plans, its versions, and which of them is in use.

A version is never changed. It counts as there only when its root ``zarr.json`` exists, which is
put last; so a build or a removal that is killed at any point leaves either a whole version or
something that nobody reads. That holds on disk and in a bucket alike.
"""

import datetime as dt
import logging
import re
from dataclasses import dataclass
from typing import Final

from catalogs.storage.place import ZARR_ROOT, Place
from fringewatch.errors import BadInputError, HomeBusyError, StoreError

VERSION_LETTERS: Final = 12
"""Letters of the plan's hash that name a version."""

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_VERSION: Final = re.compile(rf"[0-9a-f]{{{VERSION_LETTERS}}}")
_STORE: Final = ".zarr"
_HISTORY_HEADER: Final = "built_at,version"
_TRIES: Final = 20

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Corpus:
    """A corpus, built or not; from `corpus_at`."""

    place: Place

    @property
    def name(self) -> str:
        """The name of the corpus."""
        return self.place.name

    def plan(self, version: str) -> Place:
        """The file of a version's plan, written before anything else of it."""
        return self.place / "plans" / f"{checked_version(version)}.parquet"

    def version(self, version: str) -> Place:
        """The Zarr store of a version; raises `BadInputError` if that can be none."""
        return self.place / f"{checked_version(version)}{_STORE}"

    def building(self, version: str) -> Place:
        """The folder of receipts of a version that is being built."""
        return self.place / "building" / checked_version(version)

    def receipt(self, version: str, shard: int) -> Place:
        """The receipt of a shard that was written."""
        return self.building(version) / f"{shard:06d}.json"

    def is_finished(self, version: str) -> bool:
        """Whether a version is there, whole."""
        return (self.version(version) / ZARR_ROOT).is_file()

    def finished(self) -> tuple[str, ...]:
        """Versions that are there, the oldest build first; last those of unknown age, by name."""
        there = [version for version in _stores(self) if self.is_finished(version)]
        history = _history(self)
        ages = {version: age for age, version in enumerate(history)}  # its last build counts
        return tuple(sorted(there, key=lambda version: (ages.get(version, len(history)), version)))

    def unfinished(self) -> tuple[str, ...]:
        """Versions of which something is there, but not the whole, by name.

        A build that goes on, one that was killed, or a removal that was killed.
        """
        receipts = (self.place / "building").children()
        begun = {*_stores(self), *(name for name in receipts if _VERSION.fullmatch(name))}
        return tuple(sorted(version for version in begun if not self.is_finished(version)))

    def current(self) -> str:
        """Return the version in use.

        Raises
        ------
        StoreError
            If none was ever finished, or ``current`` is damaged or names a version that is gone.
        """
        version = _pointed(self)
        if not version:
            message = f"there is no corpus at {self.place}: build it first"
            raise StoreError(message)
        if not self.is_finished(version):
            others = ", ".join(self.finished()) or "none"
            message = (
                f"{self.place / 'current'} names version {version}, which is gone (versions that "
                f"are there: {others}): build the corpus again"
            )
            raise StoreError(message)
        return version

    def make_current(self, version: str, built_at: dt.datetime) -> None:
        """Note in ``history.csv`` that a version was built, then make it the one in use.

        Doing it again changes nothing; doing only the second half after a kill is the same call.

        Raises
        ------
        BadInputError
            If `built_at` has no time zone.
        StoreError
            If the version is not there, whole.
        """
        if built_at.tzinfo is None:
            message = f"the time {built_at} has no time zone: give one in UTC"
            raise BadInputError(message)
        if not self.is_finished(version):
            message = f"corpus '{self.name}' has no finished version {version}: build it first"
            raise StoreError(message)
        _note(self, version, built_at)
        with self.place.errors():
            (self.place / "current").write(f"{version}\n".encode())


def corpus_at(corpora: Place, name: str) -> Corpus:
    """Return the corpus `name`; nothing need be there yet.

    Raises
    ------
    BadInputError
        If the name is no plain word of lower-case letters, digits and hyphens.
    """
    return Corpus(corpora / checked_name(name))


def list_corpora(corpora: Place) -> tuple[Corpus, ...]:
    """Return the corpora that are planned, built or half built, by name."""
    named = (Corpus(corpora / name) for name in corpora.children() if _NAME.fullmatch(name))
    return tuple(corpus for corpus in named if any(map(_is_ours, corpus.place.children())))


def prune(corpus: Corpus, keep: int) -> tuple[str, ...]:
    """Remove the oldest versions with their plans; return the names of those removed.

    The newest `keep` finished versions stay, and the current one in any case; where ``current`` is
    lost or names one of which nothing is left, the newest stays in its place. So does a build that
    can be gone on with; but what has neither its root nor a receipt, such as the rest of a removal
    that was killed, is removed too. Hold `only_builder` around it.

    Parameters
    ----------
    corpus
        From `corpus_at`.
    keep
        0 or more.

    Raises
    ------
    BadInputError
        If `keep` is negative.
    StoreError
        If ``current`` is damaged, so that nobody knows which version is in use.
    """
    if keep < 0:
        message = f"cannot keep {keep} versions: give 0 or more; the current one always stays"
        raise BadInputError(message)
    finished, spared = corpus.finished(), {_pointed(corpus)}
    if not spared & {*finished, *corpus.unfinished()}:
        spared.update(finished[-1:])
    rubbish = [name for name in corpus.unfinished() if not corpus.building(name).children()]
    doomed = [*finished[: max(len(finished) - keep, 0)], *rubbish]
    removed = tuple(name for name in doomed if name not in spared)
    once_there = {*finished, *_history(corpus)}
    for version in finished:  # receipts are left where a build was killed at its very end
        corpus.building(version).remove()
    for version in removed:
        log.info("corpus %s: removing version %s", corpus.name, version)
        # The root first: without it the version is not there any more, whatever comes next.
        (corpus.version(version) / ZARR_ROOT).remove()
        if version in once_there:  # else it is what a build that has hardly begun will go by
            corpus.plan(version).remove()
        corpus.building(version).remove()
        corpus.version(version).remove()
    return removed


def checked_name(name: str) -> str:
    """Return the name if a corpus may have it; raises `BadInputError` otherwise."""
    if not _NAME.fullmatch(name):
        message = (
            f"'{name}' cannot name a corpus: use up to 64 lower-case letters, digits and hyphens"
        )
        raise BadInputError(message)
    return name


def checked_version(version: str) -> str:
    """Return the version if it may be one; raises `BadInputError` otherwise."""
    if not _VERSION.fullmatch(version):
        message = (
            f"'{version}' is no version of a corpus: those are {VERSION_LETTERS} letters out of "
            "0-9 and a-f"
        )
        raise BadInputError(message)
    return version


def _stores(corpus: Corpus) -> list[str]:
    names = corpus.place.children()
    stems = [name.removesuffix(_STORE) for name in names if name.endswith(_STORE)]
    return [name for name in stems if _VERSION.fullmatch(name)]


def _pointed(corpus: Corpus) -> str:
    """What ``current`` names, there or not; empty if there is no pointer."""
    pointer = corpus.place / "current"
    if not pointer.is_file():
        return ""
    words = pointer.read().decode(errors="replace").strip()
    if not _VERSION.fullmatch(words):
        message = (
            f"{pointer} holds '{words[:40]}', which is no version of a corpus: remove that "
            "file and build the corpus again"
        )
        raise StoreError(message)
    return words


def _history(corpus: Corpus) -> list[str]:
    """Versions in the order in which their builds ended; lines that are none are passed by."""
    file = corpus.place / "history.csv"
    return _noted(file.read()) if file.is_file() else []


def _note(corpus: Corpus, version: str, built_at: dt.datetime) -> None:
    """Add a line to the history, unless it ends with this version already."""
    file = corpus.place / "history.csv"
    when = built_at.astimezone(dt.UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    line = f"{when},{version}\n".encode()
    for _ in range(_TRIES):  # another writer may come between reading and writing
        if not file.is_file():
            if file.create(f"{_HISTORY_HEADER}\n".encode() + line):
                return
            continue
        seen = file.read()
        if _noted(seen)[-1:] == [version]:
            return
        gap = b"" if not seen or seen.endswith(b"\n") else b"\n"
        if file.replace(seen, seen + gap + line):
            return
    message = f"cannot write {file}: something else keeps changing it; see what, and try again"
    raise HomeBusyError(message)


def _noted(history: bytes) -> list[str]:
    fields = [line.split(",") for line in history.decode(errors="replace").splitlines()]
    words = [parts[1].strip() for parts in fields if len(parts) == 2]  # noqa: PLR2004 time, version
    return [version for version in words if _VERSION.fullmatch(version)]


def _is_ours(name: str) -> bool:
    return name in {"plans", "building", "current"} or name.endswith(_STORE)
