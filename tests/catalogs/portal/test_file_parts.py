import tempfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalogs.portal.file_parts import ByteRange, BytesNeededError, FileParts
from fringewatch.errors import CorruptProductError

FILE = bytes(range(1, 101))


def parts_of(*ranges: tuple[int, int]) -> FileParts:
    parts = FileParts(len(FILE))
    for start, stop in ranges:
        parts.add(start, FILE[start:stop])
    return parts


def test_what_is_here_is_read() -> None:
    assert parts_of((0, 10), (50, 60)).read(ByteRange(52, 55)) == FILE[52:55]


@pytest.mark.parametrize("wanted", [ByteRange(8, 12), ByteRange(30, 31), ByteRange(8, 52)])
def test_what_is_not_here_is_asked_for(wanted: ByteRange) -> None:
    with pytest.raises(BytesNeededError) as caught:
        parts_of((0, 10), (50, 60)).read(wanted)
    assert caught.value.needed == wanted


@pytest.mark.parametrize(
    "wanted", [ByteRange(99, 101), ByteRange(5, 4), ByteRange(1 << 60, 1 << 61)]
)
def test_what_the_file_does_not_have_is_damage(wanted: ByteRange) -> None:
    with pytest.raises(CorruptProductError, match="of 100 bytes"):
        parts_of((0, 100)).read(wanted)


def test_all_that_is_lacking_is_asked_for_at_once() -> None:
    parts = parts_of((0, 10), (50, 60))
    parts.require([ByteRange(3, 4), ByteRange(50, 60)])
    with pytest.raises(BytesNeededError) as caught:
        parts.require([ByteRange(3, 4), ByteRange(70, 80), ByteRange(20, 30), ByteRange(50, 55)])
    assert caught.value.needed == ByteRange(20, 80)


spans = st.tuples(st.integers(0, 100), st.integers(0, 100)).map(lambda span: tuple(sorted(span)))


@given(st.lists(spans, max_size=6))
def test_the_image_has_zeros_where_nothing_is_known(ranges: list[tuple[int, int]]) -> None:
    known = {place for start, stop in ranges for place in range(start, stop)}
    expected = bytes(byte if place in known else 0 for place, byte in enumerate(FILE))
    with tempfile.TemporaryFile() as image:
        parts_of(*ranges).write_image(image)
        image.seek(0)
        assert image.read() == expected
