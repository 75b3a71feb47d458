"""The typed copy of a ledger that the checks run on: ledger -> ADBC -> Arrow -> DuckDB in memory, exact all the way.

Numbers travel as text and become DECIMAL(36,18) in DuckDB; moments become TIMESTAMP in UTC. Nothing is reckoned on the
way, and no extension is loaded. What is copied is the ledger up to its newest ids at the start: as nothing in it ever
changes, that is one state of it, whatever is appended meanwhile.

DuckDB takes ``at`` for a word of its own: a query writes it with its table, as in ``legs.at``.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pyarrow as pa

from recon.ledger.cuts import Cuts, newest
from recon.ledger.database import Database, clear_errors
from recon.ledger.kept import held, kept_files
from recon.ledger.parts import LEGS, POSTED, read, typed
from recon.ledger.plain import PARTS as OF_PLAIN
from recon.ledger.plain import make_plain
from recon.ledger.store import Ledger

TABLES = frozenset({
    "legs", "pending", "readings", "snapshots", "looks", "coverage", "facts", "beside", "reversals", "links",
})  # fmt: skip
_MEMORY = "2500MB"
"""What DuckDB may hold; the rest lies on disk meanwhile."""

_MAKE_LEGS = """
CREATE TABLE legs AS
SELECT
    posted.* EXCLUDE (reverses),
    posted.entry AS turn,
    posted.reverses IS NULL AND reversal.reversed IS NULL AS live,
    true AS counted,
    CAST(NULL AS TIMESTAMP) AS counted_until,
    posted.number AS origin,
    coalesce(late.stated_at, posted."at") AS stated_at
FROM ({posted}) AS posted
LEFT JOIN ({late}) AS late ON late.entry = posted.entry
LEFT JOIN (SELECT DISTINCT reverses AS reversed FROM {reversals} WHERE reverses IS NOT NULL) AS reversal
    ON reversal.reversed = posted.entry
"""
"""An entry is dated behind what was sealed when it came; ``stated_at`` is when it happened.

``counted_until``: it counted in what was sealed up to this moment; then another source was found to hold it too.
"""

_ORIGINS = """
UPDATE legs SET origin = f.number
FROM (
    SELECT l.record, min(l.number) AS number FROM legs AS l
    WHERE l.record IN (SELECT o.record FROM legs AS o WHERE NOT o.live) GROUP BY l.record
) AS f
WHERE legs.record = f.record
"""
"""A row that is posted anew keeps the number that it was first posted under."""

_FINGERPRINT = """
SELECT coalesce(max(entry), 0), count(*), coalesce(sum(hash(
    entry, number, source, ledger_account, asset, quantity, balance_after, legs.at, ordinal, kind, record, txid, address
)), 0)
FROM legs WHERE entry <= ?
"""

_TIE = (
    """
CREATE OR REPLACE TEMP TABLE ties AS
WITH RECURSIVE held AS (
    SELECT k.link, k.one_record, k.other_record FROM links AS k WHERE k.kind = 'same'
    UNION
    SELECT h.link, k.one_record, h.other_record FROM held AS h JOIN links AS k ON k.other_record = h.one_record
    WHERE k.kind = 'same'
)
SELECT k.link, k.kind, o.entry AS sent, o.asset, t.entry AS received, t.asset AS other_asset,
    CAST(o.quantity + t.quantity AS DECIMAL(36, 18)) AS fee
FROM links AS k
JOIN legs AS o ON o.record = k.one_record AND o.class IN ('external', 'transit') AND o.live
JOIN legs AS t ON t.record = k.other_record AND t.class IN ('external', 'transit') AND t.live
WHERE k.kind = 'transfer' AND o.quantity + t.quantity >= 0 AND (k.fee = o.quantity + t.quantity OR k.fee IS NULL)
    AND NOT (o.txid <> t.txid AND o.txid <> '' AND t.txid <> '' AND (k.basis = 'txid' OR o.txid LIKE '0x%'))
UNION ALL
SELECT h.link, 'same', o.entry, o.asset, t.entry, t.asset, 0
FROM held AS h
JOIN legs AS o ON o.record = h.one_record AND o.live AND o.class NOT IN ('assets', 'fees')
JOIN legs AS t ON t.record = h.other_record AND t.live AND t.quantity = o.quantity
    AND t.class NOT IN ('assets', 'fees')
WHERE NOT (o.txid <> t.txid AND o.txid <> '' AND t.txid <> '')
    AND NOT (o.address <> t.address AND o.address <> '' AND t.address <> '')
""",
    """
INSERT INTO legs SELECT l.* REPLACE ('fees' AS class, 'fees:' || l.source AS ledger_account, t.fee AS quantity)
FROM ties AS t JOIN legs AS l ON l.entry = t.sent AND l.asset = t.asset AND l.class IN ('external', 'transit')
WHERE t.kind = 'transfer' AND t.fee <> 0
""",
    """
UPDATE legs SET class = 'transit', ledger_account = 'transit', quantity = quantity - t.fee
FROM ties AS t WHERE t.kind = 'transfer' AND legs.entry = t.sent AND legs.class IN ('external', 'transit')
""",
    """
UPDATE legs SET class = 'transit', ledger_account = 'transit'
FROM ties AS t WHERE t.kind = 'transfer' AND legs.entry = t.received AND legs.class = 'external'
""",
    """
UPDATE legs SET counted = false, counted_until = CASE WHEN legs.at < s.since THEN s.since END
FROM (
    SELECT t.received, min(coalesce(b.since, TIMESTAMP '0001-01-01')) AS since
    FROM ties AS t LEFT JOIN behind AS b ON b.link = t.link
    WHERE t.kind = 'same' GROUP BY t.received
) AS s
WHERE legs.entry = s.received
""",
)
"""A transfer moves through transit, less the fee; of a movement held by several sources the first that is there counts.

A row may have been changed by its venue, or in its file, since it was linked: a link holds while its rows still agree,
and a transfer while it loses what it lost then. ``ties`` stays as the table of what holds; ``behind`` tells the end of
what was sealed when a link was found.
"""


@contextmanager
def load(
    ledger: Ledger,
    *,
    tables: Collection[str] = TABLES,
    tied: bool = True,
    kept: Path | None = None,
    money: Collection[str] = (),
    until: Cuts | None = None,
    memory: str = _MEMORY,
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB connection with the copies that ``tables`` names, for as long as the block takes.

    Besides TABLES there is ``origins``: for each entry the sealed answer that its row came in, and where in it.
    Where it holds legs and links, the legs follow the links, unless that is left to the caller. ``kept`` is a folder
    where the legs of a ledger on a server stay from one load to the next (see recon.ledger.kept); a SQLite file is
    read anew. Where ``money`` names the assets that pay, plain trades are told by the table ``plain`` and have no legs
    (see recon.ledger.plain). ``until`` is a state that the ledger was in, instead of that of now: nothing is kept of
    its legs. ``memory`` is what may be held; the rest lies on disk. Raises LedgerError. No transaction of the ledger
    may be open while the copy is made: recon.ledger.sqlite says why.
    """
    with TemporaryDirectory(prefix="recon-copy-") as passing:
        on_disk = kept is not None and until is None and ledger.on_server
        copy = duckdb.connect(
            f"{passing}/copy" if on_disk else ":memory:",
            config={
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
                "memory_limit": memory,
                "temp_directory": passing,
            },
        )
        with copy:
            # It would draw into standard output, which may be one JSON document. A notebook that can't draw one has
            # it off, and refuses to hear of it.
            if copy.execute("SELECT current_setting('enable_progress_bar')").fetchall() == [(True,)]:
                copy.execute("SET enable_progress_bar = false")
            with held(kept) if kept is not None and on_disk else nullcontext() as folder:
                asked = {*tables, "behind"} if "links" in tables else {*tables}
                _fill(ledger, copy, asked, folder, money, until)
            if tied and {"legs", "links"} <= {*tables}:
                tie(copy)
            yield copy


def _fill(
    ledger: Ledger,
    copy: duckdb.DuckDBPyConnection,
    tables: set[str],
    folder: Path | None,
    money: Collection[str],
    until: Cuts | None,
) -> None:
    """Makes the tables; where there is a folder, it holds the legs of all entries then."""
    if until is None:
        with ledger.transaction() as tx:
            until = newest(tx)
    cuts = until._asdict()
    kept = folder is not None and "legs" in tables and cuts["entries"] > 0
    plain = sorted(tables - {"legs"})
    names = [*LEGS, *plain] if "legs" in tables and not kept else plain
    names = [*names, "late"] if "legs" in tables else names
    names = [*dict.fromkeys((*OF_PLAIN, *names))] if money else names
    names = [one for one in names if one != "postings"] if money else names
    cuts |= {"after": 0, "first": 0, "last": cuts["records"]}
    with clear_errors(ledger.where), ledger.alone() as database:
        _register(copy, database, cuts, names)
    if money:
        make_plain(copy, money)
    if folder is not None and kept:
        files = [str(path) for path in kept_files(ledger, copy, cuts, folder)]
        posted = f"SELECT * FROM read_parquet({files})"
        copy.execute(_MAKE_LEGS.format(posted=posted, reversals=f"({posted})", late=typed("late")))
    elif "legs" in tables:
        copy.execute(_MAKE_LEGS.format(posted=POSTED, reversals="entries_part", late=typed("late")))
    if "legs" in tables:
        copy.execute(_ORIGINS)
    for name in plain:
        copy.execute(f"CREATE TABLE {name} AS {typed(name)}")
    for name in {*names, "postings"}:
        copy.unregister(f"{name}_part")


def _register(
    copy: duckdb.DuckDBPyConnection, database: Database, cuts: Mapping[str, int], names: Sequence[str]
) -> None:
    """Reads the parts, on both cores: the sides, which are most of a ledger, in halves."""
    middle = cuts["entries"] // 2
    spans = [(name, cuts) for name in names if name != "sides"]
    if "sides" in names:
        spans = [("sides", {**cuts, "entries": middle}), ("sides", {**cuts, "after": middle}), *spans]
    with ThreadPoolExecutor(2) as both_cores:
        parts = list(both_cores.map(lambda span: read(database, span[1], span[0]), spans))
    for name in names:
        found = [part for (one, _), part in zip(spans, parts, strict=True) if one == name]
        copy.register(f"{name}_part", pa.concat_tables(found).unify_dictionaries())


def fingerprint(copy: duckdb.DuckDBPyConnection, until: int | None = None) -> tuple[int, str]:
    """What tells the legs as they were posted, up to an entry or all, from any others; and the last of these entries.

    Only of a copy whose legs do not follow the links yet. It is quick, and no proof against one who means to deceive.
    """
    found = copy.execute(_FINGERPRINT, [2**62 if until is None else until]).fetchone()
    assert found is not None
    return found[0], f"{duckdb.__version__} {found[1]} {found[2]}"


def tie(copy: duckdb.DuckDBPyConnection) -> None:
    """Lets the legs of a copy follow its links; once.

    A link holds while both its rows are posted. A transfer's legs stand in ``transit`` instead of ``external``, less a
    fee; a movement that another source holds too no longer counts.
    """
    for statement in _TIE:
        copy.execute(statement)
