"""What shows a venue who asks. Secrets leave their wrapping only for the request that carries them."""

import re
from base64 import b64encode
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, quote_plus

from pydantic import SecretStr

HEADER_VALUE = re.compile(r"[!-~](?:[ -~]*[!-~])?")
"""What a header can carry. Other values are refused here: the HTTP library would quote them in its error."""

_SECONDS = re.compile(r"([0-9]{1,9})(?:\.[0-9]+)?")
_EARLY = timedelta(minutes=1)


class Auth:
    """A way to show who asks: by parameters or by headers, which are added below all that could log them."""

    def query(self) -> Mapping[str, str]:
        """What is added to the request's own parameters."""
        return {}

    def headers(self) -> Mapping[str, str]:
        """What is added to the headers."""
        return {}

    def redact(self, text: str) -> str:
        """``text`` without our secrets, should the venue have repeated one, in whatever form it was sent."""
        for secret in vars(self).values():
            if isinstance(secret, SecretStr):
                plain = secret.get_secret_value()
                for form in {plain, quote(plain, safe=""), quote_plus(plain)} - {""}:
                    text = text.replace(form, "***")
        return text


class QueryKey(Auth):
    """Account and key as parameters of the query (Egera)."""

    def __init__(self, account_id: str, key: SecretStr) -> None:
        self._account_id = account_id
        self._key = key

    def query(self) -> Mapping[str, str]:
        """The parameters ``id`` and ``key``."""
        return {"id": self._account_id, "key": self._key.get_secret_value()}


class Bearer(Auth):
    """A token that was obtained elsewhere (ETHGas)."""

    def __init__(self, token: SecretStr) -> None:
        self._token = token

    def headers(self) -> Mapping[str, str]:
        """``Authorization: Bearer``."""
        return {"Authorization": f"Bearer {self._token.get_secret_value()}"}


class ApiKeyHeader(Auth):
    """A long-lived key (CryptoFuse)."""

    def __init__(self, key: SecretStr) -> None:
        self._key = key

    def headers(self) -> Mapping[str, str]:
        """``X-API-Key``."""
        return {"X-API-Key": self._key.get_secret_value()}


class ClientCredentials(Auth):
    """OAuth 2 client credentials (CryptoFuse): a token is asked for with id and secret, and renewed before it expires.

    There is no refresh token in this flow. The venue's pages disagree on a token's life, so only ``expires_in`` counts.
    """

    FORM = b"grant_type=client_credentials"

    def __init__(self, token_url: str, client_id: str, client_secret: SecretStr) -> None:
        self.token_url = token_url
        self._client_id = client_id
        self._client_secret = client_secret
        self._token: SecretStr | None = None
        self._renew_at: datetime | None = None

    def headers(self) -> Mapping[str, str]:
        """``Authorization: Bearer``, once there is a token."""
        return {"Authorization": f"Bearer {self._token.get_secret_value()}"} if self._token else {}

    def token_headers(self) -> Mapping[str, str]:
        """What the request for a token carries."""
        pair = b64encode(f"{self._client_id}:{self._client_secret.get_secret_value()}".encode()).decode()
        return {"Authorization": f"Basic {pair}", "Content-Type": "application/x-www-form-urlencoded"}

    def due(self, now: datetime) -> bool:
        """Whether a token must be asked for before the next request."""
        return self._token is None or (self._renew_at is not None and now >= self._renew_at)

    def take(self, answer: Any, asked_at: datetime) -> str | None:
        """Takes the token out of the answer to a request made at ``asked_at``; else says what is wrong with it."""
        stated = answer if isinstance(answer, dict) else {}
        token, life = stated.get("access_token"), stated.get("expires_in")
        if type(token) is not str or not HEADER_VALUE.fullmatch(token):
            return "the answer holds no usable access_token"
        seconds = _SECONDS.fullmatch(life) if isinstance(life, str) else None
        if life is not None and not seconds:
            return "the answer's expires_in is not a count of seconds"
        self._token = SecretStr(token)
        span = timedelta(seconds=int(seconds[1])) if seconds else None
        self._renew_at = None if span is None else asked_at + max(span - _EARLY, span * 9 // 10)
        return None
