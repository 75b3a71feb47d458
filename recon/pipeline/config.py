"""recon.toml: found, read, checked whole, and every fault named with its file, key and what was expected."""

import os
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError

from recon.core.contracts import Source
from recon.core.errors import ConfigError
from recon.core.masking import remember
from recon.core.registry import catalogue
from recon.core.seals import RECON
from recon.core.times import from_iso, period, zone_name
from recon.pipeline import cron
from recon.pipeline.price_settings import Prices, Strict, asset, quantity
from recon.pipeline.tax_settings import Rule, Tax
from recon.sources import ecb, nbp
from recon.sources import prices as price_files
from recon.sources._settings import SecretRef

Engine = Literal["duckdb", "spark"]
Step = Literal["pull", "reconcile", "report", "run"]
ENVIRONMENT = "RECON_CONFIG"
DEFAULT_NAME = "recon.toml"
KEPT = ".recon"
"""The folder beside recon.toml that holds copies and notes, none of which is needed."""
_NAME = "^[a-z0-9][a-z0-9_-]{0,31}$"
"""Of a source, for it stands in accounts and streams. pydantic's ``$`` is the very end of the text."""
_JOB = "^[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?$"
"""Of a job, for it stands in names of units and of Kubernetes' objects."""


def _moment(value: Any) -> datetime:
    if isinstance(value, str):
        return from_iso(value)
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC)
    raise ValueError("expected a moment with its zone, like 2025-01-01T00:00:00Z")


def _ledger_url(url: str) -> str:
    if not url.startswith(("sqlite:///", "postgresql+psycopg://")):
        raise ValueError("expected sqlite:///FILE or postgresql+psycopg://USER@HOST/DATABASE")
    return url


def _cron(text: str) -> str:
    return str(cron.parse(text))


def _period(name: str) -> str:
    try:
        period(name, ZoneInfo("UTC"), datetime(2025, 1, 1, tzinfo=UTC))
    except ConfigError:
        raise ValueError("expected 2025-01, 2025-Q1, 2025, all or last-month") from None
    return name


def _steps(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    if len(set(steps)) < len(steps) or ("run" in steps and len(steps) > 1):
        raise ValueError("expected each step once, or run alone, which is pull, reconcile and report")
    return steps


def _several(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


class Entity(Strict):
    """Whose books these are. The zone bounds periods; the ledger itself is UTC."""

    name: str = Field(min_length=1)
    timezone: Annotated[str, AfterValidator(zone_name)]
    base_currency: Annotated[str, AfterValidator(asset)]


class _Ledger(Strict):
    url: Annotated[str, AfterValidator(_ledger_url)]


class _Evidence(Strict):
    path: str = Field(min_length=1)


class _Reports(Strict):
    """``personal_data``: reports show what is about a person too, such as the addresses that logins came from."""

    path: str = "reports-out"
    personal_data: bool = Field(default=False, strict=True)


def _fee(value: Any) -> Decimal:
    found = quantity(str(value) if type(value) is int else value)
    if found < 0:
        raise ValueError("expected a decimal string of 0 or more")
    return found


class Transfers(Strict):
    """What counts as a move between own places: to which addresses, how late it may arrive, and less which fee."""

    own_addresses: tuple[Annotated[str, Field(min_length=1)], ...] = ()
    window_hours: int = Field(default=72, ge=1, le=8784, strict=True)
    fee_max: Annotated[Decimal, BeforeValidator(_fee)] = Decimal(0)

    @property
    def window(self) -> timedelta:
        """How long after it was sent a transfer may arrive."""
        return timedelta(hours=self.window_hours)


class _Checks(Strict):
    """``engine``: where the questions of the checks are asked."""

    engine: Engine = "duckdb"


class Opening(Strict):
    """What a place held before its history begins."""

    source: str
    account: str = "main"
    asset: Annotated[str, AfterValidator(asset)]
    quantity: Annotated[Decimal, BeforeValidator(quantity)]
    at: Annotated[datetime, BeforeValidator(_moment)] | None = None
    cost: Annotated[Decimal, BeforeValidator(quantity)] | None = None
    note: str = ""


class Job(Strict):
    """What is done by itself, and when: ``cron`` holds in the entity's zone, ``sources`` are pulled (empty: all)."""

    steps: Annotated[tuple[Step, ...], Field(min_length=1), AfterValidator(_steps)]
    cron: Annotated[str, AfterValidator(_cron)]
    sources: tuple[str, ...] = ()
    period: Annotated[str, AfterValidator(_period)] = "last-month"

    @property
    def parts(self) -> tuple[Step, ...]:
        """The steps, ``run`` taken apart."""
        return ("pull", "reconcile", "report") if self.steps == ("run",) else self.steps


class Notify(Strict):
    """Where notices go, as references to Apprise addresses, for these hold secrets; and what is worth one."""

    url: Annotated[tuple[SecretRef, ...], BeforeValidator(_several), Field(min_length=1)]
    on_failure: bool = Field(default=True, strict=True)
    on_breaks: bool = Field(default=True, strict=True)
    on_finished: bool = Field(default=False, strict=True)


class _File(Strict):
    entity: Entity
    ledger: _Ledger
    evidence: _Evidence
    sources: Mapping[Annotated[str, Field(pattern=_NAME)], dict[str, Any]] = {}
    assets: Mapping[Annotated[str, AfterValidator(asset)], Annotated[str, AfterValidator(asset)]] = {}
    opening: tuple[Opening, ...] = ()
    reports: _Reports = _Reports()
    jobs: Mapping[Annotated[str, Field(pattern=_JOB)], Job] = {}
    notify: Notify | None = None
    checks: _Checks = _Checks()
    transfers: Transfers = Transfers()
    prices: Prices = Prices()
    rules: Mapping[Annotated[str, Field(pattern=_JOB)], Rule] = {}
    tax: Tax = Tax()


@dataclass(frozen=True, kw_only=True)
class Configured:
    """One configured source: its name, its kind's plug-in and its settings."""

    name: str
    source: Source
    settings: Any


@dataclass(frozen=True, kw_only=True)
class Config:
    """The whole of recon.toml, paths made absolute."""

    path: Path
    entity: Entity
    ledger_url: str
    evidence: Path
    reports: Path
    personal_data: bool
    sources: Sequence[Configured]
    openings: Sequence[Opening]
    pools: Mapping[str, str]
    jobs: Mapping[str, Job] = field(default_factory=dict)
    notify: Notify | None = None
    transfers: Transfers = field(default_factory=Transfers)
    engine: Engine = "duckdb"
    prices: Prices = field(default_factory=Prices)
    rules: Mapping[str, Rule] = field(default_factory=dict)
    choices_file: Path | None = None

    @property
    def publishers(self) -> list[Configured]:
        """Who states prices and has no books. They are there also where [prices] names them no more."""
        settings = {
            "nbp": nbp.Settings(base_url=self.prices.nbp_url),
            "ecb": ecb.Settings(base_url=self.prices.ecb_url),
            "prices": price_files.Settings(),
        }
        sources = (ecb.SOURCE, nbp.SOURCE, price_files.SOURCE)
        return [Configured(name=one.kind, source=one, settings=settings[one.kind]) for one in sources]

    @property
    def folder(self) -> Path:
        """Where relative paths start."""
        return self.path.parent

    @property
    def legs(self) -> Path:
        """Where the typed copy of a ledger on a server is kept."""
        return self.folder / KEPT / "copy"

    @property
    def verified(self) -> Path:
        """Where the last verification is noted."""
        return self.folder / KEPT / "verified.json"

    @property
    def zone(self) -> ZoneInfo:
        """The entity's zone."""
        return ZoneInfo(self.entity.timezone)

    def assumptions(self) -> dict[str, str]:
        """Every setting that stands for what a venue leaves open, by ``source: question``."""
        return {
            f"{one.name}: {question}": answer
            for one in self.sources
            for question, answer in one.source.assumptions(one.settings).items()
        }


def find(given: str | None) -> Path:
    """--config, else $RECON_CONFIG, else ./recon.toml."""
    path = Path(given or os.environ.get(ENVIRONMENT) or DEFAULT_NAME).absolute()
    if not path.is_file():
        raise ConfigError(
            "there is no such configuration file", where=str(path), next_step="Make one with: recon init"
        )
    return path


def load(path: Path) -> Config:
    """Reads and checks the file. Raises ConfigError that names every fault at once."""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"the file is not TOML: {error}", where=str(path)) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"the file cannot be read: {error}", where=str(path)) from None
    faults: list[str] = []
    file = _checked(_File, raw, (), faults)
    sources = _sources(raw.get("sources"), faults)
    if file is not None:
        faults += _places(file, set(raw.get("sources", {})))
        if password := urlsplit(file.ledger.url).password:
            remember(password)
            remember(unquote(password))
    if faults or file is None:
        raise ConfigError("\n  ".join(faults), where=str(path), next_step="See docs/contract.md, section 1")
    return Config(
        path=path,
        entity=file.entity,
        ledger_url=absolute(file.ledger.url, path.parent),
        evidence=path.parent / file.evidence.path,
        reports=path.parent / file.reports.path,
        personal_data=file.reports.personal_data,
        sources=sources,
        openings=file.opening,
        pools=file.assets,
        jobs=file.jobs,
        notify=file.notify,
        engine=file.checks.engine,
        transfers=file.transfers,
        prices=file.prices,
        rules=file.rules,
        choices_file=path.parent / file.tax.choices if file.tax.choices else None,
    )


def _places(file: _File, sources: set[str]) -> Iterator[str]:
    """What is wrong with the sources that other tables name."""
    for name, rule in file.rules.items():
        if rule.source not in (None, *sources):
            yield f"rules.{name}.source: expected one of the configured sources, {rule.source!r} is none"
    for number, opening in enumerate(file.opening):
        if opening.source not in sources:
            yield f"opening.{number}.source: expected one of the configured sources, {opening.source!r} is none"
    for one, currency in file.prices.parity.items():
        if one == currency:
            yield f"prices.parity.{one}: expected another currency than itself"
    for name, job in file.jobs.items():
        if job.sources and "pull" not in job.parts:
            yield f"jobs.{name}.sources: expected only where a step pulls"
        for unknown in sorted(set(job.sources) - sources):
            yield f"jobs.{name}.sources: expected some of the configured sources, {unknown!r} is none"


def _sources(tables: Any, faults: list[str]) -> list[Configured]:
    every = catalogue("recon.sources", "SOURCE", Source)
    kinds = {name: one for name, one in every.items() if not one.publisher}
    found = []
    for name, table in sorted(tables.items()) if isinstance(tables, dict) else ():
        if not isinstance(table, dict):
            continue
        if name == RECON or name in every.keys() - kinds.keys():
            kept = "what recon itself seals" if name == RECON else "prices, see [prices]"
            faults.append(f"sources.{name}: expected another name; this one is kept for {kept}")
        kind = table.get("kind")
        if kind not in kinds:
            said = "is missing" if kind is None else f"{kind!r} is unknown"
            faults.append(f"sources.{name}.kind: {said}, expected one of {', '.join(kinds)}")
            continue
        settings = _checked(kinds[kind].settings, table, ("sources", name), faults)
        if settings is not None:
            found.append(Configured(name=name, source=kinds[kind], settings=settings))
    return found


def _checked(model: Any, raw: Any, place: tuple[str, ...], faults: list[str]) -> Any:
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        for fault in error.errors(include_url=False, include_input=False, include_context=False):
            key = ".".join(str(part) for part in (*place, *fault["loc"]) if part != "[key]")
            faults.append(f"{key or 'the file'}: {_said(fault['type'], fault['msg'])}")
    return None


def _said(kind: str, message: str) -> str:
    if kind == "extra_forbidden":
        return "unknown key; expected none of this name"
    if kind == "missing":
        return "missing; expected a value"
    return message.removeprefix("Value error, ").replace("Input should be", "expected")


def absolute(url: str, folder: Path) -> str:
    """The address of a ledger, a relative file taken from ``folder``."""
    scheme, _, rest = url.partition("sqlite:///")
    return f"sqlite:///{folder / rest}" if not scheme and rest else url
