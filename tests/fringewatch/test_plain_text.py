"""What comes from outside is shown, and does nothing."""

import pickle

from hypothesis import given
from hypothesis import strategies as st

from fringewatch.errors import BadInputError, FringewatchError
from fringewatch.plain_text import plain


@given(text=st.text(), longest=st.integers(2, 60))
def test_any_text_is_one_printable_line_of_bounded_length(text: str, longest: int) -> None:
    line = plain(text, longest)
    assert line.isprintable()
    assert len(line) <= 10 * longest + 40
    if text.isprintable() and len(text) <= longest:
        assert line == text


def test_an_error_quotes_and_keeps_its_own_lines() -> None:
    error = BadInputError("x\x1b[2J\u202e\ny", "second line")
    assert str(error) == "x\\x1b[2J\\u202e\\ny\nsecond line"
    assert str(pickle.loads(pickle.dumps(error))) == str(error)  # noqa: S301 - our own bytes


def test_what_to_do_about_it_stands_at_the_end_of_a_long_message() -> None:
    message = str(FringewatchError(f"'{'a' * 10**6}' is too long: give less"))
    assert len(message) < 5000
    assert message.endswith("is too long: give less")
