"""What ``[prices]`` of recon.toml says."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from recon.core.errors import NumberRefused
from recon.core.money import parse
from recon.core.records import asset_code
from recon.sources import ecb, nbp
from recon.sources._settings import BaseUrl


class Strict(BaseModel):
    """A table of recon.toml: unknown keys are refused, and errors never echo a value."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


def asset(code: str) -> str:
    """A configured asset in upper case. Raises ValueError, fit to be shown."""
    found, usable = asset_code(code)
    if not usable:
        raise ValueError("expected an asset of 1 to 32 characters A-Z a-z 0-9 . _ : -")
    return found


def quantity(value: Any) -> Decimal:
    """A configured number, which is a decimal string. Raises ValueError, fit to be shown."""
    try:
        return parse(value)
    except NumberRefused as refused:
        raise ValueError(f"expected a decimal string: {refused}") from None


PriceSource = Literal["trades", "venues", "nbp", "ecb", "files"]


def _each_once(words: tuple[PriceSource, ...]) -> tuple[PriceSource, ...]:
    if len(set(words)) < len(words):
        raise ValueError("expected each source once, in the order in which they are tried")
    return words


PriceSources = Annotated[tuple[PriceSource, ...], AfterValidator(_each_once)]


class AssetPrices(Strict):
    """The order of sources for one asset."""

    sources: PriceSources


class Prices(Strict):
    """Where prices come from: nowhere unless it is named. How far one may lie in days, and from those around it.

    ``sources`` are tried in their order, for an asset in its own of ``assets``. ``parity`` declares that one unit of an
    asset is one of a currency. ``nbp_url`` and ``ecb_url`` may name a proxy.
    """

    sources: PriceSources = ()
    max_age_days: int = Field(default=3, ge=0, le=3_660, strict=True)
    band_percent: int = Field(default=50, ge=1, le=99, strict=True)
    nbp_url: BaseUrl = nbp.Settings().base_url
    ecb_url: BaseUrl = ecb.Settings().base_url
    parity: Mapping[Annotated[str, AfterValidator(asset)], Annotated[str, AfterValidator(asset)]] = {}
    assets: Mapping[Annotated[str, AfterValidator(asset)], AssetPrices] = {}

    @property
    def named(self) -> frozenset[str]:
        """Every source that is named for any asset."""
        return frozenset(self.sources).union(*(one.sources for one in self.assets.values()))
