"""Plain trades: one asset against money, with a fee in that money, as nearly all entries of a large ledger are.

They are told in columns, straight from the parts of the typed copy, so that no leg is made of them: that takes a fifth
of the time and a tenth of the room. A trade that was reversed, that came late, or of whose row a link tells is none.
"""

from collections.abc import Collection

import duckdb

from recon.ledger.parts import typed

PARTS = ("entries", "postings", "links", "versions", "late")
"""What they are made of."""

_MAKE = f"""
CREATE TABLE plain AS
WITH sides AS (
    SELECT
        p.entry_id AS entry,
        p.account AS account,
        p.asset AS asset,
        list_contains($money, p.asset) AS money,
        p.quantity AS quantity,
        p.account = 'trading' AS traded,
        starts_with(p.account, 'assets:') AS own,
        starts_with(p.account, 'fees:') AS fee
    FROM ({typed("postings")}) AS p
),
trades AS (
    SELECT
        s.entry,
        max(CASE WHEN s.own AND NOT s.money THEN s.account END) AS place,
        max(CASE WHEN s.traded AND NOT s.money THEN s.asset END) AS asset,
        max(CASE WHEN s.traded AND s.money THEN s.asset END) AS currency,
        max(CASE WHEN s.traded AND NOT s.money THEN -s.quantity END) AS quantity,
        max(CASE WHEN s.traded AND s.money THEN -s.quantity END) AS paid,
        coalesce(max(CASE WHEN s.fee THEN s.quantity END), 0) AS fee
    FROM sides AS s
    GROUP BY s.entry
    HAVING sum(CASE WHEN s.traded THEN 1 ELSE 0 END) = 2
        AND sum(CASE WHEN s.own AND NOT s.money THEN 1 ELSE 0 END) = 1
        AND sum(CASE WHEN s.fee AND s.money AND s.quantity > 0 THEN 1 ELSE 0 END)
            = sum(CASE WHEN s.traded OR s.own THEN 0 ELSE 1 END)
        AND sum(CASE WHEN s.fee THEN 1 ELSE 0 END) <= 1
        AND min(CASE WHEN s.money THEN s.asset END) = max(CASE WHEN s.money THEN s.asset END)
),
odd AS (
    SELECT reverses AS entry FROM entries_part WHERE reverses IS NOT NULL
    UNION ALL SELECT entry FROM late_part
    UNION ALL
    SELECT e.id FROM entries_part AS e
    LEFT JOIN versions_part AS v ON v.id = e.record_id
    JOIN (SELECT one_record AS record FROM links_part UNION ALL SELECT other_record FROM links_part) AS k
        ON k.record = coalesce(v.first, e.record_id)
)
SELECT t.entry, e.source, e.seq AS number, e.at, t.place, t.asset, t.currency, t.quantity, t.paid, t.fee
FROM trades AS t
JOIN ({typed("entries")}) AS e ON e.id = t.entry AND e.reverses IS NULL
LEFT JOIN (SELECT DISTINCT entry FROM odd) AS o ON o.entry = t.entry
WHERE t.asset IS NOT NULL AND t.currency IS NOT NULL AND o.entry IS NULL
    AND (t.quantity > 0) = (t.paid < 0) AND t.quantity <> 0 AND t.paid <> 0
"""


def make_plain(copy: duckdb.DuckDBPyConnection, money: Collection[str]) -> None:
    """Makes the table ``plain`` of the registered parts, and leaves among these what is none.

    ``money`` are the assets that pay and are not units themselves.
    ``quantity`` is what arrived of the asset, ``paid`` what arrived of the currency; one of them is below zero.
    """
    copy.execute(_MAKE, {"money": sorted(money)})
    rest = copy.sql("SELECT p.* FROM postings_part AS p ANTI JOIN plain AS t ON t.entry = p.entry_id")
    copy.register("postings_part", rest.to_arrow_table())
