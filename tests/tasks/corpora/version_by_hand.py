"""A version of a corpus, written with zarr alone in the layout that `build` writes."""

import hashlib
import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from numpy.typing import NDArray
from zarr.codecs import ZstdCodec
from zarr.errors import ZarrUserWarning

NO_DATE = -(2**31)
_DATE = {"units": "days since 1970-01-01", "calendar": "proleptic_gregorian", "_FillValue": NO_DATE}


def columns_of(patches: NDArray[np.uint8]) -> dict[str, tuple[NDArray[Any], dict[str, Any]]]:
    """Columns and their attributes; the last patch has no dates, no frame and no place."""
    n = len(patches)
    number = np.arange(n)
    primary = (19000 + 12 * number).astype(np.int32)
    secondary = primary + 12
    north = (-0.3 - 0.01 * number).astype(np.float32)
    primary[-1], secondary[-1], north[-1] = NO_DATE, NO_DATE, np.nan
    hashes = [
        np.frombuffer(hashlib.sha256(patch.tobytes()).digest(), np.uint8) for patch in patches
    ]
    frames = (number % 2).astype(np.uint16)
    frames[-1] = 2
    flags = "106A_09048_000909 128D_09016_110500 unknown"
    return {
        "source": (np.zeros(n, np.uint16), {"flag_values": [0], "flag_meanings": "cubes"}),
        "volcano": (
            (number % 2).astype(np.uint16),
            {"flag_values": [0, 1], "flag_meanings": "mount%20etna fernandina"},
        ),
        "frame": (frames, {"flag_values": [0, 1, 2], "flag_meanings": flags}),
        "primary": (primary, _DATE),
        "secondary": (secondary, _DATE),
        "row": ((number * 138 - 20).astype(np.int32), {}),
        "column": ((number % 3 * 138).astype(np.int32), {}),
        "rotation": ((number % 4).astype(np.int8), {}),
        "label": ((number % 3 - 1).astype(np.int8), {}),
        "group": (number.astype(np.int32), {}),
        "area": ((number // 4).astype(np.int32), {}),
        "valid_fraction": ((patches != 0).mean(axis=(1, 2)).astype(np.float32), {}),
        "coherence_mean": (np.full(n, 0.5, np.float32), {}),
        "phasor_coherence": (np.linspace(0.4, 0.9, n, dtype=np.float32), {}),
        "fringe_rate": (np.linspace(0.0, 0.2, n, dtype=np.float32), {}),
        "north": (north, {}),
        "west": (np.full(n, -91.8, np.float32), {}),
        "sha256": (np.stack(hashes), {}),
    }


def write_version(folder: Path, patches: NDArray[np.uint8], shard: int = 4) -> Path:
    """Write ``<folder>/tiny/0123456789ab.zarr``; return it."""
    path = folder / "tiny" / "0123456789ab.zarr"
    group = zarr.open_group(path, mode="w", zarr_format=3)
    phase = group.create_array(
        "phase",
        shape=patches.shape,
        dtype=np.uint8,
        chunks=(1, *patches.shape[1:]),
        shards=(shard, *patches.shape[1:]),
        compressors=ZstdCodec(level=3),
        fill_value=0,
        dimension_names=("patch", "y", "x"),
    )
    for first in range(0, len(patches), shard):  # one write a shard: the index is written once
        phase[first : first + shard] = patches[first : first + shard]
    for name, (values, attributes) in columns_of(patches).items():
        array = group.create_array(
            name,
            shape=values.shape,
            dtype=values.dtype,
            chunks=values.shape,
            dimension_names=("patch", "byte")[: values.ndim],
        )
        array[...] = values
        array.attrs.update(attributes)
    group.attrs.update(
        {
            "title": "patches of a test",
            "license": "contains modified Copernicus Sentinel data, analysed by COMET LiCSAR",
            "recipe": json.dumps({"sources": [{"kind": "cubes"}]}),
            "plan_sha256": "0123456789ab" + "0" * 52,
            "version": "0123456789ab",
            "code_version": "0.1.0",
            "fringewatch_format": 1,
        }
    )
    with warnings.catch_warnings(action="ignore", category=ZarrUserWarning):
        zarr.consolidate_metadata(group.store)
    return path
