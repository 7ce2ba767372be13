"""An old and a new version of a corpus, and what readers may see while the new one is built."""

from dataclasses import dataclass
from pathlib import Path

import xarray as xr

from catalogs.corpora.recipe import CorpusRecipe, ImagesSource
from catalogs.corpora.versions import Corpus, corpus_at
from catalogs.home.home import home_of
from catalogs.settings import Settings
from catalogs.storage.place import Folder
from tasks.corpora.build import build_corpus
from tasks.corpora.verify import verify_corpus
from tasks.records import Outcome
from tests.tasks.corpora.small_sources import built_tree, write_picture

NAME = "small"
PATCHES_IN_A_SHARD = 4


@dataclass(frozen=True)
class TwoVersions:
    """Pictures for an old and a new version, and what undisturbed builds of both leave."""

    folder: Path
    old: str
    new: str
    patches: dict[str, int]
    """In each version."""
    tree: dict[str, bytes]
    """After both were built."""

    def recipe(self, version: str) -> CorpusRecipe:
        return _recipe(self.folder, self.patches[version])

    def recipe_file(self, version: str) -> Path:
        """The same as a file for the command line."""
        file = self.folder / f"{version}.toml"
        words = [f"patches_in_a_shard = {PATCHES_IN_A_SHARD}"]
        for source in _folders(self.folder, self.patches[version]):
            words += ["[[sources]]", "kind = 'images'", f"folder = '{source}'"]
        file.write_text("\n".join(words))
        return file

    def build_old(self, settings: Settings) -> Corpus:
        """Build the old version; return the corpus."""
        report = build_corpus(NAME, self.recipe(self.old), settings)
        assert (report.outcome, report.version) == (Outcome.DONE, self.old)
        return corpus_of(settings)

    def check_readers(self, corpus: Corpus) -> str:
        """Return the version in use; what readers can see is whole, and is what was built."""
        current, finished = corpus.current(), corpus.finished()
        assert {self.old, current} <= {*finished} <= {self.old, self.new}
        report = verify_corpus(corpus)
        assert report.is_sound, report
        for version in (current, *finished):
            with xr.open_zarr(corpus.version(version).zarr_store(read_only=True)) as seen:
                assert seen.sizes["patch"] == self.patches[version]
                assert seen.attrs["version"] == version
        return current

    def check_end(self, corpus: Corpus) -> None:
        """Everything is as if nothing had happened, and nothing is left behind."""
        assert self.check_readers(corpus) == self.new
        assert built_tree(corpus) == self.tree
        if isinstance(corpus.place, Folder):
            assert not list(corpus.place.folder.rglob(".*.tmp")), "drafts of those who were killed"


def two_versions(folder: Path, old: int, new: int) -> TwoVersions:
    """Draw the pictures, and build one version after the other, undisturbed, by one worker."""
    patches = {}
    settings = Settings(home=folder / "home", workers=1)
    for count in (old, new):
        for number in range(count):
            write_picture(_folders(folder, count)[number % 2], number)
        patches[build_corpus(NAME, _recipe(folder, count), settings).version] = count
    first, second = patches
    return TwoVersions(folder, first, second, patches, built_tree(corpus_of(settings)))


def corpus_of(settings: Settings) -> Corpus:
    return corpus_at(home_of(settings).corpora, NAME)


def _recipe(folder: Path, count: int) -> CorpusRecipe:
    sources = tuple(ImagesSource(folder=source) for source in _folders(folder, count))
    return CorpusRecipe(sources=sources, patches_in_a_shard=PATCHES_IN_A_SHARD)


def _folders(folder: Path, count: int) -> tuple[Path, Path]:
    """Two folders, so that two workers have something to survey."""
    return folder / f"{count}-even", folder / f"{count}-odd"
