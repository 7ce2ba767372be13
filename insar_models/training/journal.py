"""The journal of a pretraining run: one JSON object a line, which other tools plot.

A run that is taken up again drops what was noted after its checkpoint, and notes it again: each
step stands in the journal once.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fringewatch.atomic import disk_errors, write_atomically


class Journal:
    """A file to which notes are added.

    Parameters
    ----------
    path
        Made with the first note.
    step
        Notes of later steps are dropped, and so is a last line that was not finished.
    """

    def __init__(self, path: Path, step: int) -> None:
        self._path = path
        if path.is_file():
            kept = [note for note in read_journal(path) if note["step"] <= step]
            write_atomically(path, "".join(map(_line, kept)).encode())

    def note(self, **values: Any) -> None:
        """Add a line; it is in the file when this returns.

        Raises
        ------
        HomeError
            If the disk is full or cannot be written.
        """
        with disk_errors(self._path):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a", encoding="utf-8") as file:
                file.write(_line(values))


def read_journal(path: Path) -> list[dict[str, Any]]:
    """Return the notes of a journal in their order; lines that are none are left out."""
    notes = []
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            note = json.loads(line)
        except ValueError:  # cut by a kill or a full disk
            continue
        if isinstance(note, dict) and isinstance(note.get("step"), int):
            notes.append(note)
    return notes


def _line(values: Mapping[str, Any]) -> str:
    return json.dumps(values, separators=(", ", ": ")) + "\n"
