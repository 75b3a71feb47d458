"""Accounts, assets and texts as other programs can read them.

A name follows from the thing alone, so that it is the same in every file, and no two things have one name. Accounts can
be read back from their names; the files tell beside each name whose it is.
"""

import re
from hashlib import sha256

from reports._render._plain import visible

OPENING = "Equity:Opening-Balances"
"""Takes, at a period's start, what income and fees had come to before."""
_ROOTS = {"assets": "Assets", "loans": "Liabilities:Loans", "fees": "Expenses:Fees", "income": "Income"}
_TRANSIT = "Assets:In-Transit"
_ODD = re.compile(r"[^A-Za-z0-9]")
_PLAIN_ASSET = re.compile(r"[A-Z][A-Z0-9._-]{0,22}[A-Z0-9]\Z")
_ODD_OF_ASSET = re.compile(r"[^A-Z0-9._-]|[._-]\Z")
_KEYWORDS = frozenset({"TRUE", "FALSE", "NULL"})
_LONGEST = 24


def account_name(account: str) -> str:
    """An account's name: ``assets:egera:main`` is ``Assets:Egera:Main``.

    What is no class of its own stands under Equity, and units on their way under Assets. No account is below another,
    as programs add up what is.
    """
    kind, *rest = account.split(":", 2)
    parts = [_component(one) for one in rest]
    if account == "transit":
        return _TRANSIT
    if kind in _ROOTS and rest:
        return ":".join([_ROOTS[kind], *parts])
    return ":".join(["Equity", _component(kind), *parts])


def _component(word: str) -> str:
    """Begins with a capital or a digit. ``-`` escapes: twice it is itself, ``-20-`` a character by its number.

    A word that does not begin with a small letter or a digit has an X before it, and so has one that begins with x.
    """
    written = _ODD.sub(lambda found: "--" if found[0] == "-" else f"-{ord(found[0]):x}-", word)
    if re.match("[a-wyz0-9]", word):
        return written[0].upper() + written[1:]
    return f"X{written}"


def asset_name(asset: str) -> str:
    """An asset as a commodity of at most 24 characters: itself where it can be, else with an apostrophe in it.

    ``'3A`` is a character by its number, and ``X''`` stands before what may not begin a name. What is too long then is
    its first five characters and the first 14 hexadecimal digits of its SHA-256.
    """
    if _PLAIN_ASSET.match(asset) and asset not in _KEYWORDS:
        return asset
    written = _ODD_OF_ASSET.sub(lambda found: f"'{ord(found[0]):02X}", asset)
    if not re.match("[A-Z].", asset) or asset in _KEYWORDS:
        written = f"X''{written}"
    if len(written) <= _LONGEST and asset.isascii():
        return written
    readable = re.sub("[^A-Z0-9]", "", asset.upper())[:5]
    return f"X''{readable}''{sha256(asset.encode('utf-8', 'surrogatepass')).hexdigest()[:14].upper()}"


def line(text: str, but: str = "") -> str:
    """A text on one line, with all that hides and every character of ``but`` written as its escape."""
    written = visible(text).replace("\n", r"\n")
    return written.translate({ord(one): f"\\x{ord(one):02x}" for one in but}) if but else written
