"""Rebuild a pretraining corpus from cubes, pictures and simulated scenes."""

from pathlib import Path

from prefect import flow, task

from catalogs.corpora.recipe_file import load_recipe
from catalogs.places import catalogue_of
from flows.run_log import RUN_LOG
from flows.steps import partial, try_later_named
from fringewatch.errors import TryLaterError
from tasks.corpora.build import build_corpus
from tasks.corpora.report import CorpusReport
from tasks.judge.options import checked_settings
from tasks.records import Outcome

# Not beside the function: thousands of jobs of a batch system import that, and none wants Prefect.
corpus_task = task(name="build-corpus")(build_corpus)


@flow(name="rebuild-corpus", flow_run_name="{name}", **RUN_LOG)
@try_later_named
def rebuild_corpus(
    name: str,
    sources: list[str] | None = None,
    config: Path | None = None,
    *,
    home: Path | None = None,
    workers: int | None = None,
    scheduler: str | None = None,
) -> CorpusReport:
    """Build a new version of a corpus and make it the current one.

    The run ends as *Partial* when shards are missing; another run writes only those.

    Parameters
    ----------
    name
        The corpus; its folder below ``corpora`` in the storage.
    sources
        As after ``--from``: ``cubes``, ``cubes:region=iceland``, ``images:FOLDER``,
        ``simulated:1000``; those of `config` if none is given.
    config
        TOML file of the recipe.
    home, workers, scheduler
        The settings' if not given.

    Raises
    ------
    BadInputError
        If the name is no plain word, or the recipe or one of its sources cannot be used.
    HomeError
        If another build of this corpus runs.
    TryLaterError
        If a full disk, a lack of memory or a storage without answer kept a part of it.
    """
    settings = checked_settings(home=home, workers=workers, scheduler=scheduler)
    recipe = load_recipe(config, tuple(sources or ()), catalogue_of(settings))
    report = corpus_task(name, recipe, settings)
    if report.outcome is Outcome.LATER:
        raise TryLaterError(*report.lines())
    if report.outcome is Outcome.PARTIAL:
        return partial(report, report.lines()[0])
    return report
