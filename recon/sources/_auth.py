"""What shows a venue who asks. Secrets leave their wrapping only for the request that carries them."""

import re
from base64 import b64encode
from collections.abc import Generator, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from pydantic import SecretStr

from recon.core.masking import remember
from recon.sources._reply import Fault

HEADER_VALUE = re.compile(r"[!-~](?:[ -~]*[!-~])?")
"""What a header can carry. Other values are refused here: the HTTP library would quote them in its error."""

_SECONDS = re.compile(r"([0-9]{1,9})(?:\.[0-9]+)?")
_EARLY = timedelta(minutes=1)
_GRANT = {"grant_type": "client_credentials", "scope": "read write"}


class Endpoint(NamedTuple):
    """Where tokens come from: takes a POST of just these fields, as a form or as JSON.

    ``key`` is the key of the source's table in recon.toml that gave the address.
    """

    url: str
    key: str
    fields: frozenset[str]
    form: bool


class SecretRequest(NamedTuple):
    """A request for a token. Its answer is never sealed, and of its fields only ``params`` are told."""

    stream: str
    endpoint: Endpoint
    params: Mapping[str, str]
    secret: Mapping[str, SecretStr]
    headers: Mapping[str, SecretStr]


class SecretReply(NamedTuple):
    """The answer to one, as read_json gives it, and the cookies that came with it."""

    value: Any
    cookies: Mapping[str, str]


Renewal = Generator[SecretRequest, SecretReply, None]
"""Asks for a token by yielding requests and being sent replies.

Where a reply does not count it is thrown the SourceError, and may go on another way. Raises Fault.
"""


class Auth:
    """A way to show who asks: by parameters or by headers, which are added below all that could log them."""

    endpoints: tuple[Endpoint, ...] = ()
    expires: datetime | None = None
    """When the token that is in use runs out, where that is known."""

    def query(self, params: Mapping[str, str | int]) -> Mapping[str, str]:
        """What is added to a query."""
        return {}

    def headers(self) -> Mapping[str, str]:
        """What is added to the headers."""
        return {}

    def due(self, now: datetime) -> bool:
        """Whether a token is needed, or a new one, before the next request."""
        return False

    def renew(self, now: datetime) -> Renewal | None:
        """A way to a new token; None where there is none."""
        return None


def guarded(secret: SecretStr) -> SecretStr:
    """The secret, which nothing tells from now on, should the venue repeat it in whatever form it was sent."""
    remember(secret.get_secret_value())
    return secret


class QueryKey(Auth):
    """Account and key as parameters of a query that states a method (Egera); its public files are asked without."""

    def __init__(self, account_id: str, key: SecretStr) -> None:
        self._account_id = account_id
        self._key = guarded(key)

    def query(self, params: Mapping[str, str | int]) -> Mapping[str, str]:
        """The parameters ``id`` and ``key``."""
        if "method" not in params:
            return {}
        return {"id": self._account_id, "key": self._key.get_secret_value()}


class Bearer(Auth):
    """A token that was obtained elsewhere."""

    def __init__(self, token: SecretStr) -> None:
        self._token = guarded(token)

    def headers(self) -> Mapping[str, str]:
        """``Authorization: Bearer``."""
        return {"Authorization": f"Bearer {self._token.get_secret_value()}"}


class ApiKeyHeader(Auth):
    """A long-lived key (CryptoFuse)."""

    def __init__(self, key: SecretStr) -> None:
        self._key = guarded(key)

    def headers(self) -> Mapping[str, str]:
        """``X-API-Key``."""
        return {"X-API-Key": self._key.get_secret_value()}


class Token(Auth):
    """A bearer token that is asked for and runs out."""

    def __init__(self) -> None:
        super().__init__()
        self._token: SecretStr | None = None
        self._renew_at: datetime | None = None

    def headers(self) -> Mapping[str, str]:
        """``Authorization: Bearer``, once there is a token."""
        return {"Authorization": f"Bearer {self._token.get_secret_value()}"} if self._token else {}

    def due(self, now: datetime) -> bool:
        """Whether there is no token, or one that is about to run out."""
        return self._token is None or (self._renew_at is not None and now >= self._renew_at)

    def take(self, token: Any, life: timedelta | None, asked_at: datetime) -> None:
        """Uses a token that was asked for at ``asked_at`` and lives that long. Raises Fault for what is no token.

        It is renewed by how long it lives and not by when it ends: the venue's clock may differ from ours.
        """
        if type(token) is not str or not HEADER_VALUE.fullmatch(token):
            raise Fault("payload", "the answer holds no usable access token")
        self._token = guarded(SecretStr(token))
        self.expires = None if life is None else asked_at + life
        self._renew_at = None if life is None else asked_at + max(life - _EARLY, life * 9 // 10)


def seconds(stated: Any) -> timedelta | None:
    """A token's life as an answer states it, None where it states none. Raises Fault for what is no count."""
    if stated is None:
        return None
    found = _SECONDS.fullmatch(stated) if isinstance(stated, str) else None
    if not found:
        raise Fault("payload", "the answer's expiry is not a count of seconds")
    return timedelta(seconds=int(found[1]))


class ClientCredentials(Token):
    """OAuth 2 client credentials (CryptoFuse): a token is asked for with id and secret, and renewed before it expires.

    There is no refresh token in this flow. The venue's pages disagree on a token's life, so only ``expires_in`` counts;
    and on where id and secret go: into a header, or with ``form`` among the fields. One of them leaves out the scope.
    """

    def __init__(
        self, token_url: str, client_id: str, client_secret: SecretStr, *, form: bool = False
    ) -> None:
        super().__init__()
        self._client_id = client_id
        self._client_secret = guarded(client_secret)
        self._form = form
        fields = {*_GRANT, "client_id", "client_secret"} if form else {*_GRANT}
        self.endpoints = (Endpoint(token_url, "token_url", frozenset(fields), form=True),)

    def renew(self, now: datetime) -> Renewal:
        """Asks for a token."""
        client_id, secret = self._client_id, self._client_secret
        headers = {} if self._form else {"Authorization": _basic(client_id, secret)}
        fields = {"client_id": SecretStr(client_id), "client_secret": secret} if self._form else {}
        reply = yield SecretRequest("token", self.endpoints[0], _GRANT, fields, headers)
        stated = reply.value if isinstance(reply.value, dict) else {}
        self.take(stated.get("access_token"), seconds(stated.get("expires_in")), now)


def _basic(client_id: str, secret: SecretStr) -> SecretStr:
    pair = f"{client_id}:{secret.get_secret_value()}"
    return SecretStr(f"Basic {b64encode(pair.encode()).decode()}")
