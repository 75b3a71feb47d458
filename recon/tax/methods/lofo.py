"""Lowest in, first out: of a book's lots the one of the lowest price per unit, without fees, goes first.

Of one price the one that was acquired first; a lot whose price nothing tells comes last.
"""

from recon.core.lots import Method
from recon.tax.methods._lots import in_order

METHOD = Method(name="lofo", title="Lowest in, first out", match=in_order("lofo"))
