"""The ledger as pandas frames: ``recon.open("recon.toml")``. Read-only; errors are those of the commands."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

import pandas as pd

from recon.core import times
from recon.core.errors import ConfigError
from recon.ledger.store import Ledger
from recon.pipeline import config as settings
from recon.pipeline import frames, session
from recon.pipeline.tax import wanted

_YEARS = range(2009, 2100)


class Notebook:
    """A ledger to look at. Each answer is a frame of its own, with the columns of ``Notebook.schema``.

    Nothing is ever written to ledger or evidence, and nothing is held open between two answers: a pull may run
    meanwhile, and the next answer shows what it brought. ``with`` may be used, and need not be.
    """

    schema = frames.SCHEMA
    """Of each frame its columns: name, kind, meaning, and when a cell is missing."""

    def __init__(self, path: str | os.PathLike[str] | None = None) -> None:
        """Reads the configuration, and looks whether there is a ledger. Raises ReconError."""
        self._config = settings.load(settings.find(None if path is None else os.fspath(path)))
        with self._reading():
            pass

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """There is nothing to close."""

    def __repr__(self) -> str:
        return f"<recon: {self._config.entity.name}, {self._config.path}>"

    def entries(self, period: str | None = None) -> pd.DataFrame:
        """Every posting of PERIOD (``2025-01``, ``2025-Q1``, ``2025``, ``all``, ``last-month``), or all there are."""
        asked = self._period(period or "all")
        with self._reading() as ledger:
            return frames.entries_frame(self._config, ledger, asked)

    def balances(self, at: str | datetime | None = None) -> pd.DataFrame:
        """What each place holds, now or with everything up to and at a moment: ISO 8601 with a zone, or aware."""
        moment = None if at is None else _moment(at)
        with self._reading() as ledger:
            return frames.balances_frame(self._config, ledger, moment)

    def breaks(self, period: str | None = None) -> pd.DataFrame:
        """The register of breaks as ``recon reconcile`` last left it, also the cleared ones; of PERIOD, or all.

        Of a period are those that a reconciliation of it found, and those that came up inside.
        """
        asked = None if period is None else self._period(period)
        with self._reading() as ledger:
            return frames.breaks_frame(self._config, ledger, datetime.now(UTC), asked)

    def lots(
        self,
        rules: str = "generic",
        year: int | None = None,
        method: str | None = None,
        scope: str | None = None,
    ) -> pd.DataFrame:
        """What the tax YEAR disposed of, lot by lot, and what was held at its end. As ``recon tax`` reckons.

        Without a year it is the one that the ledger's newest movement falls in.
        """
        if year is not None and year not in _YEARS:
            raise ConfigError(
                f"{year!r} is no tax year",
                where="year",
                next_step="Give the year in which it begins, like 2025",
            )
        with self._reading() as ledger:
            return frames.lots_frame(self._config, ledger, year, wanted(year or 0, rules, method, scope))

    def prices(self) -> pd.DataFrame:
        """Every price that is held, whether [prices] names its source or not."""
        with self._reading() as ledger:
            return frames.prices_frame(self._config, ledger)

    @contextmanager
    def _reading(self) -> Iterator[Ledger]:
        with session.reading(self._config) as ledger:
            yield ledger

    def _period(self, name: str) -> times.Period:
        return times.period(str(name), self._config.zone, datetime.now(UTC))


def _moment(at: str | datetime) -> datetime:
    try:
        return times.from_iso(str(at))
    except ValueError as error:
        raise ConfigError(
            f"{at!r} is not a moment: {error}", where="at", next_step="Give one like 2025-01-31T23:00:00Z"
        ) from None
