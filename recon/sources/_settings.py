"""What every source's table of recon.toml may hold, and secrets as references."""

import os
import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr

from recon.core.errors import ConfigError
from recon.core.masking import remember

LOOPBACK = ("127.0.0.1", "localhost", "::1")
_PLAIN_URL = re.compile(r"[a-z]+://[A-Za-z0-9.:\[\]-]+(?:/[A-Za-z0-9._~/-]*)?\Z")


def _reference(text: str) -> str:
    scheme, _, rest = text.partition(":")
    if scheme not in ("env", "file", "keyring") or not rest or (scheme == "keyring" and "/" not in rest):
        raise ValueError(
            "expected a reference to a secret (env:NAME, file:PATH or keyring:SERVICE/USER), never the secret itself"
        )
    return text


def _url(text: str) -> str:
    expected = "expected https://HOST/PATH without user, query or fragment"
    if not _PLAIN_URL.match(text):
        raise ValueError(expected)
    try:
        parts = urlsplit(text)
        usable = parts.hostname and (parts.port is None or parts.port > 0)
    except ValueError:
        usable = False
    if not usable:
        raise ValueError(expected)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
        raise ValueError("expected https:// (plain http only for a loopback address)")
    return text


def _base_url(text: str) -> str:
    return _url(text).rstrip("/")


def _midnight(value: Any) -> Any:
    """A TOML date means its first moment, UTC. A bare number is no moment."""
    if not isinstance(value, date | str):
        raise ValueError("expected a date, or a moment with its zone")
    if isinstance(value, date) and not isinstance(value, datetime):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    return value


def _aware(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError("expected a date, or a moment with its zone")
    return at.astimezone(UTC)


SecretRef = Annotated[str, AfterValidator(_reference)]
Url = Annotated[str, AfterValidator(_url)]
BaseUrl = Annotated[str, AfterValidator(_base_url)]
Start = Annotated[datetime, BeforeValidator(_midnight), AfterValidator(_aware)]


class SourceSettings(BaseModel):
    """Keys that every source takes. Unknown keys are refused, and errors never echo a value.

    ``ACCESS`` names the keys that only say where the venue is and how to get in.
    """

    ACCESS: ClassVar[frozenset[str]] = frozenset()

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    kind: str
    start: Start | None = None
    unsettled_days: int = Field(default=3, ge=0, strict=True)

    def shaping(self) -> dict[str, Any]:
        """The settings that shape what is asked and how answers are read, as JSON: all but ``ACCESS``."""
        return self.model_dump(mode="json", exclude=set(self.ACCESS), exclude_none=True)

    def reshaped(self, shaping: Mapping[str, Any]) -> Self:
        """These settings with all that shapes taken from what ``shaping`` gave at another time."""
        return type(self)(**self.model_dump(include=set(self.ACCESS)), **shaping)


class HttpSettings(SourceSettings):
    """Keys that every source read over HTTP takes. ``deadline_s`` is wall time for the whole source."""

    ACCESS: ClassVar[frozenset[str]] = frozenset({"base_url", "deadline_s"})

    base_url: BaseUrl
    deadline_s: float = Field(default=120, gt=0, strict=True, allow_inf_nan=False)
    page_size: int | None = Field(default=None, ge=1, strict=True)


def resolve(reference: str, key: str, folder: Path) -> SecretStr:
    """The secret a reference points at. Raises ConfigError naming the key and the reference, never the value."""
    scheme, _, rest = reference.partition(":")
    value: str | None
    if scheme == "env":
        value, remedy = os.environ.get(rest), f"Set the environment variable {rest}"
    elif scheme == "file":
        value, remedy = _file_secret(folder / rest, key), f"Write the secret into {rest}"
    else:
        value, remedy = _keyring_secret(rest, key), f"Store it with: keyring set {rest.replace('/', ' ', 1)}"
    if not value:
        raise ConfigError(f"the secret {reference} is not set", where=key, next_step=remedy)
    remember(value)
    return SecretStr(value)


def _file_secret(path: Path, key: str) -> str | None:
    try:
        if path.stat().st_mode & 0o077:
            raise ConfigError(
                f"others can read the secret in {path}", where=key, next_step=f"Run: chmod 600 {path}"
            )
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"the secret file {path} cannot be read: {error}", where=key) from None


def _keyring_secret(rest: str, key: str) -> str | None:
    service, _, user = rest.partition("/")
    return _with_keyring(key, lambda keyring: keyring.get_password(service, user))


def keep_in_keyring(reference: str, secret: SecretStr, key: str) -> None:
    """Keeps a secret in the keyring, where a reference points at. Raises ConfigError naming the key."""
    service, _, user = reference.removeprefix("keyring:").partition("/")
    _with_keyring(key, lambda keyring: keyring.set_password(service, user, secret.get_secret_value()))


def _with_keyring(key: str, use: Callable[[Any], str | None]) -> str | None:
    try:
        import keyring  # noqa: PLC0415 - an extra, slow to load, and used by few
    except ImportError:
        raise ConfigError(
            "a keyring secret needs the extra 'keyring'",
            where=key,
            next_step="Install it, or use env: or file:",
        ) from None
    try:
        return use(keyring)
    except Exception as error:  # noqa: BLE001 - every backend brings its own errors
        raise ConfigError(f"the keyring does not answer: {type(error).__name__}", where=key) from None


def in_keyring(reference: str, key: str) -> SecretStr | None:
    """The secret kept in the keyring, None where there is none yet. Raises ConfigError naming the key."""
    found = _keyring_secret(reference.removeprefix("keyring:"), key)
    if not found:
        return None
    remember(found)
    return SecretStr(found)
