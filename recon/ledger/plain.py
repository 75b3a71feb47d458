"""Plain trades: one asset against money, with a fee in that money, as nearly all entries of a large ledger are.

They are told in columns, straight from the parts of the typed copy, so that no leg is made of them: that takes a fifth
of the time and a tenth of the room. A trade that was reversed, that came late, or of whose row a link tells is none.
"""

from collections.abc import Collection

import duckdb

from recon.ledger.parts import typed

PARTS = ("entries", "sides", "links", "versions", "late")
"""What they are made of."""

# Each posting counts by what it is, in a decimal place of its kind, so that the sum over an entry of at most five
# postings tells how many it has of each.
_MAKE = f"""
CREATE TABLE plain AS
WITH sides AS (
    SELECT p.entry_id AS entry, p.account AS account, p.asset AS asset, p.quantity AS quantity,
        CASE
            WHEN p.account = 'trading' THEN CASE WHEN list_contains($money, p.asset) THEN 100 ELSE 10 END
            WHEN starts_with(p.account, 'assets:') THEN CASE WHEN list_contains($money, p.asset) THEN 0 ELSE 1 END
            WHEN starts_with(p.account, 'fees:') AND list_contains($money, p.asset) THEN 1000
            ELSE 10000
        END AS kind
    FROM ({typed("sides")}) AS p
),
trades AS (
    SELECT
        s.entry,
        any_value(CASE WHEN s.kind = 1 THEN s.account END) AS place,
        any_value(CASE WHEN s.kind = 10 THEN s.asset END) AS asset,
        any_value(CASE WHEN s.kind = 100 THEN s.asset END) AS currency,
        any_value(CASE WHEN s.kind = 1000 THEN s.asset END) AS fee_currency,
        any_value(CASE WHEN s.kind = 10 THEN -s.quantity END) AS quantity,
        any_value(CASE WHEN s.kind = 100 THEN -s.quantity END) AS paid,
        coalesce(any_value(CASE WHEN s.kind = 1000 THEN s.quantity END), 0) AS fee
    FROM sides AS s
    GROUP BY s.entry
    HAVING count(*) <= 5 AND sum(s.kind) IN (111, 1111)
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
WHERE o.entry IS NULL AND (t.fee_currency IS NULL OR t.fee_currency = t.currency)
    AND (t.quantity > 0) = (t.paid < 0) AND t.quantity <> 0 AND t.paid <> 0
"""


def make_plain(copy: duckdb.DuckDBPyConnection, money: Collection[str]) -> None:
    """Makes the table ``plain`` of the registered parts, and leaves among these what is none.

    ``money`` are the assets that pay and are not units themselves.
    ``quantity`` is what arrived of the asset, ``paid`` what arrived of the currency; one of them is below zero.
    A ``fee`` below zero was given back.
    """
    copy.execute(_MAKE, {"money": sorted(money)})
    rest = copy.sql(
        "SELECT p.*, CAST(NULL AS VARCHAR) AS balance_after "
        "FROM sides_part AS p ANTI JOIN plain AS t ON t.entry = p.entry_id"
    )
    copy.register("postings_part", rest.to_arrow_table())
