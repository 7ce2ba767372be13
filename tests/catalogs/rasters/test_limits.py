import pytest

from catalogs.rasters.limits import refuse_absurd
from fringewatch.errors import CorruptProductError


@pytest.mark.parametrize(
    ("raster", "block", "words"),
    [
        ((14_000, 14_000), (14_000, 14_000), r"196,000,000 pixels, at most 67,108,864 a block"),
        ((14_000, 14_000), (14_000, 14_000), r"write it in tiles"),
        ((40_000, 40_000), (256, 256), r"1,600,000,000 pixels, at most 1,073,741,824 in all"),
        ((100_001, 10), (100_001, 1), r"at most 100,000 pixels a side"),
        ((0, 10), (1, 1), r"has no pixels"),
    ],
)
def test_a_header_is_refused_by_the_limit_that_it_breaks(
    raster: tuple[int, int], block: tuple[int, int], words: str
) -> None:
    with pytest.raises(CorruptProductError, match=words):
        refuse_absurd(raster, block)


def test_a_whole_scene_is_no_absurd_raster() -> None:
    refuse_absurd((20_000, 15_000), (20_000, 1))
    refuse_absurd((3500, 2700), (3500, 2700))
    refuse_absurd((14_000, 14_000), (256, 256))
