"""Folders of pictures as a source: three layouts, turned pictures, and every kind of bad file."""

import csv
import hashlib
import math
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from catalogs.corpora.recipe import CorpusRecipe, ImagesSource
from catalogs.records import DatePair
from fringewatch.errors import BadInputError, StoreError
from insar_models.phase.picture_tiles import tile_starts
from insar_models.phase.symmetries import eight_forms, turned
from tasks.corpora.choose import choose
from tasks.corpora.images_source import PICTURES_IN_AN_ITEM, PicturePatches
from tasks.corpora.patch_source import Item, PatchKey
from tasks.corpora.picture_list import list_folder, rotation_of
from tests.s1_folder import Picture, write_folder, write_index
from tests.tasks.corpora.source_checks import check_source, survey_all

S1_SIDE = 227


def grey(side: int = 240, seed: int = 0, width: int = 0) -> NDArray[np.uint8]:
    rows, columns = np.mgrid[:side, : width or side]
    noise = np.random.default_rng(seed).integers(0, 12, rows.shape)
    levels: NDArray[np.uint8] = ((3 * rows + 2 * columns + noise) % 256).astype(np.uint8)
    return levels


def save(path: Path, pixels: NDArray[np.generic]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
    return path


def source_of(folder: Path, part: str = "all") -> PicturePatches:
    return PicturePatches(1, ImagesSource.model_validate({"folder": folder, "part": part}))


def write_s1(folder: Path, picture: Picture, levels: NDArray[np.uint8], **cells: str) -> Path:
    row = picture.row() | {"packed": "Train/a.png", **cells}
    write_index(folder, [row])
    return save(folder / "Train/a.png", levels)


class TestSizes:
    @pytest.mark.parametrize(
        ("height", "width", "corners"),
        [
            (224, 224, [(0, 0)]),
            (227, 227, [(1, 1)]),
            (240, 240, [(8, 8)]),
            (200, 224, [(-12, 0)]),
            (1, 3, [(-112, -111)]),
            (241, 224, [(0, 0), (17, 0)]),
            (500, 300, [(r, c) for r in (0, 138, 276) for c in (0, 76)]),
        ],
    )
    def test_a_picture_is_cut_into_tiles(
        self, tmp_path: Path, height: int, width: int, corners: list[tuple[int, int]]
    ) -> None:
        save(tmp_path / "a.png", grey(height, width=width))
        found = check_source(source_of(tmp_path))
        assert [(c.row, c.column) for c in found] == corners

    def test_beyond_a_small_picture_there_is_no_data(self, tmp_path: Path) -> None:
        save(tmp_path / "a.png", grey(200))
        source = source_of(tmp_path)
        (candidate,) = survey_all(source)
        (patch,) = source.read([PatchKey.of(candidate)])

        assert candidate.valid_fraction == pytest.approx((200 / 224) ** 2, abs=0.01)
        assert not patch[:12].any()
        assert not patch[:, 212:].any()
        assert patch[12:212, 12:212].any(axis=1).all()


class TestPlainFolder:
    def test_pictures_in_the_folder_and_its_sub_folders_have_no_label(self, tmp_path: Path) -> None:
        for name in ("b.png", "a.tif", "sub/c.jpg", "sub/deeper/d.png", ".hidden.png", "notes.txt"):
            if name.endswith("txt"):
                (tmp_path / name).write_text("no picture")
            else:
                save(tmp_path / name, grey())
        found = check_source(source_of(tmp_path))

        assert [c.location for c in found] == ["a.tif", "b.png", "sub/c.jpg"]
        assert {(c.source, c.kind, c.label, c.part, c.rotation) for c in found} == {
            (1, "images", -1, "", 0)
        }
        assert all(math.isnan(c.north) and math.isnan(c.coherence_mean) for c in found)
        content = (tmp_path / "a.tif").read_bytes()
        assert found[0].source_sha256 == hashlib.sha256(content).hexdigest()

    @pytest.mark.parametrize(
        ("name", "volcano", "frame", "pair"),
        [
            ("etna_d_20161027_20161202.geo.diff0_2.png", "etna", "", "20161027_20161202"),
            ("Ale_Bagu_20161031_20170204.geo.diff.png", "ale-bagu", "", "20161031_20170204"),
            (
                "africa_bora_ale_014A_07688_131313_bora_ale_20161218_20170204_242_217_0.png",
                "bora-ale",
                "014A_07688_131313",
                "20161218_20170204",
            ),
            ("144A_SM_REUN_S6_20200101_20200113.png", "", "144A_SM_REUN_S6", "20200101_20200113"),
            ("20200101_20200113.geo.diff.png", "", "", "20200101_20200113"),
            ("20200113_20200101.png", "", "", ""),
            ("20201301_20201401.png", "", "", ""),
            ("999A_00000_111111.png", "", "", ""),
            ("20200101_20200113_vs_20200101_20200125.png", "", "", ""),
            ("etna.png", "", "", ""),
        ],
    )
    def test_what_a_name_tells(
        self, tmp_path: Path, name: str, volcano: str, frame: str, pair: str
    ) -> None:
        save(tmp_path / name, grey())
        (found,) = list_folder(tmp_path)
        expected = DatePair.parse(pair) if pair else None
        assert (found.volcano, found.frame, found.pair) == (volcano, frame, expected)

    def test_a_name_that_is_no_text_is_a_problem(self, tmp_path: Path) -> None:
        save(tmp_path / "good.png", grey())
        (tmp_path / "bad\udcff.png").write_bytes((tmp_path / "good.png").read_bytes())
        bad, good = survey_all(source_of(tmp_path))
        assert "no UTF-8" in bad.problem
        bad.location.encode()
        assert not good.problem

    def test_an_index_of_another_form_is_not_used(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        save(tmp_path / "a.png", grey())
        (tmp_path / "index.csv").write_text("label,file\n1,a.png\n")
        (found,) = survey_all(source_of(tmp_path))
        assert found.label == -1
        assert "not of the form of S1" in caplog.text


class TestClassFolders:
    def test_the_folder_is_the_label(self, tmp_path: Path) -> None:
        for number in range(3):
            save(tmp_path / str(number % 2) / f"{number}.png", grey(seed=number))
        found = check_source(source_of(tmp_path))
        assert [(c.location, c.label) for c in found] == [
            ("0/0.png", 0),
            ("0/2.png", 0),
            ("1/1.png", 1),
        ]

    def test_one_class_alone_is_refused(self, tmp_path: Path) -> None:
        save(tmp_path / "1" / "a.png", grey())
        with pytest.raises(BadInputError, match="0 is missing"):
            source_of(tmp_path).items()


class TestIndex:
    def test_rows_say_what_is_known(self, tmp_path: Path) -> None:
        pictures = [
            Picture(1, "bora_ale", "014A_07688_131313", 0),
            Picture(0, "nowhere", "014A_07688_131313", 1, split="S1/Test"),
        ]
        write_folder(tmp_path, pictures)
        one, other = check_source(source_of(tmp_path))

        assert one.location == f"pictures/{pictures[0].file}"
        assert (one.volcano, other.volcano) == ("bora-ale", "nowhere")
        assert (one.label, one.part, other.label, other.part) == (1, "S1/Train", 0, "S1/Test")
        assert (one.frame, str(PatchKey.of(one).pair)) == ("014A_07688_131313", "20200101_20200113")

    def test_what_is_absent_transposed_or_elsewhere_is_a_problem(self, tmp_path: Path) -> None:
        rows = [Picture(0, "v", "014A_07688_131313", seed).row() for seed in range(4)]
        rows[0]["packed"] = ""
        rows[1]["transposed"] = "1"
        rows[2]["packed"] = "../elsewhere.png"
        rows[3]["packed"] = "/etc/passwd"
        write_index(tmp_path, rows)
        problems = [c.problem for c in survey_all(source_of(tmp_path))]

        assert problems[0] == "not in this copy of the dataset"
        assert "transposed" in problems[1]
        assert "outside of the folder" in problems[2]
        assert "outside of the folder" in problems[3]

    def test_an_index_with_a_wrong_row_is_refused(self, tmp_path: Path) -> None:
        write_index(tmp_path, [Picture(0, "v", "no frame", 0).row()])
        with pytest.raises(BadInputError, match="line 2"):
            source_of(tmp_path).items()

    @pytest.mark.parametrize("turns", range(4))
    def test_north_and_west_are_of_the_ground_below_a_turned_picture(
        self, tmp_path: Path, turns: int
    ) -> None:
        ground = grey(S1_SIDE)
        picture = Picture(0, "v", "014A_07688_131313", 0)
        file = f"v_20200101_20200113_138_70_{turns}.png"
        write_s1(tmp_path, picture, np.rot90(ground, turns), file=file)
        source = source_of(tmp_path)
        (candidate,) = check_source(source)
        (patch,) = source.read([PatchKey.of(candidate)])
        save(tmp_path / "Train/a.png", ground)
        whole = _codes(source, tmp_path)

        assert candidate.rotation == turns
        down = round((1.0 - candidate.north) * 1000)
        across = round((candidate.west - 40.0) * 1000)
        np.testing.assert_array_equal(
            turned(patch, -turns), whole[down : down + 224, across : across + 224]
        )

    @pytest.mark.parametrize(
        ("name", "turns"),
        [
            ("adwa_20150819_20150912_274_137_1.png", 1),
            ("adwa_20150819_20150912_274_137_3.webp", 3),
            ("adwa_20150819_20150912_274_137_3", 3),
            ("adwa_20170317_20170504.geo.diff_pha_crop.png", 0),
            ("079D_07894_131313_1.png", 0),
            ("Train/0/a_1_2_2.png", 2),
        ],
    )
    def test_the_turns_stand_in_the_name(self, name: str, turns: int) -> None:
        assert rotation_of(name) == turns

    def test_train_needs_such_an_index(self, tmp_path: Path) -> None:
        save(tmp_path / "a.png", grey())
        with pytest.raises(BadInputError, match=r"no index\.csv of the form of S1"):
            source_of(tmp_path, "train").items()
        write_folder(tmp_path / "s1", [Picture(0, "v", "014A_07688_131313", 1)])
        assert len(survey_all(source_of(tmp_path / "s1", "train"))) == 1


def _codes(source: PicturePatches, folder: Path) -> NDArray[np.uint8]:
    return source._codes_again("Train/a.png")


class TestBadFiles:
    def test_each_is_a_problem_and_the_others_go_on(self, tmp_path: Path) -> None:
        good = save(tmp_path / "e_good.png", grey())
        (tmp_path / "a_cut.png").write_bytes(good.read_bytes()[:2000])
        (tmp_path / "b_empty.png").write_bytes(b"")
        (tmp_path / "c_text.png").write_text("404")
        save(tmp_path / "d_black.png", np.zeros((240, 240), dtype=np.uint8))
        save(tmp_path / "f_photo.png", np.full((240, 240, 3), (10, 200, 90), dtype=np.uint8))
        (tmp_path / "g_gone.png").symlink_to(tmp_path / "nowhere.png")
        source = source_of(tmp_path)
        found = {c.location: c.problem for c in survey_all(source)}

        assert list(found) == sorted(found)
        assert [name for name, problem in found.items() if not problem] == ["e_good.png"]
        assert "cut or damaged" in found["a_cut.png"]
        assert "not a picture" in found["c_text.png"]
        assert not any(str(tmp_path) in problem for problem in found.values())
        assert len(check_source(source)) == 1

    def test_a_folder_of_no_use_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(BadInputError, match="not a folder"):
            source_of(tmp_path / "absent").items()
        with pytest.raises(BadInputError, match="hold no picture"):
            source_of(tmp_path).items()

    def test_what_changed_since_the_plan_is_said(self, tmp_path: Path) -> None:
        path = save(tmp_path / "a.png", grey(300))
        source = source_of(tmp_path)
        keys = [PatchKey.of(candidate) for candidate in survey_all(source)]
        save(path, grey())
        with pytest.raises(StoreError, match=r"a\.png has no patch at row 0, column 0 any more"):
            source.read(keys)
        path.unlink()
        with pytest.raises(StoreError, match=r"there is no such file.*plan it again"):
            source.read(keys)

    def test_new_pictures_are_seen(self, tmp_path: Path) -> None:
        save(tmp_path / "b" / "b.png", grey())
        source = source_of(tmp_path)
        assert len(survey_all(source)) == 1
        save(tmp_path / "b" / "a.png", grey())
        save(tmp_path / "c.png", grey())
        assert [c.location for c in survey_all(source)] == ["c.png", "b/a.png", "b/b.png"]


def test_many_pictures_are_surveyed_in_pieces(tmp_path: Path) -> None:
    content = save(tmp_path / "0000.png", grey(30)).read_bytes()
    for number in range(1, PICTURES_IN_AN_ITEM + 2):
        (tmp_path / f"{number:04}.png").write_bytes(content)
    source = source_of(tmp_path)
    assert source.items() == (Item(1, "", 0, 64), Item(1, "", 64, 2))
    assert len(survey_all(source)) == 66


class TestRealPictures:
    def test_overlapping_crops_of_s1_agree_on_the_ground(self, shared_data: Path) -> None:
        """Two crops of one interferogram, turned otherwise, show one ground where both lie."""
        source = source_of(shared_data / "s1")
        pair, frame = DatePair.parse("20161031_20170204"), "014A_07688_131313"
        listed = list_folder(shared_data / "s1")
        crops = [
            source._survey_picture(p)[0]
            for p in listed
            if (p.frame, p.pair, p.problem) == (frame, pair, "") and "_crop." not in p.location
        ]
        assert {c.rotation for c in crops} >= {0, 1, 3}
        compared = 0
        for one in crops:
            for other in crops:
                down = round((one.north - other.north) * 1000)
                across = round((other.west - one.west) * 1000)
                if one.rotation == other.rotation or not (0 <= down < 150 and 0 <= across < 150):
                    continue
                here, there = (
                    turned(patch, -candidate.rotation)
                    for candidate, patch in zip(
                        (one, other),
                        source.read([PatchKey.of(one), PatchKey.of(other)]),
                        strict=True,
                    )
                )
                a, b = here[down:, across:], there[: 224 - down, : 224 - across]
                both = (a > 0) & (b > 0)
                assert (a[both] == b[both]).mean() > 0.97
                compared += 1
        assert compared

    def test_the_turns_of_all_names_are_those_of_the_index(self, shared_data: Path) -> None:
        with (shared_data / "s1" / "index.csv").open(newline="") as stream:
            rows = list(csv.DictReader(stream))
        assert len(rows) == 7600
        assert all(rotation_of(row["file"]) == int(row["rot90_k"]) for row in rows)

    def test_quicklooks_with_class_folders_are_read(self, shared_data: Path) -> None:
        source = source_of(shared_data / "c1_dev")
        listed = list_folder(shared_data / "c1_dev")
        chosen = [*listed[::40], *listed[-20::4]]
        found = [c for picture in chosen for c in source._survey_picture(picture)]

        assert len(listed) == 194
        assert not [c.problem for c in found if c.problem]
        assert {c.label for c in found} == {0, 1}
        assert {c.volcano for c in found} >= {"etna", ""}


@pytest.mark.parametrize(("height", "width"), [(224, 224), (227, 227), (201, 227), (237, 501)])
def test_all_eight_forms_of_a_picture_are_twins(tmp_path: Path, height: int, width: int) -> None:
    """S1's pictures of 227 pixels have no middle: 224 of them lie a pixel off."""
    pixels = grey(height, width=width)
    for number, form in enumerate(eight_forms(pixels)):
        save(tmp_path / f"{number}.png", form)
    recipe = CorpusRecipe(sources=(ImagesSource(folder=tmp_path),))
    found = survey_all(PicturePatches(0, ImagesSource(folder=tmp_path)))
    rows = choose(found, recipe)
    tiles = len(tile_starts(height)) * len(tile_starts(width))

    assert len(rows) == 8 * tiles
    assert rows["shape_sha256"].nunique() == tiles
    assert int(rows["kept"].sum()) == tiles
    assert rows.loc[rows["kept"], "sha256"].is_unique
