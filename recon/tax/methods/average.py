"""Average cost: a book's units all cost the moving average of what was paid for those that are there.

A match has no lot. The cost goes out by units and is exact to the last 10^-18: what went out and what is held sum to
what came in, and an empty book costs nothing. Canada: the adjusted cost base of identical properties, Income Tax Act,
section 47(1), over all places. Germany: the Federal Ministry of Finance's letter of 6 March 2025, wallet by wallet.
"""

from recon.core.lots import Method
from recon.tax.methods._pool import Pool
from recon.tax.methods._walk import walk

METHOD = Method(
    name="average", title="Moving average", match=lambda movements, plan: walk(movements, plan, Pool)
)
