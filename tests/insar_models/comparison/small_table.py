"""Rows and judging sets of a table that take a moment."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from insar_models.comparison import judging
from insar_models.comparison import sets as sets_of_the_table
from insar_models.comparison.limits import Limits
from insar_models.comparison.making import TableRequest
from insar_models.comparison.rows import Row
from insar_models.comparison.sets import JudgingSets
from insar_models.judging.bootstrap import BootstrapPlan
from insar_models.patchfile.file import PatchFile
from insar_models.patchfile.picture_file import Pictures, write_pictures
from insar_models.patchfile.window_file import write_windows
from tests.insar_models.labelled_corpus import labelled_corpus
from tests.insar_models.small_pretraining import RECIPE, TINY
from tests.insar_models.small_windows import quiet_windows

UNTRAINED = Row(name="untrained-tiny", title="tiny, untrained", encoder=TINY)
SIMCLR = Row(
    name="simclr-tiny", title="tiny, SimCLR", encoder=TINY, pretrain=replace(RECIPE, steps=9)
)


def pictures_of(corpus: PatchFile) -> Pictures:
    """The corpus's patches as pictures of one tile, but the last, which has two."""
    rows = np.flatnonzero(corpus.columns["label"] >= 0)
    first = np.arange(len(rows) - 1)
    return Pictures(
        tiles=corpus.read(rows),
        first=first,
        labels=corpus.columns["label"][rows[:-1]].astype(np.int64),
        groups=np.array([f"area {area}" for area in corpus.columns["area"][rows[:-1]]]),
    )


def files_of_sets(folder: Path) -> tuple[Path, Path, Path]:
    """Write a corpus, pictures and windows; return their paths."""
    corpus = labelled_corpus(folder / "corpus.safetensors")
    write_pictures(folder / "pictures.safetensors", pictures_of(corpus))
    write_windows(folder / "windows.safetensors", quiet_windows(volcanoes=4, each=1))
    return corpus.path, folder / "pictures.safetensors", folder / "windows.safetensors"


def make_quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let few sources be simulated, and few resamples be drawn."""
    monkeypatch.setattr(sets_of_the_table, "_FIELDS", 3)
    monkeypatch.setattr(judging, "_PLAN", BootstrapPlan(seed=0, draws=5))


def small_sets(folder: Path, monkeypatch: pytest.MonkeyPatch) -> JudgingSets:
    """All that judges, with few simulated sources."""
    make_quick(monkeypatch)
    corpus, pictures, windows = files_of_sets(folder)
    return JudgingSets.open(corpus, {"s1-test": pictures, "synthetic": pictures}, windows)


def request_in(folder: Path, hours: float = 1.0, until: float | None = None) -> TableRequest:
    return TableRequest(folder, Limits(hours, until), probe_seeds=2)
