"""Export: the labels of reviews as a patch file, alone or with the patches of another one.

Groups and areas are found over both together, as a corpus finds them: what shows the same ground,
frame or volcano is never on both sides of a split.
"""

import datetime as dt
import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

import fringewatch
from catalogs.home.home import home_of
from catalogs.home.reading import find_home, read_ledger
from catalogs.records import ModelId
from catalogs.settings import Settings
from fringewatch.errors import BadInputError
from fringewatch.numbers import NO_DATE
from fringewatch.plain_text import counted
from insar_models.patchfile.file import PatchFile, open_patch_file
from insar_models.patchfile.header import CODED, COLUMNS, PatchFacts
from insar_models.patchfile.writer import write_patch_file
from tasks.corpora.field_files import LICENCE
from tasks.corpora.ground import UNKNOWN, link
from tasks.corpora.groups import find_groups
from tasks.judge.models import judging_model
from tasks.review.labelled import LabelledPatch, labelled_patches, labels_of

_NAME: Final = "reviews"
_BLOCK: Final = 512
_FIRST_DAY: Final = dt.date(1970, 1, 1)
_GROUND: Final = ("volcano", "frame", "primary", "secondary", "north", "west", "kind", "source",
                  "location", "shape_sha256", "sha256")  # fmt: skip
"""What groups are found by."""


@dataclass(frozen=True)
class Exported:
    """What was written."""

    path: Path
    deforming: int
    quiet: int
    """Patches of reviews."""
    pairs: int
    added_to: int
    """Patches of the other file."""
    left_out: dict[str, int]
    """Reviewed pairs without a label, by reason."""

    def lines(self) -> list[str]:
        """Return what was written, a fact a line."""
        said = [
            f"{self.path}: {self.deforming} deforming and {self.quiet} quiet patches of "
            f"{self.pairs} reviewed pairs"
        ]
        if self.added_to:
            said.append(
                f"with {counted(self.added_to, 'patch', 'patches')} of the other file before them"
            )
        return said + [f"left out: {count} {reason}" for reason, count in self.left_out.items()]


def export_reviews(
    volcano: str | None, settings: Settings, target: Path, add_to: Path | None = None
) -> Exported:
    """Write labelled patches of what was reviewed to a patch file, and return what was written.

    What is *atmosphere* is quiet, what is *confirmed* deforms; what reviewers contradict each other
    on, and what is *other*, has no label and is left out.

    Parameters
    ----------
    volcano
        Slug; all that were reviewed if None.
    settings
        Of the home, which is there.
    target
        The file.
    add_to
        A patch file whose patches come first, such as the labelled corpus of the probe in use.

    Raises
    ------
    BadInputError
        If no review gives a label, or `target` is `add_to`.
    StoreError
        If a cube, the ledger or the other file is damaged.
    HomeError
        If there is no home, or the file cannot be written.
    """
    if add_to is not None and target.resolve() == add_to.resolve():
        message = f"--export {target} is the file to add to: give another name"
        raise BadInputError(message)
    base = open_patch_file(add_to) if add_to is not None else None
    left_out: Counter[str] = Counter()
    patches, numbers = _patches(volcano, settings, left_out)
    if not patches:
        told = "".join(f"; {count} {reason}" for reason, count in left_out.items())
        message = (
            f"no review of {volcano or 'any volcano'} gives a label{told}: say --atmosphere or "
            "--confirmed of something first"
        )
        raise BadInputError(message)
    columns = _columns(patches, base)
    facts = _facts(patches, base, numbers, columns[1])
    own = np.stack([patch.codes for patch in patches])
    write_patch_file(target, facts, columns[0], _blocks(base, own))
    labels = [patch.candidate.label for patch in patches]
    pairs = {(p.candidate.location, p.candidate.primary, p.candidate.secondary) for p in patches}
    return Exported(
        target, labels.count(1), labels.count(0), len(pairs), len(base) if base else 0,
        dict(left_out),
    )  # fmt: skip


def _patches(
    volcano: str | None, settings: Settings, left_out: Counter[str]
) -> tuple[list[LabelledPatch], list[int]]:
    home = find_home(home_of(settings))
    ledger = read_ledger(home.ledger)
    found: list[LabelledPatch] = []
    numbers: list[int] = []
    if ledger is None:
        return found, numbers
    with ledger:
        for slug in (volcano,) if volcano else ledger.reviewed_volcanoes():
            model = judging_model(settings, slug)
            scored = ledger.scored_pairs(slug, ModelId(model.name, model.sha256))
            scores = {(row.frame, row.pair): row.score for row in scored}
            labels = labels_of(ledger, slug, scores, model.threshold, left_out)
            found += labelled_patches(home, ledger, slug, labels, scores, settings)
            numbers += [review.number for review in ledger.reviews(slug)]
    return found, numbers


def _columns(
    patches: Sequence[LabelledPatch], base: PatchFile | None
) -> tuple[dict[str, NDArray[Any]], dict[str, tuple[str, ...]]]:
    """Return the columns of both together, and the words of those that are coded."""
    own = [patch.candidate for patch in patches]
    known: dict[str, list[NDArray[Any]]] = {name: [] for name in COLUMNS}
    texts = {
        "source": [_NAME] * len(own),
        "volcano": [one.volcano for one in own],
        "frame": [one.frame for one in own],
    }
    if base is not None:
        for name in COLUMNS:
            known[name].append(base.columns[name])
        texts = {name: [*base.words(name).tolist(), *values] for name, values in texts.items()}
    for name in COLUMNS.keys() - {*CODED, "group", "area", "sha256", "primary", "secondary"}:
        known[name].append(np.array([getattr(one, name) for one in own]))
    for name in ("primary", "secondary"):
        known[name].append(np.array([(getattr(one, name) - _FIRST_DAY).days for one in own]))
    hashes = b"".join(bytes.fromhex(one.sha256) for one in own)
    known["sha256"].append(np.frombuffer(hashes, np.uint8).reshape(-1, 32))
    group, area = _groups(patches, base)
    columns = {"group": group, "area": area}
    words: dict[str, tuple[str, ...]] = {}
    for name, values in texts.items():
        words[name] = tuple(dict.fromkeys(values))
        place = {word: number for number, word in enumerate(words[name])}
        columns[name] = np.array([place[word] for word in values])
    columns |= {name: np.concatenate(known[name]) for name in COLUMNS.keys() - columns.keys()}
    return {name: columns[name].astype(dtype) for name, dtype in COLUMNS.items()}, words


def _groups(
    patches: Sequence[LabelledPatch], base: PatchFile | None
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return group and area of each patch, those of the other file first; none of its is torn."""
    own = pd.DataFrame(
        [{name: getattr(patch.candidate, name) for name in _GROUND} for patch in patches]
    )
    rows = own if base is None else pd.concat([_ground_of(base), own], ignore_index=True)
    found = find_groups(rows, np.ones(len(rows), np.bool_))
    if base is None:
        return found.group.astype(np.int64), found.area.astype(np.int64)
    before: NDArray[np.int64] = np.full(len(rows), UNKNOWN, np.int64)
    before[: len(base)] = np.unique(base.columns["area"], return_inverse=True)[1]
    return found.group.astype(np.int64), link([found.area.astype(np.int64), before])


def _ground_of(base: PatchFile) -> pd.DataFrame:
    """Return what of another file's patches tells which belong together, its groups included."""
    days = {
        name: [
            None if day == NO_DATE else _FIRST_DAY + dt.timedelta(days=day)
            for day in base.columns[name].tolist()
        ]
        for name in ("primary", "secondary")
    }
    return pd.DataFrame(
        {
            "volcano": base.words("volcano"),
            "frame": base.words("frame"),
            **{name: pd.Series(values, dtype=object) for name, values in days.items()},
            "north": base.columns["north"].astype(np.float64),
            "west": base.columns["west"].astype(np.float64),
            "kind": "other",
            "source": 1,
            "location": [str(group) for group in base.columns["group"].tolist()],
            "shape_sha256": "",
            "sha256": [bytes(row).hex() for row in base.columns["sha256"]],
        }
    )


def _facts(
    patches: Sequence[LabelledPatch],
    base: PatchFile | None,
    numbers: Sequence[int],
    words: dict[str, tuple[str, ...]],
) -> PatchFacts:
    content = hashlib.sha256()
    for patch in patches:
        content.update(f"{patch.candidate.sha256} {patch.candidate.label}\n".encode())
    recipe: dict[str, object] = {"reviews": sorted(numbers)}
    licence = LICENCE
    if base is not None:
        content.update(base.phase_sha256.encode())
        recipe["added_to"] = {"name": base.facts.name, "version": base.facts.version}
        licence = f"{base.facts.licence}; reviews: {LICENCE}"
    return PatchFacts(
        name=_NAME if base is None else f"{base.facts.name}-and-{_NAME}",
        version=content.hexdigest()[:12],
        code_version=fringewatch.__version__,
        recipe=json.dumps(recipe, sort_keys=True),
        licence=licence,
        words=words,
    )


def _blocks(base: PatchFile | None, own: NDArray[np.uint8]) -> Iterator[NDArray[np.uint8]]:
    for first in range(0, len(base) if base else 0, _BLOCK):
        if base is not None:
            yield np.asarray(base.phase[first : first + _BLOCK])
    yield own
