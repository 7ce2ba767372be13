import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalogs.portal.roots import DEFAULT_ROOTS, parse_root
from fringewatch.errors import BadInputError


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
        "LiCSAR_products",
        "/data/LiCSAR_products",
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
    assert f"'{text}'" in str(caught.value)


@given(st.text())
def test_any_text_is_a_root_or_bad_input(text: str) -> None:
    try:
        root = parse_root(text)
    except BadInputError:
        return
    assert parse_root(f"{root}/") == root
