"""A benchmark of a real frame that is given another folder says which one it wants."""

from pathlib import Path
from typing import Any

import pytest

from benchmarks import air_correction, frame_rates, real_frame
from benchmarks.air_correction import FRAME


@pytest.mark.parametrize("command", [real_frame, air_correction])
def test_the_folder_of_the_data_is_named(
    command: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    folder = tmp_path / "licsar" / FRAME
    monkeypatch.setattr("sys.argv", ["benchmark", "--data", str(tmp_path)])
    with pytest.raises(SystemExit, match=rf"{folder} is no LiCSAR frame: interferograms/.*--help"):
        command.main()
    monkeypatch.setattr("sys.argv", ["benchmark", "--help"])
    with pytest.raises(SystemExit):
        command.main()
    assert f"licsar/{FRAME}" in "".join(capsys.readouterr().out.split("\n"))


def test_pairs_alone_are_folders_of_pairs(tmp_path: Path) -> None:
    for name in ("20240106_20240118", ".cache", "notes"):
        (tmp_path / "interferograms" / name).mkdir(parents=True)
    assert [one.name for one in frame_rates.pair_folders(tmp_path)] == ["20240106_20240118"]
