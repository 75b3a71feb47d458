"""Highest in, first out: of a book's lots the one of the highest price per unit, without fees, goes first.

Of one price the one that was acquired first; a lot whose price nothing tells comes last. No law names this method:
where units may be identified specifically, it is a rule for choosing them.
"""

from recon.core.lots import Method
from recon.tax.methods._lots import in_order

METHOD = Method(name="hifo", title="Highest in, first out", match=in_order("hifo"))
