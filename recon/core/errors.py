"""Errors a user can cause or meet: each says where, what, and what to do next, and carries its exit code."""


class ReconError(Exception):
    """Something went wrong that a user can act on.

    ``where`` is a file, key, row or request (never with a secret in it), ``what`` the fault, ``next_step`` the remedy.
    """

    exit_code = 1

    def __init__(self, what: str, *, where: str = "", next_step: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.next_step = next_step

    def __str__(self) -> str:
        text = f"{self.where}: {self.what}" if self.where else self.what
        return f"{text}. {self.next_step}" if self.next_step else text


class ConfigError(ReconError):
    """The configuration or the command line is not usable."""

    exit_code = 2


class LedgerError(ReconError):
    """The ledger cannot be opened, read or written."""


class NoLedger(LedgerError):
    """There is no ledger yet at the place."""


class LedgerBusy(ReconError):
    """Another run holds the ledger."""

    exit_code = 6


class EvidenceError(ReconError):
    """The evidence is not whole, or could not be written."""

    exit_code = 5


class SourceError(ReconError):
    """A source could not be read whole. ``kind`` is a short word for programs, such as ``timeout``."""

    exit_code = 4

    def __init__(self, kind: str, what: str, *, where: str = "", next_step: str = "") -> None:
        super().__init__(what, where=where, next_step=next_step)
        self.kind = kind


class NumberRefused(ReconError):
    """A number that enters is not of the one form the ledger takes; the message names the reason."""


class ForbiddenRequest(Exception):
    """A request outside a source's allow-list was about to be made: a broken program, never a user's fault."""
