"""A file that is still coming: its bytes so far, and a note of what they belong to.

Both lie beside the destination, as ``<name>.part`` and ``<name>.part.json``, so that a run that is
killed leaves something to go on from, and never mistakes an old version's bytes for a new one's.
"""

import contextlib
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter, ValidationError

from catalogs.portal.file_version import FileVersion
from fringewatch.atomic import disk_errors, write_atomically


@dataclass(frozen=True)
class _Note:
    """What the bytes of a part belong to."""

    url: str
    version: FileVersion


_NOTE: Final = TypeAdapter(_Note)


class PartialFile:
    """What has come of the file that will lie at `destination`."""

    def __init__(self, destination: Path) -> None:
        self.path = destination.with_name(f"{destination.name}.part")
        self.note = destination.with_name(f"{destination.name}.part.json")

    def size(self) -> int:
        """Bytes that are here; 0 if there is no file."""
        return self.path.stat().st_size if self.path.is_file() else 0

    def version(self, url: str) -> FileVersion | None:
        """Return what the bytes belong to; None if there are none that one could go on from.

        One can if they came from `url`, its versions can be told apart, and they are no more than
        the whole.
        """
        size = self.size()
        if size == 0 or not self.note.is_file():
            return None
        try:
            note = _NOTE.validate_json(self.note.read_bytes(), strict=True)
        except ValidationError:
            return None
        version = note.version
        if note.url != url or version.validator is None:
            return None
        return version if version.total_bytes is None or size <= version.total_bytes else None

    def start(self, url: str, version: FileVersion) -> None:
        """Begin with no byte of `version` of the file at `url`.

        Raises
        ------
        HomeError
            If the disk is full or cannot be written.
        """
        with disk_errors(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            # Emptied before the note changes: killed in between, no byte has the wrong note.
            self.path.open("wb").close()
        write_atomically(self.note, _NOTE.dump_json(_Note(url, version)))

    def append(self, chunks: Iterable[bytes]) -> None:
        """Add what comes.

        Raises
        ------
        HomeError
            If the disk is full or cannot be written; what the chunks raise passes through.
        """
        with disk_errors(self.path), self.path.open("ab") as file:
            for chunk in chunks:
                file.write(chunk)

    def sha256(self) -> str:
        """Return the hash of the bytes that are here, in hexadecimal digits."""
        with disk_errors(self.path), self.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def take_name(self, destination: Path) -> None:
        """Make it the file at `destination`; the caller has synchronised it to the disk."""
        self.path.replace(destination)
        self.note.unlink(missing_ok=True)

    def remove(self) -> None:
        """Remove the bytes and the note, as far as the disk lets us."""
        # What cannot be removed does no harm: the next fetch starts over it.
        for path in (self.path, self.note):
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)
