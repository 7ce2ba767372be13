"""What judges the rows: labelled patches, pictures, and quiet windows with and without motion."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from insar_models.patchfile.file import PatchFile, open_patch_file
from insar_models.patchfile.picture_file import Pictures, read_pictures
from insar_models.patchfile.splits import SplitBy
from insar_models.patchfile.window_file import Windows, read_windows
from insar_models.phase.window_patches import PATCHES_PER_WINDOW, cut_patches
from insar_models.probes.labelled_rows import REYKJANES, LabelledRows, labelled_rows
from insar_models.tuning.grounds import sort_windows
from insar_models.tuning.recipe import FIELD
from insar_models.tuning.window_pasting import paste_on_windows, simulated_fields

S1_TEST: Final = "s1-test"
C1: Final = "c1"
SYNTHETIC: Final = "synthetic"
PICTURE_SETS: Final = (S1_TEST, C1, SYNTHETIC)

PEAK_M: Final = 0.08
"""In the line of sight, of what is pasted on quiet windows."""
QUIET_SHARE: Final = 0.02
"""Of the quiet windows that may alarm."""

_SEED: Final = 11
_FIELDS: Final = 120
_SEEN: Final = 0.3
"""Share of the moved ground that has to show a signal for a source to count."""


@dataclass(frozen=True, eq=False)
class QuietWindows:
    """Real quiet windows of volcanoes that nothing here learns from, and the same with motion."""

    quiet: NDArray[np.uint8]
    """Patches, shape (9 n, 224, 224)."""
    volcano: NDArray[np.str_]
    """Shape (n,)."""
    moving: NDArray[np.uint8]
    """Patches, shape (9 k, 224, 224)."""
    moving_volcano: NDArray[np.str_]

    @classmethod
    def of(cls, windows: Windows) -> Self:
        """Return the windows of held-out volcanoes, and sources of 8 cm on them.

        The volcanoes are those that the shipped encoder's tuning holds out, so that its figures
        and those of the rows are of the same windows.
        """
        rows = sort_windows(windows, FIELD).held_out
        quiet, names = windows.phase[rows], windows.volcano[rows]
        generator = np.random.default_rng([_SEED, round(1000 * PEAK_M)])
        peaks_m = np.full(len(quiet), PEAK_M)
        pasted = paste_on_windows(quiet, simulated_fields(_FIELDS, _SEED), peaks_m, generator)
        seen = pasted.seen >= _SEEN
        return cls(_patches(quiet), names, _patches(pasted.codes[seen]), names[seen])


@dataclass(frozen=True, eq=False)
class JudgingSets:
    """All that judges."""

    corpus: PatchFile
    labelled: LabelledRows
    pictures: Mapping[str, Pictures]
    windows: QuietWindows | None

    @classmethod
    def open(cls, corpus: Path, pictures: Mapping[str, Path], windows: Path | None) -> Self:
        """Return what the files hold; what is not given judges nothing.

        Raises
        ------
        StoreError
            If a file cannot be read, or is of another kind.
        BadInputError
            If the corpus has no labels.
        """
        file = open_patch_file(corpus)
        return cls(
            file,
            labelled_rows(file, SplitBy.AREA, REYKJANES),
            {name: read_pictures(path) for name, path in pictures.items()},
            None if windows is None else QuietWindows.of(read_windows(windows)),
        )

    def patches(self) -> dict[str, NDArray[np.uint8]]:
        """Return the patches of each set but the corpus, by its name."""
        sets = {name: pictures.tiles for name, pictures in self.pictures.items()}
        if self.windows is not None:
            sets |= {"quiet": self.windows.quiet, "moving": self.windows.moving}
        return sets

    def sha256(self) -> str:
        """Return one hash of everything that judges."""
        whole = hashlib.sha256(self.corpus.phase_sha256.encode())
        for name, patches in self.patches().items():
            whole.update(name.encode() + hashlib.sha256(patches.data).digest())
        return whole.hexdigest()


def _patches(windows: NDArray[np.uint8]) -> NDArray[np.uint8]:
    cut = np.stack([cut_patches(window) for window in windows]).astype(np.uint8)
    return cut.reshape(len(windows) * PATCHES_PER_WINDOW, *cut.shape[2:])
