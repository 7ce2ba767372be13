"""Rebuild a pretraining corpus from the cubes of several volcanoes."""

from pathlib import Path

from prefect import flow

from catalogs.settings import load_settings
from tasks.corpus import CorpusReport, corpus_task


@flow(name="rebuild-corpus", flow_run_name="{name}")
def rebuild_corpus(
    name: str,
    volcanoes: list[str] | None = None,
    home: Path | None = None,
    minimum_valid_fraction: float = 0.5,
) -> CorpusReport:
    """Build a new version of a corpus and make it the current one.

    Parameters
    ----------
    name
        The corpus; its folder below ``corpora`` in the home.
    volcanoes
        Whose cubes; all that the home holds if none is given.
    home
        The settings' if not given.
    minimum_valid_fraction
        Patches with a smaller share of pixels with data are left out.

    Raises
    ------
    BadInputError
        If the name is no plain word, a volcano is unknown or has no cube.
    """
    settings = load_settings(home=home)
    return corpus_task(name, tuple(volcanoes or ()), minimum_valid_fraction, settings)
