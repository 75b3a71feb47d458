"""First in, first out: of a book's lots the one that was acquired first goes first, wherever it lay before.

United States: Treas. Reg. 1.1012-1(j), where no unit was identified; the date of a move into the wallet does not count.
Germany: the Federal Ministry of Finance's letter of 6 March 2025 on crypto-assets, wallet by wallet.
"""

from recon.core.lots import Method
from recon.tax.methods._lots import in_order

METHOD = Method(name="fifo", title="First in, first out", match=in_order("fifo"))
