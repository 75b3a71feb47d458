"""Notices to people who are not watching: how a run went, in counts and ids, never in balances, amounts or secrets.

A notice that cannot be sent is a warning in the log. It changes nothing else.
"""

import logging
from collections.abc import Sequence
from typing import Any

from recon.core.errors import ConfigError
from recon.core.masking import masked
from recon.pipeline.config import Config
from recon.pipeline.pull import Pulled
from recon.pipeline.reconcile import Reconciled
from recon.sources._settings import resolve

_NAMED = 20
"""How many breaks a notice names."""
_TIMEOUT_S = 30
_LOG = logging.getLogger(__name__)


def ended(
    config: Config, command: str, pulled: Pulled, reconciled: Reconciled, opened: Sequence[str]
) -> None:
    """Tells of a run that came to its end, as far as [notify] asks for it. ``opened``: the ids of new breaks."""
    wanted = config.notify
    broken = sorted({one.source for one in pulled.streams if one.error})
    count = sum(one.found.severity != "info" for one in reconciled.breaks)
    if wanted is None:
        return
    if broken and wanted.on_failure:
        kind, said = "failure", f"{len(broken)} {_plural('source', broken)} not pulled whole"
    elif opened and wanted.on_breaks:
        kind, said = "warning", f"{len(opened)} new {_plural('break', opened)}"
    elif wanted.on_finished:
        kind, said = "success" if reconciled.clean and not broken else "info", "finished"
    else:
        return
    lines = [f"{config.entity.name}, {reconciled.period.name}"]
    if broken:
        lines.append(f"Not pulled whole: {', '.join(broken)}")
    if opened:
        more = f" and {len(opened) - _NAMED} more" if len(opened) > _NAMED else ""
        lines.append(f"New breaks: {', '.join(opened[:_NAMED])}{more}")
    if reconciled.results:
        lines.append(f"Open errors and warnings: {count}")
    _send(config, pulled.run, kind, f"recon {command}, run {pulled.run}: {said}", lines)


def failed(config: Config, command: str, run: int | None, kind: str) -> None:
    """Tells of a run that did not come to its end; ``kind`` is one word for the cause, for the rest is in the log."""
    if config.notify and config.notify.on_failure:
        name = f"recon {command}, run {run}" if run else f"recon {command}"
        _send(
            config,
            run,
            "failure",
            f"{name}: failed",
            [config.entity.name, f"Cause: {kind}. The log says more."],
        )


def channels(config: Config) -> Any:
    """The places of [notify] as an Apprise object. Raises ConfigError where one cannot be used."""
    try:
        import apprise  # noqa: PLC0415 - an extra, slow to load, and needed only when there is something to tell
    except ImportError:
        raise ConfigError(
            "notices need an extra that is not installed",
            where="notify",
            next_step="Install it with: pip install 'recon-ledger[notify]'",
        ) from None
    found = apprise.Apprise(asset=apprise.AppriseAsset(app_id="recon"))
    for number, reference in enumerate(config.notify.url if config.notify else ()):
        key = f"notify.url.{number}"
        if not found.add(resolve(reference, key, config.folder).get_secret_value()):
            raise ConfigError(
                f"what {reference} holds is no address that Apprise knows",
                where=key,
                next_step="Give one like mailto://user:password@example.com",
            )
    return found


def _send(config: Config, run: int | None, kind: str, title: str, lines: Sequence[str]) -> None:
    try:
        places = channels(config)
        sent = places.notify(
            masked("\n".join(lines)),
            title=masked(title),
            notify_type=kind,
            body_format="text",
            timeout=_TIMEOUT_S,
        )
        cause = "" if sent else "a place did not take it"
    except ConfigError as error:
        cause = str(error)
    except Exception as error:  # noqa: BLE001 - a notice is never worth the run it tells of
        cause = type(error).__name__
    if cause:
        _LOG.warning("a notice could not be sent", extra={"run": run, "cause": cause})


def _plural(word: str, several: Sequence[object]) -> str:
    return word if len(several) == 1 else f"{word}s"
