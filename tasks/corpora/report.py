"""What a person reads of a corpus that is planned or built: counts, what is missing, what next."""

import json
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from catalogs.corpora.plan import KindCount, Plan, counts_by_reason
from catalogs.corpora.shards import Receipt
from catalogs.corpora.versions import Corpus
from catalogs.storage.place import Place
from fringewatch.errors import FringewatchError, StoreError, TryLaterError
from fringewatch.numbers import PATCH_SIZE
from tasks.corpora.choose import REASONS
from tasks.corpora.overview import readable_bytes
from tasks.corpora.verify import CorpusCheck
from tasks.records import Outcome

_LINES_SHOWN: Final = 12


@dataclass(frozen=True)
class CorpusReport:
    """What a build did."""

    name: str
    version: str
    place: Place
    """Of the version (``<name>/<version>.zarr``), finished or not."""
    patches: int
    """That the plan keeps."""
    shards: int
    missing: tuple[int, ...]
    """Shards that are not there; with one missing, the version is not there either."""
    failures: tuple[str, ...]
    """Why, a line each."""
    counts: tuple[KindCount, ...]
    """What became of the candidates, from `counts_by_reason`."""
    outcome: Outcome

    @property
    def plan(self) -> Place:
        """Where the plan lies."""
        return self.place.parent / "plans" / f"{self.version}.parquet"

    def lines(self) -> list[str]:
        """Return the report for a person, a fact a line."""
        said = [
            f"corpus {self.name}, version {self.version}: {self.patches:,} patches in "
            f"{self.shards:,} shards",
            *count_lines(self.counts),
        ]
        if self.failures:
            said.append(f"{len(self.failures)} failed:")
            said += [f"  {failure}" for failure in self.failures[:_LINES_SHOWN]]
            if len(self.failures) > _LINES_SHOWN:
                said.append(f"  and {len(self.failures) - _LINES_SHOWN} more")
        if self.missing:
            return said + missing_lines(self.missing, self.plan)
        if self.outcome is Outcome.DONE:
            said.append(f"corpus:   {self.place}")
            said.append(f"look:     fringewatch corpus show {self.name} --output {self.name}.png")
        return said


def plan_lines(plan: Plan, place: Place) -> list[str]:
    """Return what a plan would build, how to look into it and how to build from it.

    Parameters
    ----------
    plan
        As it was made.
    place
        Where it was written.
    """
    kept = sum(count.kept for count in counts_by_reason(plan))
    said = [
        f"plan of corpus {plan.name}, version {plan.version}: {kept:,} patches kept",
        *count_lines(counts_by_reason(plan, REASONS)),
    ]
    address = shlex.quote(str(place))
    look = (
        "from pyarrow.parquet import read_table; "
        f"rows = read_table({json.dumps(str(place), ensure_ascii=False)}).to_pandas(); "
        'print(rows.groupby(["kind", "reason"], observed=True).size())'
    )
    said += [f"plan:     {place}", f"look:     python -c {shlex.quote(look)}"]
    if not kept:
        return [*said, "no patch is kept: nothing can be built from this plan"]
    size = readable_bytes(kept * PATCH_SIZE * PATCH_SIZE)
    return [
        *said,
        f"shards:   {plan.shards:,}, {size} before compression (noise compresses little)",
        f"build:    fringewatch corpus shard {address} --index 0 --count {plan.shards}",
        f"          fringewatch corpus finish {address}",
        "          or the same `corpus build` without --dry-run; on a batch system, "
        "docs/slurm/corpus-array.sh",
    ]


def shards_report(
    wanted: Sequence[int],
    written: Mapping[int, Receipt],
    plan: Place,
    failure: FringewatchError | None = None,
) -> tuple[list[str], Outcome]:
    """Return what a job wrote of the shards that it was asked for, and how it ended.

    Parameters
    ----------
    wanted
        The shards that it was asked for.
    written
        All that are written of the version, by number.
    plan
        Where the plan lies.
    failure
        What went wrong, if anything did.
    """
    said = [
        f"shard {number}: {written[number].patches:,} patches, "
        f"{readable_bytes(written[number].bytes)}"
        for number in wanted
        if number in written
    ]
    missing = [number for number in wanted if number not in written]
    if not missing:
        return said, Outcome.DONE
    outcome = Outcome.PARTIAL if said else Outcome.NOTHING
    if isinstance(failure, TryLaterError):
        outcome = Outcome.LATER
    said += [f"failed: {failure}"] if failure else []
    return said + missing_lines(missing, plan), outcome


def corpus_line(corpus: Corpus) -> str:
    """Return a corpus in a line: its current version, the others, and what is half built."""
    try:
        said = f"current {corpus.current()}"
    except StoreError as error:
        said = str(error) if corpus.finished() else "never finished"
    others = len(corpus.finished()) - 1
    said += f", {others} older" if others > 0 else ""
    unfinished = ", ".join(corpus.unfinished())
    return f"{corpus.name:<24} {said}" + (f"; unfinished: {unfinished}" if unfinished else "")


def verify_lines(report: CorpusCheck) -> list[str]:
    """Return what is wrong with a corpus, a problem a line, and what was looked at."""
    said = [f"! {problem}" for problem in report.problems]
    for version in report.versions:
        said += [f"! {version.version}: {problem}" for problem in version.problems]
        said.append(
            f"{report.name} {version.version}: {version.sound_patches:,} of {version.patches:,} "
            f"patches in {version.shards:,} shards are sound"
        )
    if not report.is_sound:
        said.append(
            f"then the `fringewatch corpus build {report.name} ...` of that version writes anew "
            "what is not sound; its recipe is in its plan"
        )
    return said


def count_lines(counts: Iterable[KindCount]) -> list[str]:
    """Return a table of what became of the candidates, by kind of source and by reason."""
    said = []
    for count in counts:
        said.append(f"  {count.kind:<60} {count.candidates:>12,} candidates")
        said += [f"    {reason:<58} {number:>12,}" for reason, number in count.left_out.items()]
        said.append(f"    {'kept':<58} {count.kept:>12,}")
    return said


def missing_lines(missing: Sequence[int], plan: Place) -> list[str]:
    """Return which shards are missing, and the commands that write them."""
    address, runs = shlex.quote(str(plan)), _runs(missing)
    return [
        # The docs' batch script reads this line: it has the form of sbatch's --array.
        f"missing shards: {as_ranges(missing)}",
        "to write them:",
        *(
            f"  fringewatch corpus shard {address} --index {first} --count {last - first + 1}"
            for first, last in runs[:_LINES_SHOWN]
        ),
        *([f"  and {len(runs) - _LINES_SHOWN} more like these"] if runs[_LINES_SHOWN:] else []),
        f"  fringewatch corpus finish {address}",
    ]


def as_ranges(numbers: Iterable[int]) -> str:
    """Return numbers in short.

    >>> as_ranges((5, 0, 1, 2, 7, 8))
    '0-2,5,7-8'
    """
    return ",".join(
        f"{first}" if first == last else f"{first}-{last}" for first, last in _runs(numbers)
    )


def _runs(numbers: Iterable[int]) -> list[tuple[int, int]]:
    """Return first and last of each run of whole numbers without a gap."""
    ordered = enumerate(sorted(set(numbers)))
    runs = [list(run) for _, run in groupby(ordered, key=lambda pair: pair[1] - pair[0])]
    return [(run[0][1], run[-1][1]) for run in runs]
