"""The header of a patch file: what stands where in it, and what the patches are.

A patch file is a safetensors file: eight bytes that say how long the header is, the header (JSON,
filled up with blanks to whole pages), and the tensors without gaps. `phase` comes first, then the
columns from wide numbers to narrow ones, so that each begins where its type may begin.
"""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from fringewatch.errors import BadInputError, StoreError
from fringewatch.numbers import NO_DATE, PATCH_SIZE

FILE_FORMAT: Final = 1
"""Raised by one whenever an older Fringewatch could no longer read what a newer one wrote."""

CODED: Final = ("source", "volcano", "frame")
"""Columns of small numbers that stand for words: the place of the word in ``facts.words``."""

PATCH_BYTES: Final = PATCH_SIZE * PATCH_SIZE

_INT32: Final = ("primary", "secondary", "row", "column", "group", "area")
_FLOAT32: Final = (
    "valid_fraction",
    "coherence_mean",
    "phasor_coherence",
    "fringe_rate",
    "north",
    "west",
)
COLUMNS: Final[Mapping[str, np.dtype[Any]]] = {
    **dict.fromkeys(_INT32, np.dtype("<i4")),
    **dict.fromkeys(_FLOAT32, np.dtype("<f4")),
    **dict.fromkeys(CODED, np.dtype("<u2")),
    **dict.fromkeys(("rotation", "label"), np.dtype("i1")),
    "sha256": np.dtype("u1"),
}
"""Columns of a patch file in their order; each has one number a patch, `sha256` has 32."""

_TYPE_NAMES: Final = {"<i4": "I32", "<f4": "F32", "<u2": "U16", "|i1": "I8"}
_PAGE: Final = 4096
_LENGTH_BYTES: Final = 8
_LONGEST_HEADER: Final = 100_000_000  # the format's own limit
_UNKNOWN_HASH: Final = "0" * 64
_ADVICE: Final = "export the corpus again"


@dataclass(frozen=True)
class PatchFacts:
    """What the patches of a file are."""

    name: str
    """Of the corpus."""
    version: str
    """Of the corpus: its plan's hash."""
    code_version: str
    """Fringewatch's, that built the corpus."""
    recipe: str
    """JSON."""
    licence: str
    words: Mapping[str, tuple[str, ...]]
    """For each column of `CODED`, the words that its numbers stand for."""


@dataclass(frozen=True)
class Header:
    """A header that fits its file."""

    facts: PatchFacts
    count: int
    """Patches."""
    phase_sha256: str
    index_sha256: str
    """Of the facts and the columns, as `index_hash` makes it."""
    start: int
    """First byte of the phase."""

    @property
    def columns_start(self) -> int:
        """First byte of the columns."""
        return self.start + self.count * PATCH_BYTES


def column_shape(name: str, count: int) -> tuple[int, ...]:
    """Return the shape of a column of `count` patches."""
    return (count, hashlib.sha256().digest_size) if name == "sha256" else (count,)


def check_facts(facts: PatchFacts) -> None:
    """Refuse facts that could not be read back.

    Raises
    ------
    BadInputError
        If the recipe is no JSON, or a coded column has no words or too many.
    """
    try:
        json.loads(facts.recipe)
    except ValueError as error:
        message = f"the recipe of corpus '{facts.name}' is no JSON ({error})"
        raise BadInputError(message) from error
    most = np.iinfo(np.uint16).max + 1
    for name in CODED:
        found = len(facts.words.get(name, ()))
        if not 0 < found <= most:
            message = (
                f"corpus '{facts.name}' has {found} words for the column '{name}': a patch file "
                f"holds 1 to {most}"
            )
            raise BadInputError(message)


def index_hash(facts: PatchFacts, columns: bytes) -> str:
    """Return the sha256, in hex, of the facts and the bytes of all columns."""
    told = json.dumps(_texts(facts), sort_keys=True).encode()
    return hashlib.sha256(told + b"\n" + columns).hexdigest()


def header_bytes(
    facts: PatchFacts,
    count: int,
    phase_sha256: str = _UNKNOWN_HASH,
    index_sha256: str = _UNKNOWN_HASH,
) -> bytes:
    """Return the beginning of a file: equally long whatever the hashes are."""
    tensors: dict[str, Any] = {}
    end = 0
    for name, (type_name, shape, size) in _tensors(count).items():
        tensors[name] = {"dtype": type_name, "shape": shape, "data_offsets": [end, end + size]}
        end += size
    about = {
        "fringewatch_format": str(FILE_FORMAT),
        "phase": "0 is no data, 1 to 255 are -pi to pi in 254 steps",
        "dates": f"days since 1970-01-01; {NO_DATE} is unknown",
        **_texts(facts),
        "phase_sha256": phase_sha256,
        "index_sha256": index_sha256,
    }
    text = json.dumps({"__metadata__": about, **tensors}, separators=(",", ":")).encode()
    length = -(-(_LENGTH_BYTES + len(text)) // _PAGE) * _PAGE - _LENGTH_BYTES
    return length.to_bytes(_LENGTH_BYTES, "little") + text.ljust(length)


def file_size(facts: PatchFacts, count: int) -> int:
    """Return the bytes of a whole file."""
    return len(header_bytes(facts, count)) + sum(size for *_, size in _tensors(count).values())


def read_header(path: Path) -> Header:
    """Return the header of the patch file at `path`.

    Raises
    ------
    StoreError
        If there is no file, it is none of ours or of another format, or it is cut.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            length = int.from_bytes(file.read(_LENGTH_BYTES), "little")
            if not len(b"{}") <= length <= min(_LONGEST_HEADER, size - _LENGTH_BYTES):
                message = f"{path} is no patch file, or it is cut ({size} bytes): {_ADVICE}"
                raise StoreError(message)
            text = file.read(length)
    except OSError as error:
        message = f"the patch file {path} cannot be read ({error.strerror}): {_ADVICE}, or copy it"
        raise StoreError(message) from error
    found, about = _parse(path, text)
    count = _count_of(path, found)
    facts = _facts_of(path, about)
    whole = _LENGTH_BYTES + length + sum(part for *_, part in _tensors(count).values())
    if size != whole:
        message = (
            f"the patch file {path} has {size} bytes, its header says {whole}: it is cut or "
            f"altered; copy it again, or {_ADVICE}"
        )
        raise StoreError(message)
    return Header(
        facts, count, about["phase_sha256"], about["index_sha256"], _LENGTH_BYTES + length
    )


def _tensors(count: int) -> dict[str, tuple[str, list[int], int]]:
    """Type name, shape and bytes of each tensor, in the order of the file."""
    tensors = {"phase": ("U8", [count, PATCH_SIZE, PATCH_SIZE], count * PATCH_BYTES)}
    for name, dtype in COLUMNS.items():
        shape = column_shape(name, count)
        size = math.prod(shape) * dtype.itemsize
        tensors[name] = (_TYPE_NAMES.get(dtype.str, "U8"), list(shape), size)
    return tensors


def _texts(facts: PatchFacts) -> dict[str, str]:
    """Return the facts as the header keeps them: safetensors has room for text alone."""
    words = {name: list(facts.words[name]) for name in CODED}
    return {
        "name": facts.name,
        "version": facts.version,
        "code_version": facts.code_version,
        "recipe": facts.recipe,
        "licence": facts.licence,
        "words": json.dumps(words, separators=(",", ":")),
    }


def _parse(path: Path, text: bytes) -> tuple[dict[str, Any], dict[str, str]]:
    """Tensors and metadata of a header; `StoreError` if it is none of ours."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        message = f"{path} is no patch file, or its header is damaged: {_ADVICE}"
        raise StoreError(message) from error
    about = found.pop("__metadata__", None) if isinstance(found, dict) else None
    if not isinstance(about, dict) or "fringewatch_format" not in about:
        message = f"{path} is no patch file of Fringewatch: {_ADVICE}"
        raise StoreError(message)
    if about["fringewatch_format"] != str(FILE_FORMAT):
        message = (
            f"the patch file {path} has the format {about['fringewatch_format']!r}, this "
            f"Fringewatch reads '{FILE_FORMAT}': update Fringewatch, or {_ADVICE} with this version"
        )
        raise StoreError(message)
    return found, about


def _count_of(path: Path, found: dict[str, Any]) -> int:
    """Patches in a file whose tensors are exactly those of a patch file."""
    try:
        count = found["phase"]["shape"][0]
        usable = isinstance(count, int) and not isinstance(count, bool) and count > 0
        fits = usable and all(
            [found[name]["dtype"], found[name]["shape"]] == [type_name, shape]
            for name, (type_name, shape, _) in _tensors(count).items()
        )
        spans = [found[name]["data_offsets"] for name in _tensors(count)] if fits else []
        ends = list(accumulate(size for *_, size in _tensors(count).values())) if fits else []
    except (KeyError, TypeError, IndexError, OverflowError):
        fits, spans, ends = False, [], []
    in_order = spans == [[start, end] for start, end in zip([0, *ends[:-1]], ends, strict=False)]
    if not fits or not in_order or len(found) != len(spans):
        message = f"the header of the patch file {path} is not Fringewatch's: {_ADVICE}"
        raise StoreError(message)
    return int(count)


def _facts_of(path: Path, about: dict[str, str]) -> PatchFacts:
    """The facts that the metadata tells."""
    try:
        words = json.loads(about["words"])
        facts = PatchFacts(
            about["name"],
            about["version"],
            about["code_version"],
            about["recipe"],
            about["licence"],
            {name: tuple(map(str, words[name])) for name in CODED},
        )
        check_facts(facts)
        whole = {len(about["phase_sha256"]), len(about["index_sha256"])} == {len(_UNKNOWN_HASH)}
    except (ValueError, KeyError, TypeError, RecursionError, BadInputError):
        whole = False
    if not whole:
        message = f"the header of the patch file {path} is damaged: {_ADVICE}"
        raise StoreError(message)
    return facts


def joined(columns: Mapping[str, NDArray[Any]]) -> bytes:
    """Return the bytes of all columns as they stand in a file."""
    return b"".join(
        np.ascontiguousarray(columns[name], dtype=dtype).tobytes()
        for name, dtype in COLUMNS.items()
    )
