"""What air is made of, as one flat file: real relief that stratified air follows, and real delays.

Both are learned from as quiet ground: fringes that follow mountains or weather are no deformation.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from fringewatch.errors import BadInputError, StoreError
from insar_models.patchfile.flat_file import read_flat_file, write_flat_file

_KIND: Final = "air"
_RELIEF: Final = "relief/"
_DELAYS: Final = "delays/"


@dataclass(frozen=True, eq=False)
class Air:
    """Relief and delays by name, on steps of about 0.001 degree."""

    relief_m: Mapping[str, NDArray[np.int16]]
    """Heights above the sea, (rows, columns); the sea itself is 0."""
    delay_tenth_mm: Mapping[str, NDArray[np.int16]]
    """Zenith delay of a weather model by date, (dates, rows, columns)."""
    licence: str
    sha256: str = ""
    """Of the file that they were read from."""


def write_air(path: Path, air: Air) -> str:
    """Write relief and delays as one file; return its hash.

    Raises
    ------
    BadInputError
        If there are none, or an array has another type or number of dimensions.
    HomeError
        If the file cannot be written.
    """
    _check(air)
    arrays: dict[str, NDArray[Any]] = {
        **{f"{_RELIEF}{name}": field for name, field in air.relief_m.items()},
        **{f"{_DELAYS}{name}": field for name, field in air.delay_tenth_mm.items()},
    }
    return write_flat_file(path, _KIND, arrays, {"licence": air.licence})


def read_air(path: Path) -> Air:
    """Return the relief and the delays of a file.

    Raises
    ------
    StoreError
        If there is no such file, or it is cut, altered or of another kind.
    """
    file = read_flat_file(path, _KIND)
    parts: list[dict[str, NDArray[Any]]] = [
        {
            name.removeprefix(start): array
            for name, array in sorted(file.arrays.items())
            if name.startswith(start)
        }
        for start in (_RELIEF, _DELAYS)
    ]
    air = Air(parts[0], parts[1], str(file.facts.get("licence", "")), file.sha256)
    try:
        _check(air)
    except BadInputError as error:
        message = f"{path} holds no relief and no delays ({error}): write it again"
        raise StoreError(message) from error
    return air


def _check(air: Air) -> None:
    """Pass fields of heights and delays as the file holds them."""
    for fields, axes in ((air.relief_m, 2), (air.delay_tenth_mm, 3)):
        for name, field in fields.items():
            if field.dtype != np.int16 or field.ndim != axes:
                message = (
                    f"'{name}' of {field.dtype} and {field.ndim} dimensions is no such field: give "
                    f"int16 with {axes} dimensions"
                )
                raise BadInputError(message)
    if not air.relief_m and not air.delay_tenth_mm:
        message = "neither relief nor delays were given: give one field or more"
        raise BadInputError(message)
