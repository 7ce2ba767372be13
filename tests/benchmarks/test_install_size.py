"""What an installation takes holds our own modules and weights, however it was installed."""

from benchmarks.install_size import megabytes


def test_our_own_files_count() -> None:
    assert 5 < megabytes({"fringewatch"}) < 50
