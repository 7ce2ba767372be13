"""What is asked of the portal, and how politely."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from catalogs.portal.allowed_hosts import AllowedHosts
from catalogs.portal.roots import DEFAULT_ROOTS, DEFAULT_USER_AGENT, parse_root
from catalogs.records import Product
from catalogs.settings.kinds import SettingGroup


def _hosts(hosts: tuple[str, ...]) -> tuple[str, ...]:
    AllowedHosts(hosts)
    return hosts


class PortalSettings(SettingGroup):
    """Where interferograms come from, and what the portal is asked to bear."""

    portal: tuple[Annotated[str, AfterValidator(parse_root)], ...] = Field(
        default=DEFAULT_ROOTS,
        min_length=1,
        description="addresses or folders that hold the track folders, best first; listings are "
        "united",
    )
    product: Literal["diff_pha", "unw", "diff_unfiltered_pha"] = Field(
        default="diff_pha",
        description="the phase that is read: filtered, unwrapped (it is wrapped again), unfiltered",
    )
    connections: int = Field(
        default=4, ge=1, le=8, description="connections to one host at the same time"
    )
    requests_per_second: float = Field(
        default=5.0, gt=0.0, le=1000.0, description="requests to one host, at the most"
    )
    retries: int = Field(
        default=4, ge=0, le=20, description="repetitions of a request that gets no good answer"
    )
    user_agent: str = Field(
        default=DEFAULT_USER_AGENT,
        min_length=1,
        description="how we present ourselves to the portal; add your observatory's address",
    )
    portal_hosts: Annotated[tuple[str, ...], AfterValidator(_hosts)] = Field(
        default=(),
        description="further hosts that links and redirects of the portal may lead to, as name or "
        "name:port; they may lie in a private network",
    )
    netrc: bool = Field(
        default=False, description="send hosts the credentials that ~/.netrc has for them"
    )
    largest_page_mb: float = Field(
        default=8.0, gt=0.0, le=1024.0, description="a listing that is longer is refused"
    )
    largest_file_mb: float = Field(
        default=1024.0, gt=0.0, le=1e6, description="an interferogram that is larger is refused"
    )
    whole_files: bool = Field(
        default=False, description="download whole files, where only the window's bytes are needed"
    )
    keep_granules: bool = Field(
        default=False, description="keep the downloaded files after they are in the cube"
    )

    @property
    def phase(self) -> Product:
        """The product that `product` names."""
        return Product(self.product)
