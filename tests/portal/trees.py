"""Folder trees for the stand-in portal: `<track>/<frame>/interferograms/<pair>/<files>`.

Beside `interferograms` a frame may have `metadata/<files>` and `epochs/<date>/<files>`.
"""

from pathlib import Path

from catalogs.records import DatePair, FrameId


def pair_folder(tree: Path, frame: FrameId, pair: DatePair) -> Path:
    """Return the folder for the files of a pair, which is made if it is not there."""
    folder = tree / str(frame.track) / str(frame) / "interferograms" / str(pair)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def link_frame(source: Path, tree: Path) -> FrameId:
    """Return the frame that `source` (`.../<frame>`) holds, after linking its pairs into `tree`.

    Folders are made anew and only files are linked, so that a test can add pairs and files. A
    linked file must be unlinked before it is replaced: writing through it would change the source.
    """
    frame = FrameId.parse(source.name)
    for file in sorted(source.glob("interferograms/*/*")):
        folder = pair_folder(tree, frame, DatePair.parse(file.parent.name))
        (folder / file.name).symlink_to(file.resolve())
    return frame
