"""Commands that look at corpora and look after them: list, show, verify, prune, export."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from flows.cli.common import NOTHING_HAD, HomeFolder, check_output_file, corpus
from flows.cli.corpus import corpora_of, say
from fringewatch.errors import StoreError

if TYPE_CHECKING:
    from catalogs.corpora.versions import Corpus

PARTIAL = 3
Version = Annotated[str | None, Parameter(help="Its version; the current one by default.")]


@corpus.command(name="list")
def list_all(*, home: HomeFolder = None) -> int:
    """List the corpora with their versions: the current one, the others, what is half built."""
    from catalogs.corpora.versions import list_corpora
    from tasks.judge.options import checked_settings

    corpora = corpora_of(checked_settings(home=home))
    found = list_corpora(corpora)
    if not found:
        words = f"no corpus at {corpora}: `fringewatch corpus build NAME --from ...` builds one"
        return say([words], NOTHING_HAD)
    from tasks.corpora.report import corpus_line

    return say([corpus_line(one) for one in found], 0)


@corpus.command
def show(
    name: str, /, *, version: Version = None, output: Path | None = None, home: HomeFolder = None
) -> int:
    """Say what a corpus holds, counted anew, and draw its contact sheet.

    Parameters
    ----------
    name
        The corpus.
    output
        PNG of up to 96 patches that span its sources and their quality.
    """
    check_output_file(output)
    found, chosen = _find(name, version, home)
    from tasks.corpora.overview import read_overview

    place = found.version(chosen)
    lines = read_overview(place).lines()
    if output is not None:
        from fringewatch.atomic import write_atomically
        from tasks.corpora.contact_sheet import draw_contact_sheet

        write_atomically(output, draw_contact_sheet(place))
        lines.append(f"contact sheet: {output}")
    return say(lines, 0)


@corpus.command
def verify(name: str, /, *, version: str | None = None, home: HomeFolder = None) -> int:
    """Decode and re-hash every patch of a corpus, and compare it with its plan; writes nothing.

    Parameters
    ----------
    name
        The corpus.
    version
        Only this one; all that are finished by default.
    """
    found = _built(name, home)
    chosen = () if version is None else (_find(name, version, home)[1],)
    from flows.screen import progress_shown, start_logging
    from tasks.corpora.report import verify_lines
    from tasks.corpora.verify import verify_corpus

    start_logging()
    with progress_shown():
        report = verify_corpus(found, chosen)
    return say(verify_lines(report), 0 if report.is_sound else PARTIAL)


@corpus.command
def prune(name: str, /, *, keep: int, home: HomeFolder = None) -> int:
    """Remove old versions of a corpus with their plans; the current one always stays.

    Parameters
    ----------
    name
        The corpus.
    keep
        How many of the newest versions stay.
    """
    found = _built(name, home)
    from catalogs.corpora.lease import only_builder
    from catalogs.corpora.versions import prune as prune_versions

    with only_builder(found, "corpus prune"):
        removed = prune_versions(found, keep)
    left = ", ".join(found.finished())
    return say([f"removed: {', '.join(removed) or 'nothing'}", f"there are: {left}"], 0)


@corpus.command
def export(name: str, file: Path, /, *, version: Version = None, home: HomeFolder = None) -> int:
    """Write a corpus as one flat file that a training machine reads without zarr.

    Parameters
    ----------
    name
        The corpus.
    file
        The file, or a folder for it.
    """
    found, chosen = _find(name, version, home)
    from flows.screen import start_logging
    from tasks.corpora.export import export_corpus

    start_logging()
    return say([f"patches: {export_corpus(found.version(chosen), file)}"], 0)


def _built(name: str, home: Path | None) -> "Corpus":
    """Return a corpus that has a finished version."""
    from catalogs.corpora.versions import corpus_at, list_corpora
    from tasks.judge.options import checked_settings

    corpora = corpora_of(checked_settings(home=home))
    found = corpus_at(corpora, name)
    if not found.finished():
        there = ", ".join(one.name for one in list_corpora(corpora) if one.finished())
        message = (
            f"there is no finished corpus '{name}' at {corpora} (there are: {there or 'none'}): "
            f"`fringewatch corpus build {name} --from ...` builds it"
        )
        raise StoreError(message)
    return found


def _find(name: str, version: str | None, home: Path | None) -> "tuple[Corpus, str]":
    """Return a corpus that was built, and which of its versions is meant."""
    found = _built(name, home)
    if version is None:
        return found, found.current()
    if not found.is_finished(version):
        there = ", ".join(found.finished())
        message = f"corpus '{name}' has no finished version {version} (there are: {there})"
        raise StoreError(message)
    return found, version
