"""Matching a million movements, nothing linked yet: a third by hash, a third by amount, a third that are all alike.

``make bench``. Held to 15 seconds on two quiet cores, of which the search for candidates takes 5.
"""

import resource
import time
from collections import Counter

from tests.matching._books import Books

PAIRS = 500_000
_FILL = """
insert into legs
with rows as (
    select i, side, (2 * side - 3) * case i % 3 when 2 then 100 else cast(i as decimal(36, 18)) + 0.123456 end as q,
        timestamp '2024-01-01' + to_seconds(cast(i as bigint) * 31536000 // $pairs + side * 600) as moment,
        case i % 3 when 0 then '0x' || md5(cast(i as varchar)) else '' end as txid
    from range(1, $pairs + 1) as t(i), (values (1), (2)) as s(side)
),
entries as (select *, row_number() over (order by i, side) as entry from rows)
select entry, case side when 1 then 'egera' else 'gas' end, case c when 1 then 'main' end,
    case c when 1 then 'assets:x' else 'external:x' end, case c when 1 then 'assets' else 'external' end, 'BTC',
    cast(c * q as decimal(36, 18)), null, moment, entry, 'deposit', true, entry, entry, entry, txid, '', true,
    entry, false, moment, null
from entries, (values (1), (-1)) as l(c)
"""


def test_a_million_movements_are_matched() -> None:
    books = Books()
    books.connection.execute("set threads = 2")
    books.connection.execute(_FILL, {"pairs": PAIRS})
    began = time.perf_counter()
    found = books.found()
    seconds = time.perf_counter() - began
    bases = Counter(one.basis for one in found.links)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"\nmatching {2 * PAIRS:,} movements: {seconds:.1f} s, {dict(bases)}, peak {peak} MiB")
    assert bases == {"txid": PAIRS // 3, "amount": (PAIRS + 2) // 3}
    assert [one.anchor.split()[0] for one in found.unmatched.strays] == ["crowd"]
