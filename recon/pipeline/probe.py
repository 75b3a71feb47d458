"""Asks each configured source one harmless question, seals nothing, and says what the answer tells of its health."""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from io import BytesIO
from typing import Any, BinaryIO, NamedTuple
from urllib.parse import urlsplit

from recon.core.answers import Answer
from recon.core.contracts import Ask, Known, World
from recon.core.errors import ReconError
from recon.core.times import short_text
from recon.evidence.archive import recent
from recon.pipeline.clock import Clock
from recon.pipeline.config import Config, Configured
from recon.pipeline.pull import files_of
from recon.pipeline.rates import fetched, latest_days

DEADLINE_S = 10
"""The most that one source may take."""
_CLOCK_OFFSET = timedelta(seconds=30)
_TOKEN_LIFE = timedelta(hours=24)
_LEAST_BUDGET = 5
"""A fifth of a venue's limit."""
_LIMIT_MEMORY = timedelta(hours=1)
_RENEWALS = ("refresh_token", "token_cache", "signer_command", "private_key", "client_secret")
_SHOWN_FILES = 10
REFUSED = (
    "every other method, path, action, parameter and body, before a connection is opened",
    "every other host than those of the configuration; redirects are not followed",
    "connections without TLS, except to a loopback address, and certificates that do not verify",
    "proxies, cookies and passwords that the environment offers",
)
"""What no source can ask for, whatever its list says."""


class Finding(NamedTuple):
    """One thing doctor looked at. ``status`` is ok, warning or error; ``next`` says what to do, empty for ok."""

    about: str
    status: str
    text: str
    next: str = ""


def ask_all(config: Config, clock: Clock) -> list[Finding]:
    """All sources side by side, each for DEADLINE_S at most; what one meets does not keep the others."""
    asked = [*config.sources, *latest_days(config, clock.now())]
    if not asked:
        return [Finding("sources", "warning", "none is configured", "Uncomment one in recon.toml")]
    with ThreadPoolExecutor(len(asked)) as threads:
        found = threads.map(lambda one: list(_examine(config, clock, one)), asked)
        return [finding for findings in found for finding in findings]


def _about(one: Configured) -> str:
    return f"{'prices' if one.source.publisher else 'sources'}.{one.name}"


def _examine(config: Config, clock: Clock, one: Configured) -> Iterator[Finding]:
    about = _about(one)
    if getattr(one.settings, "private_key", None):
        text = "private_key lets this machine sign anything for the wallet"
        yield Finding(about, "warning", text, "Prefer signer_command, which sees what it signs")
    try:
        begun = clock.monotonic()
        with one.source.connect(one.name, _hurried(one.settings), _world(config, clock, one)) as ask:
            told = _ask_once(config, one, ask)
            took = f"{clock.monotonic() - begun:.1f} s"
            yield Finding(about, "ok", f"{told} answered in {took}")
            yield from _of_the_venue(clock, one, ask)
    except ReconError as error:
        place = f"{error.where}: " if error.where else ""
        yield Finding(
            about, "error", f"{place}{error.what}", error.next_step or "Check its table in recon.toml"
        )
    yield from _previews(config, one)


def _hurried(settings: Any) -> Any:
    if not hasattr(settings, "deadline_s"):
        return settings
    return settings.model_copy(update={"deadline_s": min(settings.deadline_s, DEADLINE_S)})


def _world(config: Config, clock: Clock, one: Configured) -> World:
    """What earlier runs spent of a host's limits counts here too."""
    host = urlsplit(getattr(one.settings, "base_url", "")).netloc
    lines = recent(config.evidence, clock.now() - _LIMIT_MEMORY) if host else []
    return World(
        seal=partial(_unsealed, clock),
        now=clock.now,
        monotonic=clock.monotonic,
        sleep=clock.sleep,
        folder=config.folder,
        spent=[line.at for line in lines if urlsplit(line.url).netloc == host],
    )


def _unsealed(
    clock: Clock,
    *,
    stream: str,
    method: str,
    url: str,
    params: Mapping[str, str | int],
    status: int | None,
    body: BinaryIO | None,
) -> Answer:
    return Answer(
        seq=0, at=clock.now(), source="", stream=stream, method=method, url=url, params=params, status=status,
        sha256=None, size=0, link="", body=lambda: body or BytesIO(),
    )  # fmt: skip


def _ask_once(config: Config, one: Configured, ask: Ask) -> str:
    """The first question of the first stream that the venue must serve, as if nothing were known yet."""
    known = Known(streams=frozenset(), files=partial(files_of, config.folder))
    streams = one.source.streams(one.name, one.settings, known)
    try:
        stream = next(streams)
        while stream.optional or stream.unasked:
            stream = streams.send(None)
        request = next(stream.read())
    except StopIteration:
        return "nothing is asked, and"
    ask(stream.name, request)
    return f"{request.method} {request.path}"


def _of_the_venue(clock: Clock, one: Configured, ask: Any) -> Iterator[Finding]:
    """What the helper that asks over HTTP notices by the way; files have none of it."""
    about, now = _about(one), clock.now()
    offset = getattr(ask, "clock_offset", None)
    if offset is not None:
        seconds = round(offset.total_seconds())
        text = f"our clock is {abs(seconds)} s {'ahead of' if seconds >= 0 else 'behind'} the venue's"
        late = abs(offset) > _CLOCK_OFFSET
        yield _warned(about, text, "Set this machine's clock, by NTP for example", late)
    for spending in getattr(ask, "spendings", ()):
        left = spending.left(now)
        scarce = left * _LEAST_BUDGET < spending.budget.requests
        yield _warned(about, f"{left} left of {spending.budget}", "Wait before the next pull", scarce)
    expires = getattr(ask, "token_expires", None)
    if expires is not None:
        renewed = any(getattr(one.settings, name, None) for name in _RENEWALS)
        text = (
            f"the token holds until {short_text(expires)}, {'and is' if renewed else 'and cannot be'} renewed"
        )
        soon = not renewed and expires - now < _TOKEN_LIFE
        yield _warned(about, text, "Get a new token, or configure a way to renew it", soon)


def _warned(about: str, text: str, next_step: str, is_bad: bool) -> Finding:
    return Finding(about, "warning", text, next_step) if is_bad else Finding(about, "ok", text)


def _previews(config: Config, one: Configured) -> Iterator[Finding]:
    """The first rows of a source's files, as they would be read."""
    if one.source.preview is None:
        return
    shown = one.source.preview(
        one.settings, partial(files_of, config.folder), lambda path: (config.folder / path).open("rb")
    )
    for file in shown[:_SHOWN_FILES]:
        about = f"sources.{one.name} {file.file}"
        rows = [" ".join(part for part in row if part) for row in file.rows]
        text = "\n".join(["the first rows as they would be read:", *rows] if rows else ["no rows"])
        yield Finding(about, "ok", text)
        if file.fault:
            yield Finding(about, "error", file.fault, "Correct the file, or the columns in recon.toml")
    if len(shown) > _SHOWN_FILES:
        text = f"{len(shown) - _SHOWN_FILES} more files are not shown"
        yield Finding(f"sources.{one.name}", "ok", text)


def permissions(config: Config) -> list[dict[str, Any]]:
    """All that each configured kind may ask for, by source, requests for tokens too; nothing is connected."""
    found = []
    for one in [*config.sources, *fetched(config)]:
        rows = [
            (allowed.method, allowed.path, allowed.action, sorted(allowed.body), allowed.why)
            for allowed in (*one.source.allowed, *one.source.logins)
        ]
        if not rows:
            rows = [("FILE", one.settings.path, None, [], "files are read, none is written")]
        found += [
            {"source": one.name, "kind": one.source.kind, **dict(zip(_COLUMNS, row, strict=True))}
            for row in rows
        ]
    return found


_COLUMNS = ("method", "path", "action", "body", "why")
