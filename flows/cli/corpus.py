"""Commands that plan and build corpora: patches for learning.

None of them starts a server of Prefect's. `shard` and `finish` work in their own process and open
no port: a batch system runs them, as many at a time as it likes.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from flows.cli.common import NO_NEGATIVE, NOTHING_HAD, HomeFolder, corpus
from fringewatch.errors import BadInputError, FringewatchError, StoreError, TryLaterError

if TYPE_CHECKING:
    from catalogs.settings import Settings
    from catalogs.storage.place import Place

Sources = Annotated[
    tuple[str, ...],
    Parameter(
        name="--from",
        negative=(),
        show_default=False,
        consume_multiple=True,
        help="Sources of patches, one or more: cubes, cubes:fernandina,etna, cubes:region=iceland, "
        "images:FOLDER, images:FOLDER?part=train, simulated:1000, simulated:1000?seed=3. They "
        "replace the sources of --config.",
    ),
]


@corpus.command
def build(  # noqa: PLR0913 - the command's options
    name: str,
    /,
    *,
    sources: Sources = (),
    config: Path | None = None,
    dry_run: Annotated[bool, NO_NEGATIVE] = False,
    workers: int | None = None,
    scheduler: str | None = None,
    home: HomeFolder = None,
) -> int:
    """Build a version of a corpus from its sources, and make it the current one.

    What an earlier run wrote of the same version is kept: after a kill, run it again.

    Parameters
    ----------
    name
        The corpus: lower-case letters, digits and hyphens.
    config
        TOML file of the recipe, with [[sources]] and [rules].
    dry_run
        Write the plan alone, and say what it would build and how.
    workers
        Processes that share the work: 0 one for each processor (default), 1 this one.
    scheduler
        Address of a Dask scheduler whose workers share the work instead.
    """
    from catalogs.corpora.recipe_file import load_recipe
    from catalogs.corpora.versions import corpus_at
    from catalogs.places import catalogue_of
    from tasks.judge.options import checked_settings

    settings = checked_settings(home=home, workers=workers, scheduler=scheduler)
    found = corpus_at(corpora_of(settings), name)  # a bad name is said before the survey
    recipe = load_recipe(config, sources, catalogue_of(settings))
    from flows.screen import progress_shown, start_logging
    from tasks.corpora.build import build_corpus, plan_corpus

    start_logging()
    if not dry_run:
        with progress_shown():
            report = build_corpus(name, recipe, settings)
        return say(report.lines(), int(report.outcome))
    from tasks.corpora.report import plan_lines

    with progress_shown():
        plan = plan_corpus(name, recipe, settings)
    return say(plan_lines(plan, found.plan(plan.version)), 0 if plan.shards else NOTHING_HAD)


@corpus.command
def shard(plan: str, /, *, index: int, count: int = 1, home: HomeFolder = None) -> int:
    """Write shards of a planned version, in this process: for batch systems.

    Parameters
    ----------
    plan
        Address of the plan, as `corpus build --dry-run` says it.
    index
        The first shard, from 0.
    count
        Shards to write, one after the other; those beyond the last are left out.
    """
    if count < 1:
        message = f"--count {count} is no number of shards: give 1 or more"
        raise BadInputError(message)
    settings = _settings_for(plan, home)
    from catalogs.corpora.plan import read_plan
    from catalogs.corpora.shards import read_receipts
    from catalogs.corpora.versions import Corpus
    from catalogs.storage.opening import open_place

    place = open_place(plan)
    read = read_plan(place)
    read.shard(index)  # says which there are
    wanted = range(index, min(index + count, read.shards))
    from flows.screen import start_logging
    from tasks.corpora.build import build_shards
    from tasks.corpora.report import shards_report

    start_logging()
    failure: FringewatchError | None = None
    try:
        build_shards(plan, wanted, settings)
    except (StoreError, TryLaterError) as error:  # of one shard; others were written
        failure = error
    written = read_receipts(Corpus(place.parent.parent), read)
    lines, outcome = shards_report(wanted, written, place, failure)
    return say(lines, int(outcome))


@corpus.command
def finish(plan: str, /) -> int:
    """Make a version whose shards are all written the current one; name those that are missing.

    Parameters
    ----------
    plan
        Address of the plan, as `corpus build --dry-run` says it.
    """
    from flows.screen import start_logging
    from tasks.corpora.build import finish_corpus

    start_logging()
    report = finish_corpus(plan)
    return say(report.lines(), int(report.outcome))


def corpora_of(settings: "Settings") -> "Place":
    """Return where the corpora lie: in the storage, or else in the home.

    Raises
    ------
    HomeError
        If the home was written by a newer version, or keeps what is large in another storage.
    """
    from catalogs.home.home import check_format
    from catalogs.storage.mark import check_storage
    from catalogs.storage.opening import open_place

    mark = settings.home / "home.json"
    if mark.is_file():
        check_format(mark)
    check_storage(settings.home, settings.storage)
    return open_place(settings.storage or settings.home) / "corpora"


def say(lines: list[str], code: int) -> int:
    """Print lines, and return the exit code that goes with them."""
    for line in lines:
        print(line)
    return code


def _settings_for(plan: str, home: Path | None) -> "Settings":
    """Return settings for a job of a batch system: one process, and the storage of the plan."""
    from catalogs.storage.opening import open_place
    from tasks.judge.options import checked_settings

    place = open_place(plan)
    plans = place.parent
    if plans.name != "plans" or plans.parent.parent.name != "corpora":
        message = (
            f"'{plan}' is no plan where one lies: give .../corpora/NAME/plans/VERSION.parquet, "
            "as `fringewatch corpus build NAME --dry-run` says it"
        )
        raise BadInputError(message)
    storage = str(plans.parent.parent.parent)
    return checked_settings(home=home, storage=storage, workers=1, scheduler="")
