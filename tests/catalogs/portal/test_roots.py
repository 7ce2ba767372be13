from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalogs.portal.roots import DEFAULT_ROOTS, Root, parse_root
from catalogs.records import FrameId
from fringewatch.errors import BadInputError
from fringewatch.plain_text import plain, without_secrets


def test_a_folder_is_a_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    for text in ("mine", "./mine/", f" {tmp_path}/mine ", "~/mine"):
        root = Root.parse(text)
        assert root.folder == tmp_path / "mine"
        assert parse_root(text) == root.text == str(tmp_path / "mine")


def test_a_folder_that_is_not_mounted_is_a_root_by_its_whole_path(tmp_path: Path) -> None:
    root = Root.parse(f"{tmp_path}/mirror/")
    assert (root.folder, root.text) == (tmp_path / "mirror", str(tmp_path / "mirror"))
    (tmp_path / "file").touch()
    with pytest.raises(BadInputError, match="or a folder that exists"):
        Root.parse(str(tmp_path / "file"))


def test_each_root_has_its_rules() -> None:
    frame = FrameId.parse("004D_05291_081406")
    assert [Root.parse(root).pairs_url(frame) for root in DEFAULT_ROOTS] == [
        f"{DEFAULT_ROOTS[0]}/4/{frame}/interferograms/",
        f"{DEFAULT_ROOTS[0]}.public/4/{frame}/interferograms/",
        f"https://data.ceda.ac.uk/neodc/comet/data/licsar_products/04/{frame}/",
        f"{DEFAULT_ROOTS[0]}.future/4/{frame}/interferograms/",
    ]
    assert [Root.parse(root).layout.is_fallback for root in DEFAULT_ROOTS] == [False] * 3 + [True]
    track_128 = FrameId.parse("128D_09016_110500")
    assert Root.parse(DEFAULT_ROOTS[2]).pairs_url(track_128).endswith(f"/128/{track_128}/")


@pytest.mark.parametrize("root", DEFAULT_ROOTS)
def test_default_roots_are_roots(root: str) -> None:
    assert parse_root(root) == root
    assert root.startswith("https://")


@pytest.mark.parametrize(
    ("text", "root"),
    [
        (" http://127.0.0.1:8000/LiCSAR_products/ \n", "http://127.0.0.1:8000/LiCSAR_products"),
        ("https://example.org", "https://example.org"),
        ("https://example.org//", "https://example.org"),
        ("HTTPS://example.org/a", "HTTPS://example.org/a"),
        ("http://[::1]:80/a", "http://[::1]:80/a"),
    ],
)
def test_slashes_and_spaces_at_the_ends_go(text: str, root: str) -> None:
    assert parse_root(text) == root


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "LiCSAR_products",
        "~nobody-of-this-name/data",
        "/" + "a" * 3000,
        "mnt/LiCSAR_products",
        "ftp://example.org/a",
        "file:///data",
        "https://",
        "https:///a",
        "http://[::1/a",
        "http://example.org:port/a",
        "http://example.org:0/a",
        "http://name:word@example.org/a",
        "http://example.org/a?b=c",
        "http://example.org/a#b",
        "http://example.org/a b",
        "http://exam\x00ple.org/a",
    ],
)
def test_other_texts_are_refused_with_what_is_expected(text: str) -> None:
    with pytest.raises(BadInputError, match="expected an http or https address") as caught:
        parse_root(text)
    assert f"'{plain(without_secrets(text))}'" in str(caught.value)
    assert "word" not in str(caught.value)


@given(st.text())
def test_any_text_is_a_root_or_bad_input(text: str) -> None:
    try:
        root = parse_root(text)
    except BadInputError:
        return
    assert parse_root(root if root == "/" else f"{root}/") == root
