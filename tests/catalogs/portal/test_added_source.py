"""Sources that other packages add are asked like roots; one that fails does not end the others."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from catalogs.portal.client import Portal
from catalogs.portal.roots import Root
from catalogs.portal.session import SessionSettings, make_session
from catalogs.records import DatePair, FrameId, FrameRaster, Product
from fringewatch.errors import BadInputError, MissingProductError, SourceUnavailableError
from fringewatch.plugins import SOURCES
from tests.plugins import install

FRAME = FrameId.parse("128D_09016_110500")
PAIR = DatePair.parse("20240106_20240118")
MODULE = f"""
from pathlib import Path
from catalogs.records import DatePair, Product
from fringewatch.errors import BadInputError, MissingProductError

class Source:
    def __init__(self, text):
        if text == "refused":
            raise OSError("no such archive")
        self.text = text

    def pairs(self, frame):
        if self.text == "fails":
            raise ZeroDivisionError("oops")
        if self.text == "wrong":
            raise BadInputError("the key is wrong")
        if self.text == "empty":
            raise MissingProductError("no such frame")
        if self.text == "strange":
            return ["20240106_20240118"]
        if self.text == "backwards":
            return [DatePair(DatePair.parse("{PAIR}").secondary, DatePair.parse("{PAIR}").primary)]
        return [DatePair.parse("{PAIR}"), DatePair.parse("{PAIR}")]

    def files(self, frame, pair):
        if self.text == "ftp":
            return {{Product.DIFF_PHA: "ftp://host/phase.tif"}}
        if self.text == "nul":
            return {{Product.DIFF_PHA: Path("a" + chr(0))}}
        if self.text == "words":
            return {{"phase": Path("a.tif")}}
        if self.text == "list":
            return [Path("a.tif")]
        return {{Product.DIFF_PHA: Path(self.text, "phase.tif"),
                Product.CC: "https://example.org/cc.tif"}}

    def frame_file(self, frame, raster):
        return None if raster.value == "hgt" else "https://example.org/land.tif"

class Half:
    def __init__(self, text): ...
    def pairs(self, frame): return []
"""


@pytest.fixture(autouse=True)
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entries = {"ours": "added_e:Source", "half": "added_e:Half", "gone": "no_such_module:S"}
    install(tmp_path, "added", {SOURCES: entries}, {"added_e.py": MODULE})
    monkeypatch.syspath_prepend(tmp_path)


@pytest.fixture
def portal_of() -> Iterator[Callable[..., Portal]]:
    with make_session(SessionSettings(retries=0)) as session:
        yield lambda *roots: Portal(roots, session)


def test_its_pairs_and_files_are_those_of_the_portal(
    portal_of: Callable[..., Portal], tmp_path: Path
) -> None:
    portal = portal_of(f"ours:{tmp_path}")
    listing = portal.list_pairs(FRAME)
    (entry,) = listing.entries
    assert (entry.pair, listing.root) == (PAIR, f"ours:{tmp_path}")
    files = portal.read_manifest(FRAME, entry)
    assert files[Product.DIFF_PHA].url == (tmp_path / "phase.tif").as_uri()
    assert files[Product.CC].url == "https://example.org/cc.tif"
    (land,) = portal.frame_files(FRAME, FrameRaster.LANDMASK)
    assert land.url == "https://example.org/land.tif"
    assert portal.frame_files(FRAME, FrameRaster.HEIGHT) == ()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("ours:fails", r"'ours' .*added 1\.0 is broken: ZeroDivisionError: oops"),
        ("ours:wrong", r"BadInputError: the key is wrong"),
        ("ours:refused", "OSError: no such archive"),
        ("ours:strange", r"added 1\.0 is broken: pairs\(\) gave '20240106_20240118', which is no "),
        ("ours:backwards", r"added 1\.0 is broken: pairs\(\) gave DatePair.*of two dates in order"),
        ("half:", "it makes no source: pairs or files is missing"),
        ("gone:", r"added 1\.0 is broken: ModuleNotFoundError"),
    ],
)
def test_one_that_fails_is_named_and_the_others_are_asked(
    text: str, words: str, portal_of: Callable[..., Portal], tmp_path: Path
) -> None:
    with pytest.raises(SourceUnavailableError, match=words):
        portal_of(text).list_pairs(FRAME)
    listing = portal_of(text, f"ours:{tmp_path}").list_pairs(FRAME)
    assert [entry.pair for entry in listing.entries] == [PAIR]
    assert [answer.root for answer in listing.unavailable] == [text]


def test_no_such_frame_is_an_answer(portal_of: Callable[..., Portal]) -> None:
    with pytest.raises(MissingProductError):
        portal_of("ours:empty").list_pairs(FRAME)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("ftp", r"files\(\) gave 'ftp://host/phase.tif', which is neither"),
        ("nul", r"files\(\) gave .*Path\('a.x00'\), which is neither"),
        ("words", r"files\(\) gave 'phase', which is no Product"),
        ("list", "AttributeError"),
    ],
)
def test_a_place_that_is_none_is_refused(
    text: str, words: str, portal_of: Callable[..., Portal]
) -> None:
    portal = portal_of(f"ours:{text}")
    (entry,) = portal.list_pairs(FRAME).entries
    with pytest.raises(SourceUnavailableError, match=rf"added 1\.0 is broken: {words}"):
        portal.read_manifest(FRAME, entry)


def test_a_root_is_a_source_only_if_a_package_adds_its_word() -> None:
    assert Root.parse("ours:a b").is_added
    with pytest.raises(
        BadInputError, match=r"a source of an installed package \(gone:\.\.\., half"
    ):
        Root.parse("theirs:a")
