"""What pydantic found wrong with the fields of a file, in words for whoever wrote it."""

import difflib
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

_FEW: Final = 15


@dataclass(frozen=True)
class FieldWords:
    """How the fields of a kind of file are called."""

    kind: str
    """For a key that there is not: ``setting``, ``key of a recipe``."""
    keys_beside: Callable[[Sequence[str]], Iterable[str]]
    """The keys that there are in the table of a place, such as ``("rules",)``."""
    tags: Collection[str] = ()
    """Names of kinds of tables, which pydantic has in its places and the file has not."""

    def of(self, error: ValidationError) -> str:
        """Return every wrong field with its place, its value, and what it may be, in one line.

        Entries of a list are counted from 1.
        """
        return "; ".join(map(self._of, error.errors()))

    def _of(self, item: ErrorDetails) -> str:
        """One of them."""
        said = item["msg"].removeprefix("Value error, ")
        if not item["loc"]:  # of several fields together
            return said
        names = [part for part in item["loc"] if part not in self.tags]
        place = "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in names)
        place = place.removeprefix(".")
        if item["type"] == "extra_forbidden":
            known = list(self.keys_beside([str(part) for part in item["loc"][:-1]]))
            near = difflib.get_close_matches(str(names[-1]), known, cutoff=0.5)
            near = near or (known if len(known) <= _FEW else [])
            return f"{place} is no {self.kind}" + (f" (near: {', '.join(near)})" if near else "")
        if isinstance(item["input"], dict):  # the message names what is in it
            return f"{place}: {said}"
        return f"{place} = {item['input']!r}: {said}"
