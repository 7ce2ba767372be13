import gzip
from pathlib import Path

import pytest

from catalogs.records import DatePair
from fringewatch.errors import BadInputError
from tasks.assess.truth import read_truth
from tasks.assess.truth_records import EpisodeKind, PairLabel

EPISODES = "volcano,name,kind,start,end\n"
HEPHAESTUS = "uniqueID,frameID,primary_date,secondary_date,deformation,earthquake\n"
PAIRS = "volcano,frame,primary_date,secondary_date,days,deforming\n"
VOLCNET = """
[transient_deformation_00]
def_episode_start = 20170906
def_episode_stop = 20170918
[transient_deformation_01]
def_episode_start = 20170918
def_episode_stop = 20171012
"""


def written(folder: Path, text: str, name: str = "truth.csv") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_dated_episodes(tmp_path: Path) -> None:
    rows = "taal,eruption,volcanic,2020-01-12,20200120\ntaal,quake,tectonic,2020-01-15,2020-01-15\n"
    truth = read_truth(written(tmp_path, EPISODES + rows)).at("Taal")
    assert [(e.name, e.kind) for e in truth.episodes] == [
        ("eruption", EpisodeKind.VOLCANIC),
        ("quake", EpisodeKind.TECTONIC),
    ]
    assert truth.covers is None
    assert read_truth(written(tmp_path, EPISODES)).at("taal").episodes == ()


def test_labels_of_a_frame_are_those_of_the_volcanoes_it_sees(tmp_path: Path) -> None:
    rows = (
        "1,155D_02579_100800,20200101,20200107,0,0\n"
        "2,155D_02579_100800,20200107,20200113,1,1\n"
        "3,155D_02579_100800,20200113,20200119,0,1\n"
    )
    path = tmp_path / "labels.csv.gz"
    path.write_bytes(gzip.compress((HEPHAESTUS + rows).encode()))
    truth = read_truth(path)
    known = truth.at("krysuvik")
    assert list(known.pairs.values()) == [
        PairLabel.QUIET, PairLabel.DEFORMING, PairLabel.TECTONIC
    ]  # fmt: skip
    assert [str(e) for e in known.episodes] == [
        "volcanic (2020-01-08 to 2020-01-13)",
        "tectonic (2020-01-14 to 2020-01-19)",
    ]
    assert known.covers is not None
    assert truth.knows("reykjanes")
    assert not truth.knows("taal")
    with pytest.raises(BadInputError, match=r"truth of 155D_02579_100800.*are of 'taal'"):
        truth.at("taal")


def test_a_volcano_is_not_another_that_the_same_frame_sees(tmp_path: Path) -> None:
    truth = read_truth(written(tmp_path, f"{EPISODES}krysuvik,a,volcanic,2020-01-01,2020-01-02\n"))
    with pytest.raises(BadInputError, match="'hengill'"):
        truth.at("hengill", {"155D_02579_100800"})
    assert truth.at("155D_02579_100800").episodes


def test_two_frames_may_disagree(tmp_path: Path) -> None:
    rows = (
        "taal,142A_07606_131313,2020-01-01,2020-01-13,12,0\n"
        "taal,032D_07536_111313,2020-01-01,2020-01-13,12,1\n"
    )
    known = read_truth(written(tmp_path, PAIRS + rows)).at("taal")
    assert known.pairs == {DatePair.parse("20200101_20200113"): PairLabel.DEFORMING}


def test_a_folder_holds_episodes_and_labels_together(tmp_path: Path) -> None:
    written(tmp_path, f"{EPISODES}taal,a,volcanic,2020-01-02,2020-01-02\n", "episodes.csv")
    frame = "taal,142A_07606_131313"
    written(tmp_path, f"{PAIRS}{frame},2020-01-01,2020-02-13,43,1\n", "pairs.csv")
    written(tmp_path, "volcano,date,deforming\ntaal,2020-02-13,1\n", "dates.csv")
    written(tmp_path, "own scenario\n", "scenario.txt")  # as `simulate` names what it wrote
    known = read_truth(tmp_path).at("taal")
    assert [e.name for e in known.episodes] == ["a"]  # dated ones come before those of labels
    assert known.covers is None
    assert len(known.pairs) == len(known.dates) == 1


def test_counted_dates_deform_where_half_of_their_pairs_do(tmp_path: Path) -> None:
    rows = "20200101,4,0\n20200107,4,2\n20200113,5,2\n"
    header = "secondary_date,n_ifgs,n_deformation,frac_deformation\n"
    rows = rows.replace("\n", ",0.5\n")
    known = read_truth(written(tmp_path, header + rows)).at("anything")
    assert list(known.dates.values()) == [False, True, False]
    assert [str(e) for e in known.episodes] == ["volcanic (2020-01-02 to 2020-01-07)"]


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("156A_09814_081406_agung.txt", "agung"),
        ("083D_12636_131313_domuyo_rationalized_v2.txt", "domuyo"),
        ("169D_00001_020800_rationalized.txt", "169D_00001_020800"),
        ("022D_04826_121209.txt", "022D_04826_121209"),
    ],
)
def test_volcnet_joins_what_follows_on(tmp_path: Path, name: str, place: str) -> None:
    truth = read_truth(written(tmp_path, VOLCNET, name))
    assert list(truth.places) == [place]
    (episode,) = truth.at(place).episodes
    assert (str(episode.start), str(episode.end)) == ("2017-09-07", "2017-10-12")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty"),
        ("a,b\n1,2\n", "no form of truth.*volcano,name,kind,start,end.*n_ifgs"),
        ("volcano,date,date,deforming\n", "'date' is there twice"),
        (f"{EPISODES}taal,a,volcanic,2020-01-12\n", "line 2: 4 values"),
        (f"{EPISODES}taal,a,seismic,2020-01-12,2020-01-13\n", "kind is 'seismic'"),
        (f"{EPISODES}taal,a,volcanic,2020-02-30,2020-03-13\n", "start is '2020-02-30'"),
        (f"{EPISODES}taal,a,volcanic,2020-01-12,2020-01-11\n", "end is '2020-01-11'"),
        (
            f"{EPISODES}taal,a,volcanic,2020-01-12,2020-01-20\n"
            "taal,a,volcanic,2020-01-20,2020-01-30\n",
            r"'taal|a \(2020-01-12 to 2020-01-20\) and a \(2020-01-20.*overlap",
        ),
        (PAIRS, "holds no label"),
        (f"{PAIRS}taal,f,2020-01-13,2020-01-01,12,0\n", "secondary_date is '2020-01-01'"),
        (f"{PAIRS}taal,f,2020-01-01,2020-01-13,12,maybe\n", "deforming is 'maybe'"),
        (
            f"{PAIRS}taal,f,2020-01-01,2020-01-13,12,0\ntaal,f,2020-01-01,2020-01-13,12,1\n",
            "line 3.*another label",
        ),
        ("secondary_date,n_ifgs,n_deformation\n20200101,2,3\n", "n_deformation is '3'"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(BadInputError, match=message):
        read_truth(written(tmp_path, text))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "holds no episode"),
        (
            "no section",
            r"cannot be read as episodes of VolcNet: File contains no section [^\\\n]*$",
        ),
        ("[a]\ndef_episode_start = 20170906\n", "def_episode_stop is ''"),
        ("[a]\ndef_episode_start = 20170906\ndef_episode_stop = 20170906\n", "is not after"),
    ],
)
def test_damaged_volcnet_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(BadInputError, match=message):
        read_truth(written(tmp_path, text, "agung.txt"))


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="cannot be read"):
        read_truth(tmp_path / "no.csv")
    with pytest.raises(BadInputError, match="holds no truth"):
        read_truth(tmp_path)


def test_real_labels_date_what_history_knows(shared_data: Path) -> None:
    """Of labels alone: the unrest of Reykjanes, and Erta Ale's eruption as VolcNet dates it."""
    labels = shared_data / "labels"
    truth = read_truth(labels / "reykjanes_155D_02579_100800_per_ifg.csv")
    starts = [str(e.start) for e in truth.at("reykjanes").episodes]
    assert starts == ["2020-01-19", "2020-03-19", "2020-07-17", "2020-10-21", "2021-02-24"]
    (name,) = labels.glob("volcnet/*/*/079D_07694_131313_erta_ale.txt")
    (dated,) = read_truth(name).at("erta_ale").episodes
    hephaestus = read_truth(labels / "hephaestus_labels.csv.gz")
    (labelled,) = hephaestus.places["079D_07694_131313"].episodes
    assert (labelled.start, labelled.end) == (dated.start, dated.end)
