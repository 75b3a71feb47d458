"""Logs on standard error, as contract section 2 has them: JSON lines, or for a person on a terminal readable ones.

Whatever is logged goes through the standard library's loggers. What a call hands over as ``extra`` becomes members of
its line, beside ``run``, ``command`` and ``source`` where they are bound (structlog.contextvars).
"""

import logging
import sys
from typing import Any

from recon.core.masking import masked

_LEAST = {
    "apprise": logging.CRITICAL,  # these three tell addresses, which for notices are secrets
    "requests": logging.CRITICAL,
    "urllib3": logging.CRITICAL,
    "httpcore2": logging.INFO,  # below, it tells headers, and cookies in them
}


def start(level: str) -> None:
    """Logs at ``level`` from now on. Libraries only warn, except at ``debug``."""
    wanted: int = logging.getLevelNamesMapping()[level.upper()]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Late())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(wanted if wanted == logging.DEBUG else max(wanted, logging.WARNING))
    logging.getLogger("recon").setLevel(wanted)
    for name, least in _LEAST.items():
        logging.getLogger(name).setLevel(max(least, wanted))


class _Late(logging.Formatter):
    """Makes its formatter at the first line: most commands log none, and need not wait for the library."""

    made: logging.Formatter | None = None

    def format(self, record: logging.LogRecord) -> str:
        """The line, secrets masked."""
        if self.made is None:
            self.made = _formatter()
        return self.made.format(record)


def _formatter() -> logging.Formatter:
    import structlog

    def mask(logger: Any, method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
        return {name: masked(value) for name, value in event.items()}

    first: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    # Tracebacks become text before the mask, and without the values of variables, which may be secrets or amounts.
    last: list[structlog.typing.Processor] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.format_exc_info,
        mask,
    ]
    if sys.stderr.isatty():
        last.append(structlog.dev.ConsoleRenderer(pad_event_to=0))
    else:
        last.append(structlog.processors.JSONRenderer(ensure_ascii=False))
    return structlog.stdlib.ProcessorFormatter(foreign_pre_chain=first, processors=last)
