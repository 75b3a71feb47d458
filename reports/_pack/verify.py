"""Proves an audit pack without the program that made it, its database or a network.

    python3 verify.py [--seal FILE]... [FOLDER]

FOLDER is the pack, by default the folder that this file lies in. Needs Python 3.8 and nothing else. It re-computes the
digest of every file, the chain of the evidence and the sealed answers, the running hash of the ledger's entries up to
its head, the trial balance, the roll-forward, the lots, the control totals, and what the seals say of all that.
It prints every problem with its file and line, and ends with 0 where there is none, else with 5.

Who can write every file of a pack can make another one that is sound in itself. Only a seal that was kept elsewhere
shows that: give its file with --seal, or compare the manifest's digest, printed at the end, with the one it states.
For the same reason a careful reader runs a copy of this program that did not come with the pack.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
import re
import sys
import zlib
from bisect import bisect_right
from collections import defaultdict
from decimal import Context, Decimal, Inexact, InvalidOperation, localcontext
from itertools import groupby
from pathlib import Path
from typing import Any, Callable, Iterator, NamedTuple, Sequence

MANIFEST = "manifest.sha256"
LINES = "lines"
UNREADABLE = (
    *(OSError, EOFError, ValueError, KeyError, IndexError, TypeError, AttributeError, ArithmeticError),
    *(RecursionError, csv.Error, zlib.error),
)
ENTRIES = "source seq at ordinal kind key occurrence version answer pointer reverses stated_at hash".split()
POSTINGS = "source seq account asset quantity balance_after".split()
RECLASSIFIED = "source seq account asset quantity counts_until".split()
GENESIS = "0" * 64
ZERO = Decimal(0)
_NAME = re.compile(r"([0-9a-f]{64})  ([A-Za-z0-9_][A-Za-z0-9_.-]*(?:/[A-Za-z0-9_][A-Za-z0-9_.-]*)*)\Z")
_NUMBER = re.compile(r"-?[0-9]{1,60}(\.[0-9]{1,60})?\Z")
_PIECE = 1 << 20


class Leg(NamedTuple):
    """One account's part of an entry. ``last`` is the balance that the venue stated after it.

    As a report counts it, ``last`` is the moment up to which it counts; empty: it always does; or ``never``.
    """

    account: str
    asset: str
    quantity: Decimal
    last: str


class Pack:
    """A pack under proof: what was found wrong, what was done, and what one part leaves to the next."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.problems: list[tuple[str, str]] = []
        self.parts: list[tuple[str, int, str]] = []
        self.left_out = ""
        self.manifest = ""
        self.listed: dict[str, str] = {}
        self.about: dict[str, Any] = {}
        self.links: dict[int, str] = {}
        self.sizes: dict[str, int] = {}
        self.bodies: set[str] = set()
        self.bytes = 0
        self.evidence_head = GENESIS
        self.entries = 0
        self.ledger_head = ""
        self.seals: list[tuple[str, dict[str, Any]]] = []
        self.trial: list[defaultdict[tuple[str, str], Decimal]] = []
        self.rolled: dict[tuple[str, str, str], list[Decimal]] = {}

    def fault(self, place: str, text: str) -> None:
        """Notes a problem."""
        self.problems.append((place, text))

    def rows(self, name: str, titles: Sequence[str] = ()) -> Iterator[tuple[str, list[str]]]:
        """The rows of a CSV file, each with its place; a text that was kept from being a formula is itself again."""
        with (self.folder / name).open(encoding="utf-8", newline="") as file:
            lines = csv.reader(file, strict=True)
            first = [one[1:] if one[:1] == "'" else one for one in next(lines)]
            if titles and first != list(titles):
                raise ValueError(f"the columns of {name} are not {','.join(titles)}")
            if not titles:
                yield f"{name}:1", first
            for row in lines:
                if len(row) != len(first):
                    raise ValueError(
                        f"line {lines.line_num} of {name} has {len(row)} cells, not {len(first)}"
                    )
                yield f"{name}:{lines.line_num}", [one[1:] if one[:1] == "'" else one for one in row]


def prove(
    folder: Path, seals: Sequence[Path] = (), begins: Callable[[str], None] = lambda part: None
) -> Pack:
    """Proves a pack; ``seals`` are files of seals that were kept elsewhere. ``begins`` is told of each part."""
    pack = Pack(folder)
    parts: list[tuple[str, Callable[[Pack], int]]] = [
        ("files", _files),
        ("evidence chain", _chain),
        ("sealed answers", _bodies),
        ("seals", lambda one: _seals(one, seals)),
        ("entries of the ledger", _ledger),
        ("trial balances", _trial),
        ("rows of the roll-forward", _roll_forward),
        ("lots", _lots),
        ("control totals", _totals),
    ]
    longest = csv.field_size_limit(1 << 30)  # a cell holds whatever a venue sent
    try:
        with localcontext(Context(prec=200, traps=[Inexact, InvalidOperation])):
            for what, part in parts:
                begins(what)
                pack.left_out, count = "", 0
                try:
                    count = part(pack)
                except UNREADABLE as error:
                    pack.fault(what, f"it cannot be read on: {type(error).__name__} {error}")
                pack.parts.append((what, count, pack.left_out))
    finally:
        csv.field_size_limit(longest)
    return pack


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        for piece in iter(lambda: file.read(_PIECE), b""):
            digest.update(piece)
    return digest.hexdigest()


def _number(text: str) -> Decimal:
    if not _NUMBER.match(text):
        raise ValueError(f"{text[:40]!r} is not a number")
    return Decimal(text)


def _files(pack: Pack) -> int:
    """Every file against the manifest, and no file beside those it lists."""
    folder = pack.folder
    pack.manifest = _sha256(folder / MANIFEST)
    own = _changed_lines(folder, MANIFEST)
    lines = (folder / MANIFEST).read_bytes().split(b"\n")[:-1]
    for number, raw in enumerate(lines, start=1):
        found = _NAME.match(raw.decode("utf-8", "replace"))
        digest, name = found.groups() if found else ("", "")
        pack.listed[name or str(number)] = digest
        path = folder / name
        is_there = path.is_file() and not path.is_symlink()
        if number in own:
            altered = f"{LINES}/{MANIFEST}" if is_there and _sha256(path) == digest else MANIFEST
            pack.fault(
                f"{altered}:{number}", f"the line was altered: {MANIFEST} and its own lines do not fit"
            )
        elif not is_there:
            pack.fault(name or f"{MANIFEST}:{number}", "the file is missing, or is none that could be there")
        elif _sha256(path) != digest:
            of = name[len(LINES) + 1 :] if name.startswith(f"{LINES}/") else name
            for line in _changed_lines(folder, of)[:20]:
                pack.fault(f"{name}:{line}", "the line was altered, added or taken away")
            pack.fault(name, "the file is not the one that the manifest lists")
    if own and own[-1] > len(lines):
        pack.fault(f"{MANIFEST}:{own[-1]}", f"it has more or fewer lines than {LINES}/{MANIFEST}")
    known = {*pack.listed, MANIFEST, f"{LINES}/{MANIFEST}"}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if (path.is_symlink() or not path.is_dir()) and name not in known:
            pack.fault(name, "the file is not in the manifest")
    pack.about = json.loads((folder / "pack.json").read_text(encoding="utf-8"))
    return len(pack.listed)


def _changed_lines(folder: Path, name: str) -> list[int]:
    """The lines of a file that are not those its digests tell of; where their count differs, the first alone."""
    if not (folder / LINES / name).is_file():
        return []
    kept = (folder / LINES / name).read_bytes().split(b"\n")[:-1]
    with (folder / name).open("rb") as file:
        made = [hashlib.sha256(line).hexdigest()[:16].encode() for line in file]
    odd = [at for at, (one, other) in enumerate(zip(kept, made), start=1) if one != other]
    if len(kept) != len(made):
        return odd[:1] or [min(len(kept), len(made)) + 1]
    return odd


def _canonical(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _chain(pack: Pack) -> int:
    """Each line's link is the digest of the line, and names the line before."""
    with (pack.folder / "evidence/chain.jsonl").open("rb") as file:
        for number, raw in enumerate(file, start=1):
            place = f"evidence/chain.jsonl:{number}"
            try:
                line = json.loads(raw)
                bare = {name: value for name, value in line.items() if name != "link"}
                made = hashlib.sha256(_canonical(bare).encode()).hexdigest()
                sound = made == line["link"] and line["prev"] == pack.evidence_head and line["seq"] == number
                if not sound or _canonical(line).encode() + b"\n" != raw:
                    pack.fault(place, "the line was altered, or one is missing, added or moved")
                pack.evidence_head = pack.links[number] = str(line["link"])
                if line["sha256"] is not None:
                    pack.sizes[line["sha256"]] = line["bytes"]
            except UNREADABLE:
                pack.fault(place, "the line is not one of the chain")
    stated = pack.about["evidence"]
    if [len(pack.links), pack.evidence_head] != [stated["lines"], stated["head"]]:
        pack.fault("evidence/chain.jsonl", "it does not end where pack.json says")
    return len(pack.links)


def _bodies(pack: Pack) -> int:
    """Each sealed answer hashes to its name, and a line of the chain tells of it."""
    for path in sorted((pack.folder / "evidence").glob("*/*.gz")):
        name = path.relative_to(pack.folder).as_posix()
        digest, size = hashlib.sha256(), 0
        try:
            with gzip.open(path, "rb") as file:
                for piece in iter(lambda: file.read(_PIECE), b""):
                    digest.update(piece)
                    size += len(piece)
        except UNREADABLE as error:
            pack.fault(name, f"the answer cannot be read: {error}")
            continue
        pack.bytes += size
        if digest.hexdigest() + ".gz" != path.name or path.parent.name != path.name[:2]:
            pack.fault(name, f"the answer was altered: its bytes hash to {digest.hexdigest()}")
        elif pack.sizes.get(path.stem) != size:
            pack.fault(name, "no line of the chain tells of this answer, or it tells of another size")
        pack.bodies.add(path.stem)
    return len(pack.bodies)


def _seals(pack: Pack, kept: Sequence[Path]) -> int:
    """Each seal is the hash of its document, names the one before, and was put on this chain."""
    inside = sorted((pack.folder / "seals").glob("*.json"))
    found = [(path.relative_to(pack.folder).as_posix(), path, False) for path in inside]
    found += [(str(path), path, True) for path in kept]
    read = [one for one in (_seal(pack, *one) for one in found) if one is not None]
    previous = ""
    for name, document in sorted(read, key=lambda one: str(one[1]["ends_at"])):
        if document["seal"] != previous:
            if document["previous"] != previous:
                pack.fault(name, "it does not follow the seal before it")
            previous = document["seal"]
            pack.seals.append((name, document))
    if not kept:
        pack.left_out = "no seal that was kept elsewhere was given (--seal FILE)"
    return len(pack.seals)


def _seal(pack: Pack, name: str, path: Path, is_kept: bool) -> tuple[str, dict[str, Any]] | None:
    try:
        document: dict[str, Any] = json.loads(path.read_bytes())
        bare = {key: value for key, value in document.items() if key != "seal"}
        if hashlib.sha256(_canonical(bare).encode()).hexdigest() != document["seal"]:
            pack.fault(name, "the seal is not the hash of what it states: the document was altered")
        stated = document["reports"].get(f"audit-{pack.about['period']}/{MANIFEST}")
        is_own = is_kept and document["period"] == pack.about["period"]
        if is_own and stated != pack.manifest:
            pack.fault(MANIFEST, f"its digest is {pack.manifest}, and the seal states {stated}")
        number, link = document["evidence"]["seq"], document["evidence"]["link"]
        if pack.links.get(number, link if is_own else GENESIS) != link:
            pack.fault(name, f"line {number} of the evidence chain is not the one that it was put on")
        _ = document["ends_at"], document["previous"], document["newest"], document["balances"]
    except UNREADABLE as error:
        pack.fault(name, f"it is not the document of a seal: {type(error).__name__} {error}")
        return None
    return name, document


def _grouped(pack: Pack, name: str, titles: Sequence[str]) -> Iterator[tuple[tuple[str, str], list[Leg]]]:
    """The legs of an entry, one entry after another."""
    rows = (row for _, row in pack.rows(name, titles))
    for key, group in groupby(rows, key=lambda row: (row[0], row[1])):
        yield key, [Leg(row[2], row[3], _number(row[4]), row[5]) for row in group]


def _ledger(pack: Pack) -> int:
    """The running hash of every source's entries up to the ledger's head; what is posted; what rests on what."""
    linked = dict(_grouped(pack, "ledger/reclassified.csv", RECLASSIFIED))
    gone = _taken_back(pack)
    sealed = {
        (one["source"], str(one["seq"])): (name, one["hash"])
        for name, seal in pack.seals
        for one in seal["newest"]
    }
    ends = [seal["ends_at"] for _, seal in pack.seals]
    pack.trial = [defaultdict(Decimal) for _ in range(len(ends) + 1)]
    pointed = _Pointers(pack)
    postings = _grouped(pack, "ledger/postings.csv", POSTINGS)
    group = next(postings, None)
    source, number, prev, heads = "", 0, GENESIS, []
    for place, row in pack.rows("ledger/entries.csv", ENTRIES):
        if row[0] != source:
            heads += [prev] if source else []
            if row[0] <= source:
                pack.fault(place, "the sources are not in the order of their names")
            source, number, prev = row[0], 0, GENESIS
        number += 1
        legs: list[Leg] = []
        if group is not None and group[0] == (row[0], row[1]):
            legs, group = group[1], next(postings, None)
        told = [[one.account, one.asset, format(one.quantity, "f"), one.last] for one in legs]
        counts = [int(row[at]) for at in (1, 3, 6, 7, 10)]
        line = [
            prev,
            source,
            counts[0],
            row[2],
            counts[1],
            *row[4:6],
            *counts[2:4],
            *row[8:10],
            counts[4],
            told,
        ]
        if hashlib.sha256(_canonical(line).encode()).hexdigest() != row[12] or counts[0] != number:
            pack.fault(
                place, f"{source}/{row[1]}: the entry or its postings were altered, or an entry is missing"
            )
        name, digest = sealed.pop((row[0], row[1]), ("", row[12]))
        if digest != row[12]:
            pack.fault(place, f"{source}/{row[1]} is not the entry that {name} was put on")
        if any(_sums((one.asset, one.quantity) for one in legs).values()):
            pack.fault(place, f"{source}/{row[1]}: its postings do not sum to zero")
        bucket = pack.trial[bisect_right(ends, row[2])]
        for one in legs:
            bucket[one.account, one.asset] += one.quantity
        pointed.follow(place, row)
        _roll(pack, row, linked.get((row[0], row[1]), [one._replace(last="") for one in legs]), gone)
        prev = row[12]
        pack.entries += 1
    if group is not None:
        pack.fault("ledger/postings.csv", f"the entry {'/'.join(group[0])} is not there, or out of order")
    for key, (name, _) in sealed.items():
        pack.fault(name, f"the entry {'/'.join(key)} that it was put on is not in the pack")
    heads += [prev] if source else []
    pack.ledger_head = hashlib.sha256("".join(heads).encode()).hexdigest()
    if [pack.entries, pack.ledger_head] != [pack.about["entries"], pack.about["ledger_head"]]:
        pack.fault("ledger/entries.csv", "it does not lead to the ledger's head that pack.json states")
    return pack.entries


def _sums(parts: Any) -> dict[Any, Decimal]:
    found: dict[Any, Decimal] = defaultdict(Decimal)
    for key, quantity in parts:
        found[key] += quantity
    return found


def _taken_back(pack: Pack) -> set[tuple[str, str]]:
    """Entries that are as if they had never been: taken back at the moment at which they were dated."""
    gone: set[tuple[str, str]] = set()
    for _, row in pack.rows("ledger/entries.csv", ENTRIES):
        if row[10] != "0" and not row[11]:
            gone |= {(row[0], row[1]), (row[0], row[10])}
    return gone


class _Pointers:
    """Looks up the row of an answer that an entry rests on; the answers read last are kept."""

    def __init__(self, pack: Pack) -> None:
        self.pack = pack
        self.read: dict[str, Any] = {}
        self.withheld = set(pack.about["withheld"])

    def follow(self, place: str, row: list[str]) -> None:
        """Notes a problem where the answer of an entry is not there, or does not have the row."""
        answer, at = row[8], row[2]
        if answer not in self.pack.sizes:
            self.pack.fault(place, f"no line of the evidence chain tells of the answer {answer}")
        elif (self.pack.about["from"] or "") <= at < (self.pack.about["until"] or "9999"):
            if answer not in self.pack.bodies and answer not in self.withheld:
                self.pack.fault(place, f"the answer {answer} is not in the pack")
            elif answer in self.pack.bodies and not self._has(answer, row[9]):
                self.pack.fault(place, f"the answer {answer} has nothing at {row[9]}")

    def _has(self, answer: str, pointer: str) -> bool:
        if answer not in self.read:
            if len(self.read) == 8:
                del self.read[next(iter(self.read))]
            body = gzip.decompress((self.pack.folder / "evidence" / answer[:2] / f"{answer}.gz").read_bytes())
            try:
                self.read[answer] = json.loads(body.decode("utf-8-sig"), parse_int=str, parse_float=str)
            except ValueError:
                self.read[answer] = None
        value = self.read[answer]
        if value is None:
            return True  # a file that is no JSON: its rows are told by their number
        try:
            for step in pointer.split("/")[1:]:
                name = step.replace("~1", "/").replace("~0", "~")
                value = value[int(name)] if isinstance(value, list) else value[name]
        except (KeyError, IndexError, ValueError, TypeError):
            return False
        return True


FLOWS = {"income": 3, "adjustments": 9, "late": 10, "opening": 11}
BOTH_WAYS = {"external": (1, 6), "trading": (2, 5), "transit": (4, 8)}
ROLLED = "Opening,Deposits,Buys,Income,Transfers in,Sells,Withdrawals,Fees,Transfers out,Adjustments,"
ROLLED += "Prior-period items,Stated openings,Other,Closing by the ledger"
TAKEN_OFF = {5, 6, 7, 8}
HELD = {
    "By the ledger": 1,
    "Posted later": 1,
    "Units in lots": -1,
    "Short of lots": 1,
    "Held without a lot": -1,
}
"""The units of an asset, which come to nothing."""


def _roll(pack: Pack, row: list[str], legs: list[Leg], gone: set[tuple[str, str]]) -> None:
    """Adds what an entry moved to the roll-forward. What came late, or stopped to count, is told where a seal ends."""
    late, is_gone = bool(row[11]), (row[0], row[1]) in gone
    counted = [one for one in legs if one.last != "never"]
    _flow(pack, row[0], row[2], [(one, one.quantity) for one in counted], late=late, gone=is_gone)
    for until, ended in groupby((one for one in counted if one.last), key=lambda one: one.last):
        _flow(pack, row[0], until, [(one, -one.quantity) for one in ended], late=True, gone=False)


def _flow(
    pack: Pack, source: str, at: str, parts: list[tuple[Leg, Decimal]], *, late: bool, gone: bool
) -> None:
    start, end = pack.about["from"] or "", pack.about["until"] or "9999"
    for asset in {one.asset for one, _ in parts}:
        own = [(one.account, quantity) for one, quantity in parts if one.asset == asset]
        places = [account for account, _ in own if account.startswith("assets:")]
        against = _sums(
            (account.split(":")[0], quantity) for account, quantity in own if account not in places
        )
        for account, quantity in own:
            if account in places:
                row = pack.rolled.setdefault((source, account.split(":", 2)[2], asset), [ZERO] * 14)
            elif account.split(":")[0] == "transit":
                row = pack.rolled.setdefault(("between places", "transit", asset), [ZERO] * 14)
            else:
                continue
            row[0] += quantity if at < start else 0
            row[13] += quantity if at < end else 0
            if not start <= at < end or (gone and not late):
                continue
            if late:
                _move(row, "late", quantity)
            elif account not in places or (len(places) > 1 and not against):
                _move(row, "transit", quantity)
            elif len(places) > 1:
                _move(row, next(iter(against)) if len(against) == 1 else "other", quantity)
            else:
                for name, other in against.items():
                    _move(row, name, -other)


def _move(row: list[Decimal], name: str, quantity: Decimal) -> None:
    if name in BOTH_WAYS:
        row[BOTH_WAYS[name][quantity < 0]] += abs(quantity)
    elif name == "fees":
        row[7] -= quantity
    else:
        row[FLOWS.get(name, 12)] += quantity


def _roll_forward(pack: Pack) -> int:
    """Opening and movements make the closing, and the report shows nothing else."""
    shown = pack.rows("data/roll_forward.csv")
    titles = next(shown)[1]
    at = [titles.index(title) for title in ROLLED.split(",")]
    made = {key: row for key, row in pack.rolled.items() if any(row)}
    for place, cells in shown:
        key = (cells[titles.index("Source")], cells[titles.index("Account")], cells[titles.index("Asset")])
        row = made.pop(key, [ZERO] * 14)
        if row != [_number(cells[one]) for one in at]:
            pack.fault(
                place, f"the postings of {' '.join(key)} make {' '.join(format(one, 'f') for one in row)}"
            )
        moved = sum(-one if column in TAKEN_OFF else one for column, one in enumerate(row[:13]))
        if moved != row[13] or moved != _number(cells[titles.index("Closing")]):
            pack.fault(place, f"opening and movements of {' '.join(key)} make {moved}, not the closing")
    for key in made:
        pack.fault("data/roll_forward.csv", f"{' '.join(key)} is not there")
    return len(pack.rolled)


def _trial(pack: Pack) -> int:
    """All postings sum to zero asset by asset, and at the end of each seal they are what it states."""
    held: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for bucket, (name, seal) in zip(pack.trial, [*pack.seals, ("", {})]):
        for key, quantity in bucket.items():
            held[key] += quantity
        stated = {
            (one["account"], one["asset"]): _number(one["quantity"]) for one in seal.get("balances", ())
        }
        if seal and stated != {key: quantity for key, quantity in held.items() if quantity}:
            pack.fault(name, "the postings up to its end do not make the balances that it states")
    for asset, left in _sums((key[1], quantity) for key, quantity in held.items()).items():
        if left:
            pack.fault("ledger/postings.csv", f"all postings of {asset} sum to {left}, not to zero")
    return len(held)


def _table(pack: Pack, name: str) -> Iterator[tuple[str, dict[str, str]]]:
    """The rows of a table of the report, by its titles."""
    rows = pack.rows(name)
    titles = next(rows)[1]
    return ((place, dict(zip(titles, row))) for place, row in rows)


def _lots(pack: Pack) -> int:
    """A gain is proceeds less cost; gains and lots make the costs of an asset, and its units the ledger's."""
    count = 0
    sold: dict[str, Decimal] = defaultdict(Decimal)
    left: dict[str, list[Decimal]] = defaultdict(lambda: [ZERO] * 3)
    for place, one in _table(pack, "data/gains.csv"):
        count += 1
        if one["Gain"] and _number(one["Proceeds"]) - _number(one["Cost"]) != _number(one["Gain"]):
            pack.fault(place, f"{one['Entry']}: the gain is not the proceeds less the cost")
        sold[one["Asset"]] += _number(one["Cost"] or "0")
    for _, one in _table(pack, "data/open_lots.csv"):
        units = _number(one["Units"])
        parts = (units, ZERO if one["Cost"] else units, _number(one["Cost"] or "0"))
        left[one["Asset"]] = [sum(pair, ZERO) for pair in zip(left[one["Asset"]], parts)]
    held = {}
    for place, one in _table(pack, "data/positions.csv"):
        name = one["Asset"]
        stated = [_number(one[title]) for title in ("Units in lots", "Of which without a cost", "Cost")]
        held[name] = stated[2]
        if left.pop(name, [ZERO] * 3) != stated:
            pack.fault(place, f"the lots of {name} that are left do not make the position")
        if sum(sign * _number(one[title]) for title, sign in HELD.items()):
            pack.fault(place, f"the lots of {name} do not make what the ledger holds")
    for place, one in _table(pack, "data/cost_roll_forward.csv"):
        name, closing = one["Asset"], _number(one["Closing"])
        if _number(one["Opening"]) + _number(one["Additions"]) - _number(one["Disposals"]) != closing:
            pack.fault(place, f"opening and movements of {name} at cost do not make the closing")
        if [closing, _number(one["Disposals"])] != [held.pop(name, ZERO), sold.pop(name, ZERO)]:
            pack.fault(place, f"the costs of {name} are not those of its gains and lots")
    for name in [*left, *held, *(name for name, cost in sold.items() if cost)]:
        pack.fault("data/positions.csv", f"{name} is not there, or not at cost")
    return count


def _totals(pack: Pack) -> int:
    """The rows of each table, counted again, and its columns of numbers, summed again."""
    totals = list(pack.rows("totals.csv", ["file", "rows", "column", "sum"]))
    for name, stated in groupby(totals, key=lambda one: one[1][0]):
        asked = list(stated)
        rows = (row for _, row in pack.rows(name))
        titles = next(rows)
        places = [titles.index(row[2]) for _, row in asked if row[2]]
        sums, count = [ZERO] * len(places), 0
        for row in rows:
            count += 1
            for number, column in enumerate(places):
                sums[number] += _number(row[column] or "0")
        made = [format(one, "f") for one in sums] if places else [""]
        for (place, row), total in zip(asked, made):
            if row[1] != str(count) or _number(row[3] or "0") != _number(total or "0"):
                pack.fault(place, f"{name} has {count} rows, and {row[2] or 'no column'} sums to {total}")
    return len(totals)


def main(arguments: list[str]) -> int:
    """Proves the pack that the arguments name, and prints what came of it."""
    seals = []
    while arguments[:1] == ["--seal"] and len(arguments) > 1:
        seals.append(Path(arguments[1]))
        arguments = arguments[2:]
    if len(arguments) > 1 or arguments[:1] in (["-h"], ["--help"], ["--seal"]):
        print(__doc__)
        return 2
    pack = prove(Path(arguments[0]) if arguments else Path(__file__).resolve().parent, seals)
    for what, count, left_out in pack.parts:
        print(f"{what:26} {count:>10,}  {left_out}".rstrip())
    for place, text in pack.problems[:1000]:
        print(ascii(f"{place}: {text}")[1:-1])
    print(f"{len(pack.problems)} problems" if pack.problems else "Everything fits.")
    print(f"manifest {pack.manifest}")
    return 5 if pack.problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
