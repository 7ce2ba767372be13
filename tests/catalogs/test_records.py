import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalogs.records import DatePair, Direction, FrameId, Product, RemoteFile
from fringewatch.errors import BadInputError

frames = st.builds(
    "{:03d}{}_{:05d}_{:06d}".format,
    st.integers(1, 175),
    st.sampled_from("AD"),
    st.integers(0, 18000),
    st.integers(0, 999999),
)


@given(frames)
def test_frames_keep_their_spelling(text: str) -> None:
    frame = FrameId.parse(text)
    assert str(frame) == text
    assert frame.track == int(text[:3])
    assert frame.direction.value[0].upper() == text[3]


@pytest.mark.parametrize(
    "text", ["144A_SM_REUN_S6", "151D_SM_REUN_S4", "022A_0142H_000203", "140D_SM_FGBR_S4"]
)
def test_real_exceptions_are_frames(text: str) -> None:
    assert str(FrameId.parse(text)) == text


@pytest.mark.parametrize(
    "text",
    ["", "155D", "155X_02579_100800", "000A_02579_100800", "176A_02579_100800",
     "155D_02579_100800 ", "155d_02579_100800", "../D_02579_100800", "155D_02579_1008001",
     "\u0661\u0665\u0665D_02579_100800"],
)  # fmt: skip
def test_anything_else_is_no_frame(text: str) -> None:
    with pytest.raises(BadInputError, match="not a LiCSAR frame id"):
        FrameId.parse(text)


@given(st.dates(dt.date(2014, 10, 1), dt.date(2100, 1, 1)), st.integers(1, 4000))
def test_pairs_keep_their_spelling_and_order(primary: dt.date, days: int) -> None:
    pair = DatePair(primary, primary + dt.timedelta(days=days))
    assert DatePair.parse(str(pair)) == pair
    assert pair.days == days


@pytest.mark.parametrize(
    "text",
    ["20240106", "20240118_20240106", "20240106_20240106", "20241301_20250101", "a_b",
     "00010101_00010113", "19771220_19780101"],
)  # fmt: skip
def test_wrong_pairs_are_refused_by_name(text: str) -> None:
    with pytest.raises(BadInputError, match=f"'{text}' is not a pair of dates"):
        DatePair.parse(text)


def test_a_pair_lies_in_a_range_with_both_dates() -> None:
    pair = DatePair.parse("20240106_20240118")
    assert pair.lies_in(dt.date(2024, 1, 6), dt.date(2024, 1, 18))
    assert not pair.lies_in(dt.date(2024, 1, 7), dt.date(2024, 1, 18))
    assert not pair.lies_in(dt.date(2024, 1, 6), dt.date(2024, 1, 17))


def test_a_local_name_has_nothing_of_the_url() -> None:
    remote = RemoteFile(
        FrameId.parse("106A_09048_000909"),
        DatePair.parse("20240106_20240118"),
        Product.CC,
        "https://host/x.tif?download=1",
    )
    assert remote.file_name == "20240106_20240118.geo.cc.tif"
    assert remote.frame.direction is Direction.ASCENDING
