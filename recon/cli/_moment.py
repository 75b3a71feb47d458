"""Moments as people give them on the command line."""

from datetime import UTC, date, datetime, time, timedelta

from recon.cli._clock import SYSTEM
from recon.core.errors import ConfigError
from recon.core.times import MICROSECOND, from_iso
from recon.pipeline.config import Config


def moment_of(stated: str | None, config: Config, where: str, *, first: bool = False) -> datetime:
    """A moment with its zone, or a day's last one on the entity's clock (``first``: its first); of today, now.

    Without one it is now. Raises ConfigError, which names ``where`` it was given.
    """
    now = SYSTEM.now()
    if stated is None:
        return now
    try:
        if len(stated) == len("2025-01-31"):
            day = date.fromisoformat(stated)
            if first:
                return from_iso(datetime.combine(day, time(), config.zone).astimezone(UTC).isoformat())
            midnight = datetime.combine(day + timedelta(days=1), time(), config.zone).astimezone(UTC)
            last = from_iso((midnight - MICROSECOND).isoformat())
            return now if day == now.astimezone(config.zone).date() else last
        return from_iso(stated)
    except (ValueError, OverflowError) as error:
        raise ConfigError(
            f"{stated!r} is neither a moment nor a day: {error}",
            where=where,
            next_step="Give one like 2025-01-31T23:00:00Z or 2025-01-31",
        ) from None
