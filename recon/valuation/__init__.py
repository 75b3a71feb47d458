"""Valuation: which price applies. A rule a file, ``RULE``; the book tries them in the user's order, leg by leg."""

from recon.valuation._book import Order, PriceBook, Store, Way, When, rules
from recon.valuation._due import Span, ecb_due, nbp_due
from recon.valuation._rule import Series

__all__ = ["Order", "PriceBook", "Series", "Span", "Store", "Way", "When", "ecb_due", "nbp_due", "rules"]
