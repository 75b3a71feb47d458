"""Last in, first out: of a book's lots the one that was acquired last goes first."""

from recon.core.lots import Method
from recon.tax.methods._lots import in_order

METHOD = Method(name="lifo", title="Last in, first out", match=in_order("lifo"))
