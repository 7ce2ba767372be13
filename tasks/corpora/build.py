"""Build a corpus: survey its sources, write the plan, write the shards, show the version.

Each step leaves on the storage what the next one needs, and can be repeated: a build that was
killed is started again and does what is missing. On a cluster of one's own `build_corpus` does all
of it; on a batch system `plan_corpus`, many `build_shards` and `finish_corpus` do the same.
"""

import datetime as dt
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import overload

import numpy as np
from typing_extensions import override

from catalogs.corpora.candidate import Candidate
from catalogs.corpora.layout import create_version, finish_version
from catalogs.corpora.lease import Lease, only_builder
from catalogs.corpora.plan import Plan, counts_by_reason, make_plan, read_plan, write_plan
from catalogs.corpora.recipe import CorpusRecipe
from catalogs.corpora.shards import Receipt, missing_shards, write_receipt, write_shard
from catalogs.corpora.versions import Corpus, corpus_at
from catalogs.home.home import Home, home_of, open_home
from catalogs.settings import Settings
from catalogs.storage.opening import open_place
from fringewatch.errors import BadInputError, FringewatchError, StoreError, TryLaterError
from fringewatch.numbers import PATCH_SIZE
from tasks.corpora.choose import REASONS, choose
from tasks.corpora.patch_source import Item, PatchKey, PatchSource
from tasks.corpora.report import CorpusReport
from tasks.corpora.sources import open_source
from tasks.records import Outcome
from tasks.workers.opening import Failure, Workers, open_workers

_LOGGER = logging.getLogger(__name__)
_FAILURES_NAMED = 5

_Failures = Mapping[str, Failure]
"""What there is no result for, by its name."""


@dataclass(frozen=True)
class _Part:
    """A shard to write: its place, its rows of the plan, and the sources that they come from."""

    corpus: Corpus
    plan: Plan
    number: int
    sources: tuple[PatchSource, ...]


class _Parts(Sequence[_Part]):
    """Shards to write; each part is cut out of the plan when a worker is free for it."""

    def __init__(
        self, corpus: Corpus, plan: Plan, sources: tuple[PatchSource, ...], numbers: Sequence[int]
    ) -> None:
        self._corpus, self._plan, self._sources = corpus, plan, sources
        self.numbers = numbers

    @override
    def __len__(self) -> int:
        return len(self.numbers)

    @overload
    def __getitem__(self, index: int) -> _Part: ...
    @overload
    def __getitem__(self, index: slice) -> "_Parts": ...
    @override
    def __getitem__(self, index: int | slice) -> "_Part | _Parts":
        if isinstance(index, slice):
            return _Parts(self._corpus, self._plan, self._sources, self.numbers[index])
        number = self.numbers[index]
        return _Part(self._corpus, self._plan.part(number), number, self._sources)


def plan_corpus(name: str, recipe: CorpusRecipe, settings: Settings) -> Plan:
    """Return the plan of a corpus, newly made and written.

    Raises
    ------
    BadInputError
        If the name or a source of the recipe cannot be used.
    SourceUnavailableError
        If the workers were lost.
    HomeError
        If the storage is full or gives no answer.
    """
    home = open_home(home_of(settings))
    corpus = corpus_at(home.corpora, name)
    sources, items = _open_sources(recipe, home)
    with open_workers(settings, most=len(items)) as workers:
        return _plan(corpus, recipe, (sources, items), workers)


def build_corpus(name: str, recipe: CorpusRecipe, settings: Settings) -> CorpusReport:
    """Return what became of a new version of a corpus, planned, written and made the current one.

    The same recipe over the same sources finds the version that is there, or what a killed build
    left of it. Shards that cannot be written are named in the report; the others are kept. Its
    outcome is *later* where a full disk, a lack of memory or a storage without answer kept some.

    Raises
    ------
    BadInputError
        If the name or a source of the recipe cannot be used, or no patch is good enough.
    HomeError
        If another build of this corpus runs, or the storage is full or gives no answer.
    TryLaterError
        If the workers were lost, or something could not be surveyed for a full disk, say; what is
        done is kept.
    """
    home = open_home(home_of(settings))
    corpus = corpus_at(home.corpora, name)
    with only_builder(corpus) as lease:
        sources, items = _open_sources(recipe, home)
        with open_workers(settings, most=len(items)) as workers:
            plan = _plan(corpus, recipe, (sources, items), workers)
            lease.check()
            failures = _write(corpus, plan, sources, workers, lease)
        lease.check()
        return _finish(corpus, plan, failures)


def build_shards(
    plan_address: str, shards: Sequence[int] | None, settings: Settings
) -> tuple[Receipt, ...]:
    """Return the receipts of some shards of a plan, newly written; of all that are missing if None.

    Any number of these may run at the same time: no shard depends on another, and two writers of
    one shard write the same bytes.

    Raises
    ------
    BadInputError
        If there is no such shard.
    StoreError
        If the plan is damaged, or a shard could not be written; the others were.
    TryLaterError
        If one could not be for a full disk, a lack of memory, or a storage without answer.
    """
    corpus, plan = _read(plan_address)
    sources, _ = _open_sources(plan.recipe, home_of(settings), list_items=False)
    wanted = missing_shards(corpus, plan) if shards is None else tuple(shards)
    create_version(corpus.version(plan.version), plan)
    parts = _Parts(corpus, plan, sources, wanted)
    receipts: list[Receipt] = []
    failures: dict[str, Failure] = {}
    with open_workers(settings, most=len(parts)) as workers:
        for index, result in workers.run(_write_part, parts, "writing shards"):
            if isinstance(result, Failure):
                failures[f"shard {wanted[index]}"] = result
            else:
                receipts.append(result)
    if corpus.is_finished(plan.version):  # a late job of an array: nobody waits for its receipts
        corpus.building(plan.version).remove()
    if failures:
        message = "; ".join(_lines(failures))
        raise _error_of(failures, message)
    return tuple(sorted(receipts, key=lambda receipt: receipt.shard))


def finish_corpus(plan_address: str) -> CorpusReport:
    """Return what became of a plan's version: shown to readers, or which shards it lacks.

    Raises
    ------
    StoreError
        If the plan is damaged.
    HomeError
        If another build of this corpus runs, or the storage is full or gives no answer.
    """
    corpus, plan = _read(plan_address)
    with only_builder(corpus):
        return _finish(corpus, plan, {})


def _read(plan_address: str) -> tuple[Corpus, Plan]:
    """The corpus and the plan that lie at an address."""
    place = open_place(plan_address)
    plan = read_plan(place)
    corpus = Corpus(place.parent.parent)
    if corpus.plan(plan.version) != place or corpus.name != plan.name:
        message = (
            f"{place} is the plan of version {plan.version} of corpus '{plan.name}', but does not "
            f"lie where that keeps its plans: give .../{plan.name}/plans/{plan.version}.parquet"
        )
        raise BadInputError(message)
    return corpus, plan


def _open_sources(
    recipe: CorpusRecipe, home: Home, *, list_items: bool = True
) -> tuple[tuple[PatchSource, ...], tuple[Item, ...]]:
    sources = tuple(
        open_source(number, recipe, home.cubes) for number in range(len(recipe.sources))
    )
    items = (item for source in sources for item in source.items()) if list_items else ()
    return sources, tuple(items)


def _plan(
    corpus: Corpus,
    recipe: CorpusRecipe,
    pieces: tuple[tuple[PatchSource, ...], tuple[Item, ...]],
    workers: Workers,
) -> Plan:
    """The plan of what the sources offer, written."""
    sources, items = pieces
    found: dict[int, list[Candidate]] = {}
    failures: dict[str, Failure] = {}
    for index, result in workers.run(partial(_survey, sources), items, "surveying"):
        if isinstance(result, Failure):
            failures[str(items[index])] = result
        else:
            found[index] = result
    if failures:
        # A plan without a piece would pass for whole: what comes of it must not depend on luck.
        named = "; ".join(_lines(failures)[:_FAILURES_NAMED])
        message = f"{len(failures)} of {len(items)} pieces could not be surveyed: {named}"
        raise _error_of(failures, message)
    rows = choose([candidate for index in sorted(found) for candidate in found[index]], recipe)
    plan = make_plan(corpus.name, recipe, rows)
    write_plan(plan, corpus.plan(plan.version))
    _LOGGER.info("plan: %s", corpus.plan(plan.version))
    return plan


def _survey(sources: tuple[PatchSource, ...], item: Item) -> list[Candidate]:
    return sources[item.source].survey(item)


def _write(
    corpus: Corpus, plan: Plan, sources: tuple[PatchSource, ...], workers: Workers, lease: Lease
) -> _Failures:
    """Write the shards that are missing; return why some could not be."""
    if corpus.is_finished(plan.version):
        return {}
    create_version(corpus.version(plan.version), plan)
    missing = missing_shards(corpus, plan)
    parts = _Parts(corpus, plan, sources, missing)
    failures: dict[str, Failure] = {}
    for index, result in workers.run(_write_part, parts, "writing shards"):
        if isinstance(result, Failure):
            failures[f"shard {missing[index]}"] = result
            lease.check()  # with the storage down each of the others would fail too, after minutes
    return failures


def _lines(failures: _Failures) -> tuple[str, ...]:
    return tuple(f"{name}: {failure.reason}" for name, failure in failures.items())


def _may_do_well_later(failures: _Failures) -> bool:
    return any(failure.try_later for failure in failures.values())


def _error_of(failures: _Failures, message: str) -> FringewatchError:
    return (TryLaterError if _may_do_well_later(failures) else StoreError)(message)


def _write_part(part: _Part) -> Receipt:
    """Read the patches of a shard again from their sources, and write it."""
    rows = part.plan.rows.reset_index(drop=True)
    patches = np.empty((len(rows), PATCH_SIZE, PATCH_SIZE), dtype=np.uint8)
    for number, source in enumerate(part.sources):
        of_source = rows[rows["source"] == number]
        keys = [PatchKey.of(row) for row in of_source.itertuples(index=False)]
        if keys:
            patches[of_source.index] = source.read(keys)
    place = part.corpus.version(part.plan.version)
    receipt = write_shard(place, part.plan, part.number, patches)
    write_receipt(part.corpus, part.plan, receipt)
    return receipt


def _finish(corpus: Corpus, plan: Plan, failures: _Failures) -> CorpusReport:
    """Show the version to readers if no shard is missing; what the build came to."""
    missing = () if corpus.is_finished(plan.version) else missing_shards(corpus, plan)
    if not missing:
        finish_version(corpus, plan)
        corpus.make_current(plan.version, dt.datetime.now(dt.UTC))
    corpus.place.sweep()
    outcome = Outcome.PARTIAL if missing else Outcome.DONE
    if missing and _may_do_well_later(failures):
        outcome = Outcome.LATER
    return CorpusReport(
        plan.name,
        plan.version,
        corpus.version(plan.version),
        patches=plan.patches,
        shards=plan.shards,
        missing=missing,
        failures=_lines(failures),
        counts=counts_by_reason(plan, REASONS),
        outcome=outcome,
    )
