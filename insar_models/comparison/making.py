"""A row made from its recipe to its figures; one that was stopped goes on where it stood."""

import hashlib
import json
import logging
import os
import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from fringewatch.atomic import write_atomically
from fringewatch.errors import FringewatchError, HomeError
from insar_models.comparison.beginnings import beginning_of, row_seed
from insar_models.comparison.judging import AREAS, FoldFeatures, judge
from insar_models.comparison.learning import Learned, Workshop, begin_tuning, pretrained, tuned
from insar_models.comparison.limits import Limits, NotYetError
from insar_models.comparison.rows import Row
from insar_models.comparison.set_features import corpus_features, set_features, sight_of
from insar_models.comparison.sets import JudgingSets
from insar_models.encoders.encoder import Encoder
from insar_models.encoders.files import load_encoder
from insar_models.probes.group_folds import assign_folds

RECORD: Final = "row.json"
ROWS_FOLDER: Final = "rows"

MADE: Final = "made"
UNFINISHED: Final = "unfinished"
CANNOT: Final = "cannot be made"

_FOLDS: Final = 3
"""Parts of the areas that are held out in turn from rows that learn from labels."""
_FORMAT: Final = 2
_LOG: Final = logging.getLogger(__name__)


@dataclass(frozen=True)
class TableRequest:
    """How rows are made."""

    folder: Path
    limits: Limits
    device: str = "cpu"
    probe_seeds: int = 5
    weights: Mapping[str, Path] = field(default_factory=dict)
    """Files of ImageNet's weights, by architecture."""
    command_of: Callable[[str], str] = str
    """The command that makes the row of a name."""


@dataclass(frozen=True)
class RowRecord:
    """What is known of a row."""

    name: str
    state: str
    """``made``, ``unfinished`` or ``cannot be made``."""
    reason: str = ""
    """Why it is not made."""
    figures: Mapping[str, float] = field(default_factory=dict)
    learned: Mapping[str, Any] = field(default_factory=dict)
    """Of the net that judges pictures and windows: steps, views, hours, by which clock."""
    seed: int = 0
    """Of first weights, batches and views."""
    probe_seeds: int = 0
    hours: float = 0.0
    """Of learning, all nets of the row together."""
    encoder: str = ""
    """Folder of the encoder, below the table's; empty where nothing was learned."""
    command: str = ""
    machine: str = ""
    made_of: str = ""
    """Hash of the recipe and of what judged; a row of another one is made anew."""


def make_rows(rows: Sequence[Row], sets: JudgingSets, request: TableRequest) -> list[RowRecord]:
    """Return the records of rows, each written as it is made; one that fails ends no other.

    Raises
    ------
    HomeError
        If the table's folder cannot be written.
    """
    judged_by = sets.sha256()
    records = []
    for row in rows:
        record = read_record(request.folder, row.name)
        made_of = identity(row, judged_by, request.probe_seeds)
        if record is None or record.state != MADE or record.made_of != made_of:
            record = replace(_made(row, sets, request), made_of=made_of)
            _write(request.folder, record)
        _LOG.info("%s: %s %s", row.name, record.state, record.reason)
        records.append(record)
    return records


def read_record(folder: Path, name: str) -> RowRecord | None:
    """Return what a table's folder knows of a row; None where that is nothing."""
    path = folder / ROWS_FOLDER / name / RECORD
    try:
        told = json.loads(path.read_text("utf-8"))
        return RowRecord(**told)
    except FileNotFoundError:
        return None
    except (ValueError, TypeError) as error:
        _LOG.warning("%s is damaged (%s): the row is judged again", path, error)
        return None


def identity(row: Row, judged_by: str, probe_seeds: int) -> str:
    """Return a hash of all that a row's figures depend on but hours and machine."""
    parts = {
        "format": _FORMAT,
        "encoder": None if row.encoder is None else row.encoder.as_dict(),
        "begins": row.begins,
        "pretrain": None if row.pretrain is None else row.pretrain.settings(),
        "tune": None if row.tune is None else row.tune.settings(),
        "probe": asdict(row.probe),
        "judged by": judged_by,
        "probe seeds": probe_seeds,
    }
    text = json.dumps(parts, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _made(row: Row, sets: JudgingSets, request: TableRequest) -> RowRecord:
    """The record of a row, also of one that is unfinished or cannot be made."""
    blank = RowRecord(
        name=row.name,
        state=MADE,
        seed=row_seed(row),
        probe_seeds=request.probe_seeds,
        command=request.command_of(row.name),
        machine=_machine(request.device),
    )
    try:
        request.limits.check("it was begun")
        return _learned_and_judged(row, sets, request, blank)
    except NotYetError as error:
        return replace(blank, state=UNFINISHED, reason=str(error))
    except HomeError:
        raise
    except FringewatchError as error:
        return replace(blank, state=CANNOT, reason=str(error))


def _learned_and_judged(
    row: Row, sets: JudgingSets, request: TableRequest, blank: RowRecord
) -> RowRecord:
    """The record of a row that has learned all that it should."""
    shop = Workshop(
        corpus=sets.corpus,
        folder=request.folder / ROWS_FOLDER / row.name,
        limits=request.limits,
        device=request.device,
        weights=request.weights,
        encoders=_encoders(request.folder),
    )
    shop.folder.mkdir(parents=True, exist_ok=True)
    runs: list[Learned] = []
    without = pretrained(row, shop) if row.pretrain is not None else None
    runs += [without] if without is not None else []
    folds: list[FoldFeatures] = []
    encoder = None
    if row.encoder is not None and row.tune is None:
        encoder = beginning_of(row, shop.weights, shop.encoders)
        encoder = encoder if without is None else load_encoder(without.encoder)
    elif row.tune is not None:
        begin = begin_tuning(row, shop, without)
        whole = tuned(row, shop, begin, _all_but(sets, sets.labelled.rows), "tune")
        of_folds, folds = _folds(row, sets, shop, begin)
        runs += [whole, *of_folds]
        encoder = load_encoder(whole.encoder)
    sight = sight_of(encoder, shop.device)
    features = set_features(sight, sets, shop.folder / "features", shop.limits)
    figures = judge(features, folds, sets, row.probe, request.probe_seeds)
    if row.saw_the_areas:
        figures = {name: value for name, value in figures.items() if not name.startswith(AREAS)}
    own = runs[-1 - len(folds)].encoder if runs else None
    return replace(
        blank,
        figures={name: round(value, 5) for name, value in figures.items()},
        learned=_told(runs[0]) if runs else {},
        hours=round(sum(run.hours for run in runs), 3),
        encoder="" if own is None else own.relative_to(request.folder).as_posix(),
    )


def _folds(
    row: Row, sets: JudgingSets, shop: Workshop, begin: Encoder
) -> tuple[list[Learned], list[FoldFeatures]]:
    """A net for each part of the areas, which saw the labels of all the others."""
    labelled = sets.labelled
    fold = assign_folds(labelled.labels, labelled.groups, _FOLDS)
    runs, features = [], []
    for number in range(_FOLDS):
        out = fold == number
        hidden = _all_but(sets, labelled.rows[~out])
        run = tuned(row, shop, begin, hidden, f"tune-without-{number}")
        sight = sight_of(load_encoder(run.encoder), shop.device)
        where = shop.folder / f"features-without-{number}"
        seen = corpus_features(sight, sets, where, shop.limits)
        runs.append(run)
        features.append(FoldFeatures(seen, np.asarray(out)))
    return runs, features


def _all_but(sets: JudgingSets, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """The other patches of the corpus, those of excluded volcanoes among them."""
    return np.setdiff1d(np.arange(len(sets.corpus), dtype=np.int64), rows)


def _told(run: Learned) -> dict[str, Any]:
    return {
        "step": run.step,
        "steps": run.steps,
        "batch": run.batch,
        "views": run.views,
        "hours": round(run.hours, 3),
        "clock": run.clock,
        "seconds_per_step": run.seconds_per_step,
    }


def _encoders(folder: Path) -> dict[str, Path]:
    """The encoders of rows that are made, by name."""
    found = {}
    for path in sorted((folder / ROWS_FOLDER).glob(f"*/{RECORD}")):
        record = read_record(folder, path.parent.name)
        if record is not None and record.state == MADE and record.encoder:
            found[record.name] = folder / record.encoder
    return found


def _machine(device: str) -> str:
    if device.startswith("cuda"):
        return str(torch.cuda.get_device_name(device))
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    return f"{platform.machine()}, {torch.get_num_threads()} threads{load}"


def _write(folder: Path, record: RowRecord) -> None:
    path = folder / ROWS_FOLDER / record.name / RECORD
    path.parent.mkdir(parents=True, exist_ok=True)
    told = asdict(record)
    plain = json.dumps({**told, "figures": _plain(record.figures)}, indent=1)
    write_atomically(path, f"{plain}\n".encode())


def _plain(figures: Mapping[str, float]) -> dict[str, float]:
    """What is not defined is left out: JSON has no NaN."""
    return {name: value for name, value in figures.items() if np.isfinite(value)}
