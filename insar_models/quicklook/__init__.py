"""Interferogram pictures read back as phase."""

from insar_models.quicklook.decode import DecodedPicture, decode_picture
from insar_models.quicklook.families import PictureFamily

__all__ = ["DecodedPicture", "PictureFamily", "decode_picture"]
