"""Which product of which pair a file of a folder is, by its name: LiCSAR's, or HyP3's.

HyP3 (ASF's on-demand processing; GAMMA and ISCE2) calls its products after both acquisitions:
``S1AA_20200101T161643_20200113T161643_VVP012_INT80_G_ueF_4C2E_wrapped_phase.tif``,
``S1_136231_IW2_20200604_20200616_VV_INT80_12E3_unw_phase.tif``. Its wrapped phase is filtered.
"""

import re
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from catalogs.records import DatePair, Product
from fringewatch.errors import BadInputError

_LICSAR: Final = re.compile(r"([0-9]{8}_[0-9]{8})\.geo\.([a-z_]+)\.tif")
_HYP3: Final = re.compile(r"(S1.*)_(wrapped_phase|unw_phase|corr)\.tif")
_HYP3_DATES: Final = re.compile(r"S1.*?_([0-9]{8})(?:T[0-9]{6})?_([0-9]{8})(?:T[0-9]{6})?_.*")
_HYP3_PRODUCTS: Final = MappingProxyType(
    {"wrapped_phase": Product.DIFF_PHA, "unw_phase": Product.UNW, "corr": Product.CC}
)

KNOWN_NAMES: Final = (
    "20200101_20200113.geo.diff_pha.tif and .geo.cc.tif (LiCSAR), or S1..._wrapped_phase.tif and "
    "S1..._corr.tif (HyP3)"
)
"""For messages."""


@dataclass(frozen=True)
class NamedFile:
    """What a file's name says."""

    job: str
    """What the names of the products of one interferogram share."""
    pair: DatePair
    product: Product


def parse_file_name(name: str) -> NamedFile | None:
    """Return what the name of a file says; None if it is no product of an interferogram.

    Examples
    --------
    >>> parse_file_name("20200101_20200113.geo.unw.tif").product
    <Product.UNW: 'unw'>
    >>> name = "S1AA_20200101T161643_20200113T161643_VVP012_INT80_G_ueF_4C2E_corr.tif"
    >>> str(parse_file_name(name).pair)
    '20200101_20200113'
    """
    licsar = _LICSAR.fullmatch(name)
    hyp3 = _HYP3.fullmatch(name)
    try:
        if licsar:
            return NamedFile(licsar[1], DatePair.parse(licsar[1]), Product(licsar[2]))
        pair = parse_job_name(hyp3[1]) if hyp3 else None
    except (BadInputError, ValueError):
        return None
    return NamedFile(hyp3[1], pair, _HYP3_PRODUCTS[hyp3[2]]) if hyp3 and pair else None


def parse_job_name(name: str) -> DatePair | None:
    """Return the pair that the name of a HyP3 job says, which is also that of its folder."""
    dates = _HYP3_DATES.fullmatch(f"{name}_")
    try:
        return DatePair.parse(f"{dates[1]}_{dates[2]}") if dates else None
    except BadInputError:
        return None
