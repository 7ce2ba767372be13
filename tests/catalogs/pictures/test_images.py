"""Pictures of every kind are read, and every kind of damage gets a clear error."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from catalogs.pictures import images
from catalogs.pictures.images import (
    LabelledPicture,
    list_pictures,
    read_labelled_folder,
    read_picture,
)
from fringewatch.errors import BadInputError, ImageError

_COLOURS = np.random.default_rng(0).integers(0, 256, (40, 30, 3), dtype=np.uint8)
_GREY = _COLOURS[..., 0]


def saved(path: Path, pixels: NDArray[np.generic], quality: int = 75) -> Path:
    Image.fromarray(pixels).save(path, quality=quality)
    return path


class TestReadPicture:
    @pytest.mark.parametrize("suffix", ["png", "tif"])
    @pytest.mark.parametrize("pixels", [_GREY, _COLOURS, np.dstack([_COLOURS, _GREY])])
    def test_lossless_files_give_their_pixels(
        self, tmp_path: Path, suffix: str, pixels: NDArray[np.uint8]
    ) -> None:
        found = read_picture(saved(tmp_path / f"a.{suffix}", pixels))

        np.testing.assert_array_equal(found, pixels)
        assert found.dtype == np.uint8

    @pytest.mark.parametrize("suffix", ["jpg", "webp"])
    def test_lossy_files_give_nearly_their_pixels(self, tmp_path: Path, suffix: str) -> None:
        smooth = np.tile(np.arange(40, 168, 2, dtype=np.uint8), (64, 1))
        picture = np.dstack([smooth, smooth, smooth])

        found = read_picture(saved(tmp_path / f"a.{suffix}", picture, quality=95))

        assert found.shape == picture.shape
        assert np.abs(found.astype(int) - picture).max() < 8

    def test_the_content_decides_and_not_the_ending(self, tmp_path: Path) -> None:
        path = saved(tmp_path / "a.png", _COLOURS)

        np.testing.assert_array_equal(read_picture(path.rename(tmp_path / "b.tif")), _COLOURS)

    def test_a_palette_with_a_transparent_colour_gets_transparency(self, tmp_path: Path) -> None:
        image = Image.fromarray(_COLOURS).quantize(16)
        image.save(tmp_path / "a.png", transparency=3)
        clear = np.asarray(image) == 3
        assert clear.any()

        found = read_picture(tmp_path / "a.png")

        np.testing.assert_array_equal(found[..., 3] == 0, clear)

    def test_a_palette_without_transparency_is_rgb(self, tmp_path: Path) -> None:
        Image.fromarray(_COLOURS).quantize(16).save(tmp_path / "a.png")

        assert read_picture(tmp_path / "a.png").shape == (40, 30, 3)

    def test_grey_with_transparency_is_rgba(self, tmp_path: Path) -> None:
        found = read_picture(saved(tmp_path / "a.png", np.dstack([_GREY, _GREY])))

        assert found.shape == (40, 30, 4)
        np.testing.assert_array_equal(found[..., 3], _GREY)

    def test_a_float_tiff_is_phase_in_radians(self, tmp_path: Path) -> None:
        phase = np.linspace(-np.pi, np.pi, 1200, dtype=np.float32).reshape(40, 30)
        phase[0, :3] = (0.0, np.nan, np.inf)

        found = read_picture(saved(tmp_path / "a.tif", phase))

        assert (found[0, :3, 3] == 0).all()
        assert (found[..., 3] == 0).sum() == 3
        decoded = found[1:, :, 0] / 255.0 * 2.0 * np.pi - np.pi
        np.testing.assert_allclose(decoded, phase[1:], atol=0.0125)

    @pytest.mark.parametrize(
        ("name", "values", "words"),
        [
            ("a.tif", np.full((4, 4), 12.5, dtype=np.float32),
             r"a\.tif: .* largest value is 12\.5: is it unwrapped"),
            ("a.tif", np.zeros((4, 4), dtype=np.float32), "there is no data in it"),
            ("a.png", _GREY.astype(np.uint16) * 200, r"mode 'I;16'.*give 8-bit grey or colour"),
            ("a.png", _GREY > 100, "mode '1'"),
        ],
        ids=["unwrapped", "empty", "16 bits", "bilevel"],
    )  # fmt: skip
    def test_what_does_not_say_what_it_means_is_refused(
        self, tmp_path: Path, name: str, values: np.ndarray, words: str
    ) -> None:
        with pytest.raises(ImageError, match=words):
            read_picture(saved(tmp_path / name, values))

    @pytest.mark.parametrize(
        "content", [b"", b"these are my notes\n", b"<html>404</html>", b"GIF89a" + bytes(40)]
    )
    def test_other_files_named_png_are_no_pictures(self, tmp_path: Path, content: bytes) -> None:
        path = tmp_path / "notes.png"
        path.write_bytes(content)

        with pytest.raises(ImageError, match=r"notes\.png: not a picture, whatever its name"):
            read_picture(path)

    @pytest.mark.parametrize("name", ["absent.png", "."])
    def test_what_is_no_file_is_not_there(self, tmp_path: Path, name: str) -> None:
        with pytest.raises(ImageError, match="there is no such file"):
            read_picture(tmp_path / name)

    @pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "tif"])
    def test_a_cut_file_is_damaged(self, tmp_path: Path, suffix: str) -> None:
        path = saved(tmp_path / f"a.{suffix}", _COLOURS)
        content = path.read_bytes()
        path.write_bytes(content[: len(content) // 2])

        with pytest.raises(ImageError, match=rf"a\.{suffix}: (cut or damaged|not a picture)"):
            read_picture(path)

    @given(damage=st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), min_size=1))
    @pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "tif"])
    @settings(
        max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
    )
    def test_any_damage_is_an_image_error_or_an_image(
        self, tmp_path: Path, suffix: str, damage: list[tuple[int, int]]
    ) -> None:
        path = saved(tmp_path / f"a.{suffix}", _COLOURS)
        content = bytearray(path.read_bytes())
        for place, value in damage:
            content[place % len(content)] = value
        path.write_bytes(content)

        try:
            found = read_picture(path)
        except ImageError as error:
            said = str(error)
        else:
            said = f"a.{suffix}: {found.dtype}"

        assert f"a.{suffix}: " in said

    def test_a_picture_larger_than_the_limit(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(images, "LARGEST_PICTURE_PIXELS", 1000)
        path = saved(tmp_path / "a.png", _COLOURS)

        with pytest.raises(ImageError, match=r"too large .* \(30 x 40 pixels; at most 1,000"):
            read_picture(path)

    @pytest.mark.parametrize("limit", [1000, 400])
    def test_a_decompression_bomb(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: int
    ) -> None:
        """Pillow warns above its limit and refuses above twice that; here neither is printed."""
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)
        monkeypatch.setattr(images, "LARGEST_PICTURE_PIXELS", 1000)

        with pytest.raises(ImageError, match="too large to be an interferogram picture"):
            read_picture(saved(tmp_path / "a.png", _COLOURS))


class TestFolders:
    @staticmethod
    def labelled(folder: Path) -> Path:
        for name in ("0", "1"):
            (folder / name).mkdir(parents=True)
            saved(folder / name / "b.png", _GREY)
            saved(folder / name / "a.PNG", _GREY)
        return folder

    def test_pictures_are_sorted_and_others_left_out(self, tmp_path: Path) -> None:
        for name in ("b.png", "a.JPG", "c.tiff", "notes.txt", ".hidden.png"):
            (tmp_path / name).write_bytes(b"")
        (tmp_path / "folder.png").mkdir()

        assert [path.name for path in list_pictures(tmp_path)] == ["a.JPG", "b.png", "c.tiff"]

    def test_a_file_is_no_folder(self, tmp_path: Path) -> None:
        with pytest.raises(BadInputError, match="is not a folder"):
            list_pictures(tmp_path / "absent")

    def test_labels_are_the_names_of_the_class_folders(self, tmp_path: Path) -> None:
        found = read_labelled_folder(self.labelled(tmp_path))

        assert found.pictures == tuple(
            LabelledPicture(tmp_path / str(label) / name, label)
            for label in (0, 1)
            for name in ("a.PNG", "b.png")
        )
        assert found.skipped == ()

    def test_other_files_are_reported_and_stop_nothing(self, tmp_path: Path) -> None:
        (self.labelled(tmp_path) / "1" / "notes.txt").write_text("my notes")
        (tmp_path / "readme.md").write_text("beside the class folders: not looked at")

        found = read_labelled_folder(tmp_path)

        assert len(found.pictures) == 4
        assert [(file.path.name, file.reason) for file in found.skipped] == [
            ("notes.txt", "not a picture by its ending '.txt'")
        ]

    @pytest.mark.parametrize("missing", ["0", "1"])
    def test_a_missing_class_folder(self, tmp_path: Path, missing: str) -> None:
        self.labelled(tmp_path)
        (tmp_path / missing).rename(tmp_path / "deformation")

        with pytest.raises(BadInputError, match=rf"{missing} is missing: expected .* 0 \(no defor"):
            read_labelled_folder(tmp_path)

    def test_an_empty_class_folder(self, tmp_path: Path) -> None:
        self.labelled(tmp_path)
        for path in (tmp_path / "1").iterdir():
            path.unlink()
        (tmp_path / "1" / "notes.txt").write_text("no picture")

        with pytest.raises(BadInputError, match="1 holds no picture: expected"):
            read_labelled_folder(tmp_path)
