"""The ground that a tuning run learns from, and what it keeps to measure by."""

import hashlib
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fringewatch.errors import BadInputError
from fringewatch.numbers import PATCH_SIZE
from insar_models.patchfile.file import PatchFile
from insar_models.patchfile.splits import SplitColumns, split
from insar_models.patchfile.window_file import Windows
from insar_models.tuning.recipe import TuneRecipe

_QUIET: Final = 0
_DEFORMING: Final = 1


@dataclass(frozen=True, eq=False)
class WindowGrounds:
    """Quiet windows by what a tuning run does with them."""

    windows: Windows
    learned: tuple[NDArray[np.int64], ...]
    """For each volcano that is learned from, its windows."""
    held_out: NDArray[np.int64]
    """Windows of volcanoes that nothing is learned from."""

    @property
    def volcanoes_learned(self) -> list[str]:
        """Volcanoes that are learned from."""
        return [str(self.windows.volcano[rows[0]]) for rows in self.learned]

    def crops(
        self, count: int, generator: np.random.Generator, side: int = PATCH_SIZE
    ) -> NDArray[np.uint8]:
        """Return squares to learn from, each volcano alike likely: uint8 (count, side, side)."""
        chosen = generator.integers(len(self.learned), size=count)
        rows = np.array([generator.choice(self.learned[one]) for one in chosen], dtype=np.int64)
        return self.windows.crops(rows, generator, side)


@dataclass(frozen=True, eq=False)
class Grounds:
    """The patches of a corpus by what a tuning run does with them."""

    quiet: NDArray[np.int64]
    """Rows that are learned from as quiet ground."""
    deforming: NDArray[np.int64]
    """Rows that are learned from as deforming."""
    held_out: NDArray[np.int64]
    """Quiet rows of areas that nothing is learned from."""
    judged: NDArray[np.int64]
    """Labelled rows of areas that nothing is learned from."""
    windows: WindowGrounds | None = None
    """Whole windows, where the recipe has them."""

    @property
    def learned(self) -> NDArray[np.int64]:
        """All rows that are learned from."""
        return np.concatenate([self.quiet, self.deforming])


def sort_windows(windows: Windows, recipe: TuneRecipe) -> WindowGrounds:
    """Return which windows are learned from: volcanoes are kept whole, by a hash of their name.

    So a volcano stays on its side when others come.

    Raises
    ------
    BadInputError
        If no volcano is left to learn from.
    """
    sides = {
        name: held_out_by_name(name, recipe.held_out_volcanoes)
        for name in np.unique(windows.volcano).tolist()
    }
    learned = tuple(windows.of_volcanoes([name]) for name, out in sides.items() if not out)
    if not learned:
        message = (
            f"all {len(sides)} volcanoes of the windows are held out: give windows of more "
            "volcanoes, or a smaller held_out_volcanoes"
        )
        raise BadInputError(message)
    return WindowGrounds(
        windows, learned, windows.of_volcanoes([name for name, out in sides.items() if out])
    )


def held_out_by_name(name: str, share: float) -> bool:
    """Return whether a volcano of this name is held out where a share of them is."""
    digest = hashlib.sha256(name.encode()).digest()
    return int.from_bytes(digest[:8], "big") < share * 2**64


def sort_grounds(corpus: PatchFile, recipe: TuneRecipe, windows: Windows | None = None) -> Grounds:
    """Return which patches are learned from, and which are kept to measure by.

    Without labelled patches to learn from, areas with deformation are left out as a whole: what
    persons saw there can then judge the encoder.

    Raises
    ------
    BadInputError
        If there is nothing quiet or, where it is asked for, nothing deforming to learn from.
    """
    labels = corpus.columns["label"]
    areas = corpus.columns["area"]
    kept = np.zeros(len(corpus), dtype=bool)
    if recipe.held_out:
        kept = split(SplitColumns.of_file(corpus), "area", recipe.held_out, seed=recipe.seed) == 1
    if not recipe.labelled:
        kept |= np.isin(areas, np.unique(areas[labels == _DEFORMING]))
    rows = np.arange(len(corpus))
    quiet, deforming = (rows[(labels == label) & ~kept] for label in (_QUIET, _DEFORMING))
    for found, share, what in (
        (quiet, 1.0, "quiet"),
        (deforming, recipe.labelled, "deforming"),
    ):
        if share and not found.size:
            message = (
                f"{corpus.path} has no {what} patches to learn from (label "
                f"{_QUIET if what == 'quiet' else _DEFORMING}, outside what is held out): build a "
                "corpus of labelled pictures, or change held_out, pasted and labelled"
            )
            raise BadInputError(message)
    if recipe.windows and windows is None:
        message = (
            f"the recipe cuts {recipe.windows:.0%} of its quiet ground from whole windows: give "
            "a file of them, or set windows to 0"
        )
        raise BadInputError(message)
    return Grounds(
        quiet,
        deforming,
        rows[(labels == _QUIET) & kept],
        rows[(labels >= _QUIET) & kept],
        sort_windows(windows, recipe) if windows is not None and recipe.windows else None,
    )
