"""ETHGas's session: an access token of an hour, renewed by a refresh token, or by a wallet that signs a login.

Nothing in it is read-only at the venue: the same token can trade and withdraw, so only the guard's list protects. The
requests are those of developers.ethgas.com; on the shapes of the answers its pages disagree, so every one is taken.
"""

import json
import re
import shlex
import subprocess
import sys
from base64 import urlsafe_b64decode
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import AfterValidator, SecretStr, model_validator

from recon.core.canonical import JsonRefused, read_json
from recon.core.contracts import Allowed, World
from recon.core.errors import ConfigError, SourceError
from recon.core.times import from_epoch
from recon.sources._auth import (
    HEADER_VALUE,
    Endpoint,
    Renewal,
    SecretReply,
    SecretRequest,
    Token,
    guarded,
    seconds,
)
from recon.sources._reply import Fault
from recon.sources._settings import HttpSettings, SecretRef, in_keyring, keep_in_keyring, resolve

COOKIE = "x_auth_refresh_token"
SIGNER_PATIENCE = timedelta(seconds=30)
LOGINS = tuple(
    Allowed(method="POST", path=f"/v1/user/login{tail}", body=frozenset(fields), why=why)
    for tail, fields, why in (
        ("/refresh", ("refreshToken",), "a new access token for the refresh token"),
        ("", ("addr",), "a text for the wallet to sign"),
        ("/verify", ("addr", "nonceHash", "signature"), "an access token for the signature"),
    )
)
"""What a session may ask for beside the source's streams, each only where the settings have a use for it."""
_REFUSED = {"unauthorized", "http_status", "venue_error", "payload"}
"""After these a login may help; after the others it would only meet the same."""
_MOVES_MONEY = (
    "permit",
    "order",
    "transfer",
    "spender",
    "allow",
    "approv",
    "amount",
    "value",
    "withdraw",
    "delegat",
)
_NO_CONTRACT = re.compile("0x0{40}")
_ADDRESS = re.compile("0x[0-9a-fA-F]{40}")
_SIGNATURE = re.compile("0x[0-9a-fA-F]{130}")

Sign = Callable[[str], str]
"""Takes typed data (EIP-712) as JSON text, gives the signature as 0x and 130 hex digits. Raises Fault."""


def _address(text: str) -> str:
    if not _ADDRESS.fullmatch(text):
        raise ValueError("expected a wallet's address: 0x and 40 hex digits")
    return text


def _cache(text: str) -> str:
    if not text.startswith("keyring:"):
        raise ValueError("expected keyring:SERVICE/USER")
    return text


class Settings(HttpSettings):
    """One of three ways in: an access token, a refresh token, or an address with what signs for it.

    ``token_cache`` keeps the refresh token that the venue gave last, which is then tried first.
    """

    ACCESS = HttpSettings.ACCESS | {
        "access_token",
        "refresh_token",
        "signer_command",
        "address",
        "private_key",
        "token_cache",
    }

    access_token: SecretRef | None = None
    refresh_token: SecretRef | None = None
    signer_command: str | tuple[str, ...] | None = None
    address: Annotated[str, AfterValidator(_address)] | None = None
    private_key: SecretRef | None = None
    token_cache: Annotated[SecretRef, AfterValidator(_cache)] | None = None

    @model_validator(mode="after")
    def _a_way_in(self) -> Self:
        signs = self.command() or self.private_key
        if bool(signs) != bool(self.address):
            raise ValueError("expected address together with signer_command or private_key")
        if not (self.access_token or self.refresh_token or signs):
            raise ValueError(
                "expected access_token, refresh_token, or address with signer_command or private_key"
            )
        return self

    def command(self) -> tuple[str, ...]:
        """The signer's command line in its parts."""
        given = self.signer_command or ()
        return tuple(shlex.split(given)) if isinstance(given, str) else given


def session(name: str, settings: Settings, world: World) -> "Session":
    """What the settings say, with its secrets. Raises ConfigError for what cannot be used."""

    def secret(key: str) -> SecretStr | None:
        reference = getattr(settings, key)
        return resolve(reference, f"sources.{name}.{key}", world.folder) if reference else None

    cache_key = f"sources.{name}.token_cache"
    cached = in_keyring(settings.token_cache, cache_key) if settings.token_cache else None
    tokens = [one for one in (cached, secret("refresh_token")) if one]
    for one in tokens:
        if not HEADER_VALUE.fullmatch(one.get_secret_value()) or ";" in one.get_secret_value():
            raise ConfigError(
                "the secret has a character that no request can carry",
                where=f"sources.{name}.refresh_token",
                next_step="Check that it is one line with no space around it",
            )
    return Session(
        settings.base_url,
        access_token=secret("access_token"),
        refresh_tokens=tokens,
        address=settings.address or "",
        sign=_signer(name, settings, secret("private_key"), world.folder),
        remember=partial(_remember, settings.token_cache, cache_key) if settings.token_cache else None,
    )


def _signer(name: str, settings: Settings, key: SecretStr | None, folder: Path) -> Sign | None:
    if command := settings.command():
        patience = min(SIGNER_PATIENCE, timedelta(seconds=settings.deadline_s))
        return partial(_signed_by_command, command, folder, patience)
    if not key:
        return None
    if not find_spec("eth_account"):
        raise ConfigError(
            "signing with a private key needs the extra 'ethgas'",
            where=f"sources.{name}.private_key",
            next_step="Install it, or give a signer_command",
        )
    return partial(_signed_by_key, key, settings.address or "")


class Session(Token):
    """Tries in turn: the access token as long as it holds, each refresh token, a login."""

    def __init__(
        self,
        base_url: str,
        *,
        access_token: SecretStr | None = None,
        refresh_tokens: Sequence[SecretStr] = (),
        address: str = "",
        sign: Sign | None = None,
        remember: Callable[[SecretStr], None] | None = None,
    ) -> None:
        super().__init__()
        self._refresh_tokens = [guarded(one) for one in refresh_tokens]
        self._address = address
        self._sign = sign
        self._remember = remember
        self._refresh, self._login, self._verify = (
            Endpoint(base_url + one.path, "base_url", one.body, form=one is not LOGINS[0]) for one in LOGINS
        )
        self.endpoints = (
            *((self._refresh,) if refresh_tokens or sign else ()),
            *((self._login, self._verify) if sign else ()),
        )
        if access_token:
            self._token = guarded(access_token)
            _, self.expires = _life(access_token.get_secret_value())
            self._renew_at = self.expires

    def renew(self, now: datetime) -> Renewal | None:
        """A refresh where there is a refresh token, else a login where there is a signer."""
        return self._renewal(now) if self._refresh_tokens or self._sign else None

    def _renewal(self, now: datetime) -> Renewal:
        refused: SourceError | Fault | None = None
        for token in tuple(self._refresh_tokens):
            try:
                self._granted((yield self._refreshing(token)), now)
            except (SourceError, Fault) as error:
                if error.kind not in _REFUSED:
                    raise
                refused = error
                self._refresh_tokens.remove(token)
            else:
                return
        if not self._sign:
            assert refused
            raise refused
        self._granted((yield from self._logging_in(self._sign)), now)

    def _refreshing(self, token: SecretStr) -> SecretRequest:
        """As a member and as a cookie: the venue's pages show either."""
        cookie = SecretStr(f"{COOKIE}={token.get_secret_value()}")
        return SecretRequest("login", self._refresh, {}, {"refreshToken": token}, {"Cookie": cookie})

    def _logging_in(self, sign: Sign) -> Any:
        addr = {"addr": self._address}
        asked = _data((yield SecretRequest("login", self._login, addr, {}, {})))
        nonce, typed = asked.get("nonceHash"), asked.get("eip712Message")
        if type(nonce) is not str or type(typed) is not str:
            raise Fault("payload", "the answer holds no nonceHash and no text to sign")
        check_login_text(typed)
        proof = {"nonceHash": SecretStr(nonce), "signature": guarded(SecretStr(sign(typed)))}
        return (yield SecretRequest("login", self._verify, addr, proof, {}))

    def _granted(self, reply: SecretReply, asked_at: datetime) -> None:
        """Takes the access token, and where there is one the refresh token, which may be a new one each time."""
        data = _data(reply)
        token, life = data.get("accessToken"), seconds(data.get("expiresIn"))
        if isinstance(token, dict):
            token = token.get("token")
        if life is None and isinstance(token, str):
            issued, ends = _life(token)
            life = ends - issued if issued and ends and ends > issued else None
        self.take(token, life, asked_at)
        rotated = reply.cookies.get(COOKIE) or data.get("refreshToken")
        if type(rotated) is str and HEADER_VALUE.fullmatch(rotated) and ";" not in rotated:
            self._refresh_tokens = [guarded(SecretStr(rotated))]
            if self._remember:
                self._remember(self._refresh_tokens[0])


def check_login_text(typed: str) -> None:
    """Raises Fault unless typed data can only be a login.

    A signature is worth what its text says. Orders, permits and transfers are bound to a contract that honours them,
    or have members that say how much goes to whom; a login has neither. (Its domain names the contract zero.)
    """
    try:
        value = read_json(typed.encode())
        types, domain = value["types"], value["domain"]
        words = [str(value["primaryType"]), *types, *(one["name"] for each in types.values() for one in each)]
        contract = domain.get("verifyingContract")
    except (JsonRefused, KeyError, TypeError, AttributeError, UnicodeEncodeError):
        raise _unsafe("it is no typed data") from None
    if contract is not None and not (type(contract) is str and _NO_CONTRACT.fullmatch(contract)):
        raise _unsafe("it is bound to a contract")
    odd = [
        word for word in words if type(word) is not str or any(one in word.lower() for one in _MOVES_MONEY)
    ]
    if odd:
        raise _unsafe("it is about more than a login")


def _unsafe(why: str) -> Fault:
    return Fault(
        "unsafe",
        f"the venue asked for a signature that is not given: {why}",
        next_step="Log in by hand, and ask the venue's support what it sends",
    )


def _data(reply: SecretReply) -> Mapping[str, Any]:
    """What an answer holds, in the envelope or without. Raises Fault where it states an error."""
    value = reply.value if isinstance(reply.value, dict) else {}
    if value.get("success") is False:
        raise Fault("venue_error", f"the venue says {value.get('errorMsgKey')}", next_step="Log in anew")
    data = value.get("data", value)
    return data if isinstance(data, dict) else {}


def _life(token: str) -> tuple[datetime | None, datetime | None]:
    """When a JWT was made and when it ends, by the venue's clock, as it says itself: nobody needs to verify that."""
    try:
        body = token.split(".")[1]
        claims = read_json(urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        issued, ends = (from_epoch(str(claims[name])) if name in claims else None for name in ("iat", "exp"))
    except (IndexError, ValueError, TypeError):
        return None, None
    return issued, ends


def _remember(reference: str, key: str, token: SecretStr) -> None:
    try:
        keep_in_keyring(reference, token, key)
    except ConfigError as error:
        raise Fault(
            "keyring",
            f"the new refresh token could not be kept: {error.what}",
            next_step="Log in anew, for the old one is spent",
        ) from None


def _signed_by_command(command: Sequence[str], folder: Path, patience: timedelta, typed: str) -> str:
    """Typed data on standard input, the signature on standard output; no shell, and nothing in the arguments."""
    try:
        done = subprocess.run(  # noqa: S603 - the user's own command
            command,
            input=typed.encode(),
            capture_output=True,
            timeout=patience.total_seconds(),
            cwd=folder,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise _unsigned(f"did not answer within {patience.total_seconds():g} s") from None
    except OSError as error:
        raise _unsigned(f"cannot be started: {error.strerror}") from None
    if done.returncode:
        raise _unsigned(f"ended with code {done.returncode}")
    signature = done.stdout.decode("latin-1").strip()
    if not _SIGNATURE.fullmatch(signature):
        raise _unsigned("printed no signature (0x and 130 hex digits)")
    return signature


def _unsigned(what: str) -> Fault:
    return Fault("signer", f"the signer command {what}", next_step="Try signer_command by hand")


def _signed_by_key(key: SecretStr, address: str, typed: str) -> str:
    account, encode = eth_account()
    plain = key.get_secret_value()
    try:
        signs_for = account.from_key(plain).address
        message = encode(full_message=json.loads(typed, parse_int=int, parse_float=str))
        signed = account.sign_message(message, plain)
    except Exception as error:  # noqa: BLE001 - it quotes the key in some of its errors
        signs_for, why = "", type(error).__name__
    if not signs_for:
        raise Fault("signer", f"the private key cannot sign: {why}", next_step="Check private_key")
    if signs_for.lower() != address.lower():
        raise Fault(
            "signer", "the private key is not that of the address", next_step="Check address and private_key"
        )
    return f"0x{bytes(signed.signature).hex()}"


def eth_account() -> tuple[Any, Any]:
    """What signs, and what reads typed data.

    A library below them raises the limit of recursion a hundredfold, for the whole process: then an answer nested
    deeply enough would no longer be refused, but end the program. So the limit is put back.
    """
    limit = sys.getrecursionlimit()
    try:
        from eth_account import Account  # noqa: PLC0415 - an extra, slow to load, and used by few
        from eth_account.messages import encode_typed_data  # noqa: PLC0415 - the same
    finally:
        sys.setrecursionlimit(limit)
    return Account, encode_typed_data
