"""Arrays with words about them in one safetensors file: no pickle, read by numpy alone."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from fringewatch.atomic import write_atomically
from fringewatch.errors import StoreError

_FACTS: Final = "fringewatch"
"""Entry of the file's metadata that holds ours, as JSON."""


@dataclass(frozen=True, eq=False)
class FlatFile:
    """What a flat file holds."""

    path: Path
    sha256: str
    """Of all of its bytes."""
    arrays: Mapping[str, NDArray[Any]]
    facts: Mapping[str, Any]
    """As they were written."""


def write_flat_file(
    path: Path, kind: str, arrays: Mapping[str, NDArray[Any]], facts: Mapping[str, Any]
) -> str:
    """Write arrays and facts (what JSON holds) as a file of a kind; return the file's hash.

    Raises
    ------
    HomeError
        If the file cannot be written.
    """
    told = json.dumps({"kind": kind, **facts}, sort_keys=True)
    whole = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    content = save(whole, metadata={_FACTS: told})
    write_atomically(path, content)
    return hashlib.sha256(content).hexdigest()


def read_flat_file(path: Path, kind: str) -> FlatFile:
    """Return the arrays and the facts of a file of this kind, all in memory.

    Raises
    ------
    StoreError
        If there is no such file, or it is cut, or of another kind.
    """
    try:
        content = path.read_bytes()
        arrays = load(content)
        length = int.from_bytes(content[:8], "little")
        facts = json.loads(json.loads(content[8 : 8 + length])["__metadata__"][_FACTS])
        found = facts.pop("kind")
    except OSError as error:
        message = f"{path} cannot be read ({error.strerror}): give a {kind} file"
        raise StoreError(message) from error
    except (SafetensorError, ValueError, KeyError, TypeError, AttributeError) as error:
        message = f"{path} is no {kind} file, or it is cut: write it again"
        raise StoreError(message) from error
    if found != kind:
        message = f"{path} is a {found} file, a {kind} file is needed: give the other one"
        raise StoreError(message)
    return FlatFile(path, hashlib.sha256(content).hexdigest(), arrays, facts)
