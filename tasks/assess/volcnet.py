"""The dated episodes of VolcNet: one text file for each volcano and frame.

A section ``[transient_deformation_00]`` or ``[persistent_deformation_00]`` holds
``def_episode_start`` and ``def_episode_stop``, the acquisitions between which the ground moved.
Source: VolcNet (Gaddes et al. 2021, github.com/matthew-gaddes/VolcNet).
"""

import configparser
import datetime as dt
import re
from dataclasses import replace
from pathlib import Path

from catalogs.world.volcanoes import find_volcano
from fringewatch.errors import BadInputError
from tasks.assess.truth_records import DatedEpisode, PlaceTruth, joined_episodes

_NAME = re.compile(r"(?P<frame>\d{3}[AD]_\d{5}_\d{6})_?(?P<rest>.*)")


def read_volcnet(path: Path) -> dict[str, PlaceTruth]:
    """Return the episodes of a file of VolcNet, by volcano, or by frame where it names no volcano.

    Consecutive sections that follow a changing rate are one episode.

    Raises
    ------
    BadInputError
        If it is empty or cannot be read, or a section lacks one of its dates.
    """
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string(path.read_text(encoding="utf-8"), source=str(path))
    except (OSError, UnicodeDecodeError, configparser.Error) as error:
        said = "; ".join(str(error).splitlines())
        message = f"{path} cannot be read as episodes of VolcNet: {said}"
        raise BadInputError(message) from error
    if not parser.sections():
        message = (
            f"{path} holds no episode: where none is known, a table of dated episodes with its "
            "header alone says so"
        )
        raise BadInputError(message)
    episodes = joined_episodes([_episode(path, parser[name]) for name in parser.sections()])
    # The first acquisition is the last one before the motion.
    moved = tuple(replace(e, start=e.start + dt.timedelta(days=1)) for e in episodes)
    return {_place(path.stem): PlaceTruth(moved)}


def _place(stem: str) -> str:
    """Return the volcano that a file's name holds, before words of its maker's, or its frame."""
    found = _NAME.fullmatch(stem)
    words = (found["rest"] if found else stem).split("_")
    for count in range(len(words), 0, -1):
        try:
            return find_volcano("_".join(words[:count])).slug
        except BadInputError:
            continue
    return found["frame"] if found else stem


def _episode(path: Path, section: configparser.SectionProxy) -> DatedEpisode:
    start = _day(path, section, "def_episode_start")
    end = _day(path, section, "def_episode_stop")
    if end <= start:
        message = f"{path}, [{section.name}]: def_episode_stop {end} is not after {start}"
        raise BadInputError(message)
    return DatedEpisode(start, end, section.name)


def _day(path: Path, section: configparser.SectionProxy, key: str) -> dt.date:
    text = section.get(key, "")
    try:
        return dt.datetime.strptime(text, "%Y%m%d").replace(tzinfo=dt.UTC).date()
    except ValueError as error:
        message = f"{path}, [{section.name}]: {key} is '{text}', expected a date YYYYMMDD"
        raise BadInputError(message) from error
