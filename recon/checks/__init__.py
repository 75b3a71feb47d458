"""The checks: one SQL file is one question asked of the ledger; zero rows is a pass."""

from recon.checks._catalogue import Check, catalogue
from recon.checks._matched import Alike, Stray, Unmatched
from recon.checks._reckoned import Charge, Price, Pricing, Reckoned, Volume
from recon.checks._run import Configured, Disagreement, Problem, run

__all__ = [
    "Alike", "Charge", "Check", "Configured", "Disagreement", "Price", "Pricing", "Problem", "Reckoned", "Stray",
    "Unmatched", "Volume", "catalogue", "run",
]  # fmt: skip
