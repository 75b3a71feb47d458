"""Planted faults by kind: how many were found, placed and named, and whether any name was false.

``make bench``; RECON_BENCH_FAULTS says how many of each kind. The same seeds each time.
"""

import os
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from random import Random

from recon.core.times import Period
from tests.checks._ledger import EVER, JANUARY, Ledger
from tests.laws._cases import Case
from tests.laws._judged import false_names, judge, tried
from tests.laws._planted import PLANTS, planted

EACH = int(os.environ.get("RECON_BENCH_FAULTS", "150"))
CLEAN = 1_000
AT_ONCE = 25
COLUMNS = ("planted", "found", "placed", "provable", "named", "falsely named")


def cases(kinds: Sequence[str], many: int, period: Period, *, sampled: int = 0) -> Iterator[Case]:
    """Cases of the first seeds that can be planted. ``sampled``: up to so many of the kinds, two at least."""
    made = 0
    for seed in range(many * 40):
        random = Random(f"{kinds} {period.name} {seed}")
        chosen = random.sample(kinds, random.randint(2, sampled)) if sampled else kinds
        case = planted(random, random.randint(1, 16), chosen, period)
        if case is not None:
            made += 1
            yield case
        if made == many:
            return


def judged(ledger: Ledger, kinds: Sequence[str], many: int, *, sampled: int = 0) -> Counter[str]:
    """What became of so many cases, half of them asked of a month."""
    count: Counter[str] = Counter()
    for period in (EVER, JANUARY):
        made = list(cases(kinds, many // 2, period, sampled=sampled))
        for first in range(0, len(made), AT_ONCE):
            some = made[first : first + AT_ONCE]
            for case, breaks in zip(some, tried(ledger, some), strict=True):
                count["broken"] += bool(breaks)
                count["falsely named"] += len(false_names(case, breaks))
                for verdict in judge(case, breaks):
                    count["planted"] += 1
                    count["found"] += verdict.found
                    count["placed"] += verdict.placed
                    count["provable"] += verdict.provable
                    count["named"] += verdict.named
    return count


def test_planted_faults_by_kind() -> None:
    ledger = Ledger()
    started = time.perf_counter()
    print(f"\n{'kind':14}" + "".join(f"{name:>15}" for name in COLUMNS))
    for kind in PLANTS:
        count = judged(ledger, [kind], EACH)
        print(f"{kind:14}" + "".join(f"{count[name]:15,}" for name in COLUMNS))
    count = judged(ledger, sorted(PLANTS), EACH, sampled=5)
    print(f"{'two to five':14}" + "".join(f"{count[name]:15,}" for name in COLUMNS))
    broken = judged(ledger, [], CLEAN)["broken"]
    print(f"clean ledgers: {CLEAN:,}, of which show a break: {broken}; {time.perf_counter() - started:.0f} s")
