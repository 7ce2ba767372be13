"""Real quicklooks against real phase, where the shared data folder is."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.quicklook_error import (
    FITTED,
    HIGH_AGREEMENT,
    SOME_AGREEMENT,
    errors_of,
    find_pairs,
    posterising_error_rad,
    read_pair,
    summarise,
)
from catalogs.pictures.images import read_labelled_folder, read_picture
from insar_models.phase.codes import phasor
from insar_models.quicklook import PictureFamily, decode_picture
from insar_models.quicklook.families import recognise_family

_HUE, _PALETTE = PictureFamily.HUE_AMPLITUDE, PictureFamily.LICSAR_PALETTE


def test_quicklooks_that_were_not_fitted_decode_to_a_tenth_of_a_radian(shared_data: Path) -> None:
    pairs = [
        read_pair(path)
        for path in find_pairs(shared_data / "licsar")
        if not path.name.startswith(FITTED)
    ]
    assert len(pairs) == 3
    errors, agreements = zip(*(errors_of(pair) for pair in pairs), strict=True)
    error, agreement = np.concatenate(errors), np.concatenate(agreements)

    coherent = summarise(error[agreement >= HIGH_AGREEMENT])
    most = summarise(error[agreement >= SOME_AGREEMENT])
    noise = summarise(error[agreement < 0.3])

    assert coherent.rms_rad < 0.10
    assert coherent.lost < 0.001
    assert coherent.rms_rad < 1.2 * posterising_error_rad()
    assert most.rms_rad < 0.13
    assert most.lost < 0.09
    assert noise.lost > 0.99


def test_white_no_data_of_a_flattened_quicklook_is_found(shared_data: Path) -> None:
    pixels = read_picture(find_pairs(shared_data / "licsar")[-1])
    transparent = pixels[..., 3] == 0

    flattened = np.isnan(decode_picture(pixels[..., :3]).phase_rad)
    original = np.isnan(decode_picture(pixels).phase_rad)

    assert flattened[transparent].mean() > 0.98
    assert (flattened & ~original).mean() < 0.001


def test_every_picture_of_c1_is_recognised(shared_data: Path) -> None:
    counts: Counter[tuple[int, PictureFamily]] = Counter()
    for picture in read_labelled_folder(shared_data / "c1_dev").pictures:
        pixels = read_picture(picture.path)
        opaque = pixels[..., 3] > 0 if pixels.shape[2] == 4 else np.ones(pixels.shape[:2], bool)
        counts[picture.label, recognise_family(pixels[opaque][:, :3])] += 1

    assert counts == {(0, _HUE): 44, (0, _PALETTE): 83, (1, _HUE): 51, (1, _PALETTE): 16}


def test_pictures_of_s1_are_grey(shared_data: Path) -> None:
    pictures = sorted((shared_data / "s1").rglob("*.png"))[::25]
    pictures += sorted((shared_data / "s1").rglob("*.webp"))[::80]
    assert len(pictures) > 60

    assert {decode_picture(read_picture(path)).family for path in pictures} == {PictureFamily.GREY}


@pytest.mark.parametrize("last", ["20190103", "20190109", "20190115"])
def test_both_families_agree_where_acquisitions_close_a_loop(shared_data: Path, last: str) -> None:
    """Phase of (a, d) is that of (a, c) - (b, c) + (b, d); only (a, d) is a hue picture."""

    def decoded(pair: str, family: PictureFamily) -> NDArray[np.complex64]:
        path = shared_data / "c1_dev" / "1" / f"etna_d_{pair}.geo.diff0_2.png"
        found = decode_picture(read_picture(path), minimum_coherence=0.8)
        assert found.family is family
        return phasor(found.phase_rad)

    loop = decoded("20181204_20181228", _PALETTE)
    loop = loop * np.conj(decoded("20181222_20181228", _PALETTE))
    loop = loop * decoded(f"20181222_{last}", _PALETTE)
    moved_rows = 3  # the two renderings differ by so many pixels
    hue = np.roll(decoded(f"20181204_{last}", _HUE), moved_rows, axis=0)
    closure = loop * np.conj(hue)
    mean = closure[np.abs(closure) > 0.5].mean()

    assert (np.abs(closure) > 0.5).sum() > 4000
    assert abs(np.angle(mean)) < 0.05
    assert abs(mean) > 0.9
