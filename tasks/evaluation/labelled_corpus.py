"""The labelled patches of a corpus, and where they lie."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np

from fringewatch.errors import BadInputError
from insar_models.patchfile.file import PatchFile, open_patch_file
from insar_models.patchfile.splits import SplitBy
from insar_models.probes.labelled_rows import REYKJANES, LabelledRows, labelled_rows
from tasks.evaluation.samples import SamplePlace

_UNLABELLED = -1


@dataclass(frozen=True, eq=False)
class LabelledCorpus:
    """Patches that probes learn from and are judged by."""

    file: PatchFile
    by: SplitBy
    """What is held out together."""
    patches: LabelledRows

    @classmethod
    def open(cls, path: Path, by: SplitBy) -> Self:
        """Return the corpus in a patch file.

        Raises
        ------
        StoreError
            If it cannot be read as one.
        BadInputError
            If a label cannot be, or one class is empty.
        """
        file = open_patch_file(path)
        labels = file.columns["label"]
        strange = sorted(set(labels.tolist()) - {_UNLABELLED, 0, 1})
        if strange:
            message = (
                f"{path} has a patch with the label {strange[0]}: expected 0 (quiet), 1 "
                f"(deforming) or {_UNLABELLED} (nobody has said); build the corpus again"
            )
            raise BadInputError(message)
        patches = labelled_rows(file, by, REYKJANES)
        if patches.deforming in {0, len(patches.rows)}:
            message = (
                f"{path} holds {patches.deforming} deforming and "
                f"{len(patches.rows) - patches.deforming} quiet patches: a probe needs both; use "
                "a corpus with labels of both classes"
            )
            raise BadInputError(message)
        return cls(file, by, patches)

    def places(self) -> tuple[SamplePlace, ...]:
        """Where each patch lies; an area is called by its first frame."""
        rows = self.patches.rows
        frames, volcanoes = (self.file.words(name)[rows].tolist() for name in ("frame", "volcano"))
        areas = self.file.columns["area"][rows].tolist()
        first: dict[int, str] = {}
        for area, frame in zip(areas, frames, strict=True):
            if frame:
                first[area] = min(first.get(area, frame), frame)
        return tuple(
            SamplePlace(
                area=first.get(area, f"area {area}"),
                frame=frame or f"area {area}",
                volcano=volcano or frame or f"area {area}",
                scene=f"{volcano} {frame}".strip() or f"area {area}",
            )
            for area, frame, volcano in zip(areas, frames, volcanoes, strict=True)
        )

    def areas(self) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        """Return the number of each patch's area in the file, (n,)."""
        return self.file.columns["area"][self.patches.rows].astype(np.int64)
