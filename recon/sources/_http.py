"""The one way to ask a venue: allowed requests only, each attempt sealed, every failure a SourceError.

An answer counts when its status is 200, its body reads as JSON, and the venue states no error in it. It is sealed
before it is judged. What may go well a second time is asked again, five times in all.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import BytesIO
from ssl import SSLCertVerificationError, SSLError
from typing import Any, NamedTuple, NoReturn

import httpcore2
from pydantic import SecretStr
from tenacity import RetryCallState, Retrying, retry_if_exception

from recon.core.answers import Answer
from recon.core.canonical import JsonRefused, read_json
from recon.core.contracts import Allowed, Ask, Request, World
from recon.core.errors import ConfigError, SourceError
from recon.core.masking import masked
from recon.core.times import short_text
from recon.sources._auth import (
    HEADER_VALUE,
    ApiKeyHeader,
    Auth,
    Bearer,
    ClientCredentials,
    Endpoint,
    QueryKey,
    SecretReply,
    SecretRequest,
)
from recon.sources._guard import (
    FORM,
    JSON,
    Deadline,
    GuardedPool,
    Place,
    Rule,
    check,
    outgoing,
    packed,
    place,
    rules,
)
from recon.sources._limits import Budget, Spending
from recon.sources._reply import Fault, Reply, host, retry_after, whole

__all__ = ["ApiKeyHeader", "Auth", "Bearer", "Budget", "ClientCredentials", "QueryKey", "Verdict", "http"]

TRIES = 5
FIRST_PAUSE_S = 0.5
"""Doubled from try to try."""
_LONGEST_TEXT = 200
_NOT_IMPLEMENTED = 501
_HALF_A_SECOND = timedelta(milliseconds=500)
"""A Date header leaves the fraction of its second out."""
_HEADERS = {"User-Agent": "recon", "Accept": "application/json", "Accept-Encoding": "gzip"}


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """An error that a venue states in a whole answer. ``retry``: of the moment, so that another try may succeed."""

    text: str
    retry: bool = False


Judge = Callable[[Any], Verdict | None]
"""Takes an answer as read_json gives it; returns the error it states, or None."""


@contextmanager
def http(
    *,
    source: str,
    base_url: str,
    allowed: tuple[Allowed, ...],
    auth: Auth,
    world: World,
    deadline_s: float,
    judge: Judge,
    budgets: Sequence[Budget] = (),
) -> Iterator[Ask]:
    """A way to ask one venue, whose connections last until the block ends.

    ``deadline_s`` is the wall time for all that is asked, from the first question on. The Ask raises SourceError when
    no answer counts, and ForbiddenRequest, before anything is connected, for what ``allowed`` does not list. Raises
    ConfigError for an address or a secret that cannot be used.
    """
    base = place(base_url.rstrip("/"), f"sources.{source}.base_url")
    reads = rules(base, allowed)
    logins = {one: _login(source, one) for one in auth.endpoints}
    if not all(map(HEADER_VALUE.fullmatch, auth.headers().values())):
        raise ConfigError(
            "the secret has a character that no request can carry",
            where=f"sources.{source}",
            next_step="Check that it is one line with no space around it",
        )
    deadline = Deadline(world.monotonic, deadline_s)
    with GuardedPool([*reads, *(rule for _, rule in logins.values())], deadline) as pool:
        yield _Asking(
            source=source,
            base=base,
            reads=reads,
            logins={one: start for one, (start, _) in logins.items()},
            auth=auth,
            world=world,
            judge=judge,
            deadline=deadline,
            spendings=[Spending(one, world.spent) for one in budgets],
            pool=pool,
        )


def _login(source: str, endpoint: Endpoint) -> tuple[Place, Rule]:
    start = place(endpoint.url, f"sources.{source}.{endpoint.key}")
    allowed = Allowed(method="POST", path="", body=endpoint.fields, why="asks for a token")
    [rule] = rules(start, [allowed], FORM if endpoint.form else JSON)
    return start, rule


class _Question(NamedTuple):
    """One request of a stream, whose path is ``tail`` behind where it starts.

    With ``login`` it is a request for a token, whose answer is a secret.
    """

    stream: str
    start: Place
    method: str
    tail: str
    params: Mapping[str, str | int]
    login: SecretRequest | None = None

    @property
    def path(self) -> str:
        return f"{self.start.path}{self.tail}"

    @property
    def url(self) -> str:
        return f"{self.start.url}{self.path}"


@dataclass(kw_only=True)
class _Asking:
    """The Ask of one source.

    For those who look at the source's health, after a question: ``clock_offset`` is how far our clock is ahead of the
    venue's Date header, good to a second, None where it sent none; ``budget_left`` how many requests the tightest of
    the venue's limits leaves now, None where no limit is known; ``token_expires`` when the token in use runs out, None
    where it does not say.
    """

    source: str
    base: Place
    reads: Sequence[Rule]
    logins: Mapping[Endpoint, Place]
    auth: Auth
    world: World
    judge: Judge
    deadline: Deadline
    spendings: Sequence[Spending]
    pool: GuardedPool
    clock_offset: timedelta | None = None

    def __call__(self, stream: str, request: Request) -> Answer:
        """Where tokens are used, asks with one that still holds; if that is refused, once more with a new one."""
        question = _Question(stream, self.base, request.method, request.path, request.params)
        check(self._signed(question), self.reads)
        self.deadline.begin()
        if self.auth.due(self.world.now()):
            self._renew_token()
        try:
            return self._until_one_counts(question)[0]
        except SourceError as error:
            if error.kind != "unauthorized" or not self._renew_token():
                raise
        return self._until_one_counts(question)[0]

    @property
    def budget_left(self) -> int | None:
        now = self.world.now()
        return min((one.left(now) for one in self.spendings), default=None)

    @property
    def token_expires(self) -> datetime | None:
        return self.auth.expires

    def _renew_token(self) -> bool:
        """False where there is no way to a new token."""
        renewal = self.auth.renew(self.world.now())
        if renewal is None:
            return False
        asked = next(renewal)
        while True:
            start = self.logins[asked.endpoint]
            question = _Question(asked.stream, start, "POST", "", asked.params, asked)
            try:
                try:
                    asked = renewal.send(self._granted(question))
                except SourceError as error:
                    asked = renewal.throw(error)
            except StopIteration:
                return True
            except Fault as fault:
                raise self._error(question, fault) from None

    def _granted(self, question: _Question) -> SecretReply:
        _, value, cookies = self._until_one_counts(question)
        return SecretReply(value, cookies)

    def _until_one_counts(self, question: _Question) -> tuple[Answer, Any, Mapping[str, str]]:
        retrying = Retrying(
            sleep=self.world.sleep,
            retry=retry_if_exception(lambda error: isinstance(error, Fault) and error.again),
            wait=_pause_s,
            stop=lambda state: state.attempt_number >= TRIES or state.upcoming_sleep >= self.deadline.left(),
            retry_error_callback=self._give_up,
        )
        try:
            return retrying(self._attempt, question)
        except Fault as fault:
            raise self._error(question, fault) from None

    def _give_up(self, state: RetryCallState) -> NoReturn:
        fault = _fault(state)
        if state.attempt_number >= TRIES:
            fault.tried = f" ({TRIES} tries)"
        else:
            fault.tried = (
                f"; the next try, {state.upcoming_sleep:.0f} s from now,"
                f" would come after the deadline of {self.deadline.seconds:g} s"
            )
        raise fault

    def _error(self, question: _Question, fault: Fault) -> SourceError:
        """What a user reads: no secret, also none that the venue repeats, and of the venue's words not too many."""
        what = "".join(one if one.isprintable() else " " for one in masked(fault.what))
        if len(what) > _LONGEST_TEXT:
            what = what[:_LONGEST_TEXT] + "..."
        where = f"{self.source}/{question.stream} {question.method} {question.url}"
        return SourceError(fault.kind, what + fault.tried, where=where, next_step=fault.next_step)

    def _attempt(self, question: _Question) -> tuple[Answer, Any, Mapping[str, str]]:
        """Asks once, seals what came, and only then looks at it."""
        limits = [one for one in self.spendings if not question.login and one.covers(question.tail)]
        for one in limits:
            self._wait_for(one)
        if self.deadline.left() <= 0:
            raise self._too_late()
        came = self._reply_or_fault(question)
        for one in limits:
            one.spend(self.world.now())
        reply = came if isinstance(came, Reply) else None
        answer = self.world.seal(
            stream=question.stream,
            method=question.method,
            url=question.url,
            params=question.params,
            status=reply.status if reply else None,
            body=BytesIO(reply.body) if reply and not question.login else None,
        )
        if isinstance(came, Fault):
            raise came
        return answer, self._judged(question, came, answer), came.cookies

    def _wait_for(self, limit: Spending) -> None:
        now = self.world.now()
        wait = limit.wait(now)
        if wait and wait.total_seconds() >= self.deadline.left():
            back = short_text((now + wait + timedelta(seconds=1)).replace(microsecond=0))
            raise Fault(
                "rate_limit",
                f"the venue's limit of {limit.budget} is reached; more is free at {back}, after the"
                f" deadline of {self.deadline.seconds:g} s",
                next_step=f"Pull again after {back}",
            )
        if wait:
            self.world.sleep(wait.total_seconds())

    def _too_late(self) -> Fault:
        return Fault("timeout", f"the source's deadline of {self.deadline.seconds:g} s has passed")

    def _reply_or_fault(self, question: _Question) -> Reply | Fault:
        """What one attempt brought. A fault is returned, so that it drags no error of the network along when raised."""
        try:
            return self._exchange(question)
        except Fault as fault:
            return fault
        except (httpcore2.TimeoutException, httpcore2.NetworkError, httpcore2.ProtocolError) as error:
            if self.deadline.left() <= 0:
                return self._too_late()
            if isinstance(error, httpcore2.TimeoutException):
                return Fault("timeout", "nothing came in time", again=True)
            if isinstance(error.__context__, SSLError):
                untrusted = isinstance(error.__context__, SSLCertVerificationError)
                return Fault("tls", f"no trusted connection: {error}", again=not untrusted)
            if isinstance(error, httpcore2.ConnectError):
                return Fault("connect", f"no connection: {error}", again=True)
            return Fault("cut", f"the connection broke before a whole answer came: {error}", again=True)

    def _exchange(self, question: _Question) -> Reply:
        asked_at = self.world.now()
        response = self.pool.handle_request(self._signed(question))
        try:
            reply = whole(response.status, response.headers, response.iter_stream())
        finally:
            response.close()
        if date := reply.date():
            answered_at = asked_at + (self.world.now() - asked_at) / 2
            self.clock_offset = answered_at - (date + _HALF_A_SECOND)
        return reply

    def _signed(self, question: _Question) -> httpcore2.Request:
        """The request with the secret in it. Nothing above the pool that sends it is shown this."""
        query: list[tuple[str, str | int]] = []
        content, kind = b"", JSON
        headers = self.auth.headers()
        if login := question.login:
            kind = FORM if login.endpoint.form else JSON
            content = packed({**login.params, **_plain(login.secret)}, kind)
            headers = _plain(login.headers)
        elif question.method == "POST":
            content = packed(question.params, kind) if question.params else b""
        else:
            query = [*question.params.items(), *self.auth.query(question.params).items()]
        own = _HEADERS | ({"Content-Type": kind.decode()} if content else {})
        return outgoing(question.start, question.method, question.path, query, own | dict(headers), content)

    def _judged(self, question: _Question, reply: Reply, answer: Answer) -> Any:
        """The value of an answer that counts."""
        verdict, value, flaw = None, None, ""
        try:
            value = read_json(reply.body)
            verdict = None if question.login else self.judge(value)
        except JsonRefused as error:
            flaw = f"the answer is not JSON: {error}"
        kept = (
            f"The answer is kept in the evidence as {answer.sha256}"
            if answer.sha256
            else "Check the address and the credentials of the source"
        )
        what = f"HTTP {reply.status}: {verdict.text}" if verdict else f"HTTP {reply.status}"
        if reply.status == 429 or (reply.status >= 500 and reply.status != _NOT_IMPLEMENTED):
            pause = retry_after(reply.header(b"retry-after"), reply.date() or self.world.now())
            kind = "rate_limit" if reply.status == 429 else "http_status"
            raise Fault(kind, what, again=True, pause=pause, next_step="Pull again later")
        if 300 <= reply.status < 400:
            raise Fault("redirect", f"HTTP {reply.status} to {host(reply.header(b'location'))}")
        if reply.status == 401:
            raise Fault("unauthorized", what)
        if reply.status != 200:
            raise Fault("http_status", what, next_step=kept)
        if flaw:
            raise Fault("payload", flaw, next_step=kept)
        if verdict:
            raise Fault("venue_error", f"the venue says {verdict.text}", again=verdict.retry, next_step=kept)
        return value


def _plain(secrets: Mapping[str, SecretStr]) -> Mapping[str, str]:
    return {name: secret.get_secret_value() for name, secret in secrets.items()}


def _fault(state: RetryCallState) -> Fault:
    fault = state.outcome.exception() if state.outcome else None
    assert isinstance(fault, Fault)
    return fault


def _pause_s(state: RetryCallState) -> float:
    return max(FIRST_PAUSE_S * (1 << (state.attempt_number - 1)), _fault(state).pause.total_seconds())
