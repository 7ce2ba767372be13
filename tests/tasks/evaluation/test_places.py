"""Where pictures come from, by the index of S1's or of C1's form."""

from pathlib import Path

import pytest

from catalogs.pictures.images import LabelledPicture, read_labelled_folder
from fringewatch.errors import BadInputError
from tasks.evaluation.places import places_of
from tasks.evaluation.samples import SamplePlace

S1_HEAD = (
    "split,label,file,volcano,frame,d1,d2,kind,row0,col0,rot90_k,transposed,gvp_number,gvp_lat,"
    "gvp_lon,north_lat,west_lon,black_frac,md5_gray,packed"
)
C1_HEAD = "label,file,vol,frame,d1,d2,tile,suf"


def s1_row(label: int, name: str, volcano: str, frame: str) -> str:
    return (
        f"S1/Test,{label},{name},{volcano},{frame},20200101,20200113,crop,1,2,0,0,1,1,1,,,0,ff,"
        f"Test/{label}/{name}.webp"
    )


def make(folder: Path, *names: str) -> tuple[LabelledPicture, ...]:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return read_labelled_folder(folder).pictures


def test_the_index_of_s1_lies_in_the_parent(tmp_path: Path) -> None:
    test = tmp_path / "Test"
    pictures = make(test, "0/a.png.webp", "1/b.png.webp", "1/c.png.webp")
    rows = [
        s1_row(0, "a.png", "etna", "044A_05235_131005"),
        s1_row(1, "b.png", "etna", "124D_05291_081406"),
        s1_row(1, "c.png", "taal", "142A_07606_131313"),
    ]
    (tmp_path / "index.csv").write_text("\n".join([S1_HEAD, *rows]) + "\n")

    one, two, three = places_of(test, pictures) or ()

    # One volcano in two frames is one area, called by the first.
    assert one == SamplePlace(
        "044A_05235_131005", "044A_05235_131005", "etna", "etna 044A_05235_131005"
    )
    assert (two.area, two.frame) == ("044A_05235_131005", "124D_05291_081406")
    assert three.area == "142A_07606_131313"


def test_the_index_of_c1(tmp_path: Path) -> None:
    pictures = make(tmp_path, "0/q.png", "0/r.png", "1/e.png", "1/f.png", "1/new.png")
    rows = [
        "0,q.png,,,20150502,20150526,,x",
        "0,r.png,,,20150502,20150526,1_2,x",
        "1,e.png,etna_d,124D_05291_081406,20191012,20191024,0_2,x",
        "1,f.png,etna_a,,20191012,20191030,0_2,x",
    ]
    (tmp_path / "index.csv").write_text("\n".join([C1_HEAD, *rows]) + "\n")

    q, r, e, f, new = places_of(tmp_path, pictures) or ()

    assert q == r == SamplePlace.only("20150502_20150526")
    assert e == SamplePlace("etna", "124D_05291_081406", "etna", "etna_d")
    assert f == SamplePlace("etna", "20191012_20191030", "etna", "etna_a")
    assert new == SamplePlace.only("new.png")


def test_without_an_index_nothing_is_known(tmp_path: Path) -> None:
    pictures = make(tmp_path / "set", "0/a.png", "1/b.png")
    assert places_of(tmp_path / "set", pictures) is None
    (tmp_path / "index.csv").write_text("page,title\n1,other people's\n")
    assert places_of(tmp_path / "set", pictures) is None
    (tmp_path / "index.csv").write_text(f"{C1_HEAD}\n0,z.png,,,20150502,20150526,,x\n")
    assert places_of(tmp_path / "set", pictures) is None


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("page,title\n1,x\n", "neither an index of S1's form"),
        ("", "neither an index"),
        (f"{C1_HEAD}\n0,z.png,,,20150502,20150526,,x\n", "lists none of the 2 pictures"),
        (f"{C1_HEAD}\n1,a.png,,,20150502,20150526,,x\n", "says 1: correct one"),
        (f"{C1_HEAD}\n2,a.png,,,20150502,20150526,,x\n", "label is '2', expected 0 or 1"),
        (f"{C1_HEAD}\n0,a.png,,,,20150526,,x\n", "line 2: d1 is ''"),
        (f"{C1_HEAD}\n0,a.png\n", "line 2: 2 values, expected 8"),
        (f"{S1_HEAD}\n{s1_row(7, 'a.png', 'v', '044A_05235_131005')}\n", "label is '7'"),
        (f"{S1_HEAD}\n{s1_row(0, 'a.png', 'v', 'frame')}\n", "line 2"),
        ("label,file,vol,frame,d1,d2\n\xff", "index.csv"),
    ],
)
def test_an_index_that_does_not_fit(tmp_path: Path, content: str, message: str) -> None:
    pictures = make(tmp_path, "0/a.png", "1/b.png")
    (tmp_path / "index.csv").write_bytes(content.encode("latin-1"))
    with pytest.raises(BadInputError, match=message):
        places_of(tmp_path, pictures)


def test_the_real_indexes(shared_data: Path) -> None:
    for name, areas in (("s1/Test", 7), ("c1_dev", 33)):
        folder = shared_data / name
        places = places_of(folder, read_labelled_folder(folder).pictures)
        assert places is not None
        assert len({place.area for place in places}) == areas
