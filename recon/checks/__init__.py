"""The checks: one SQL file is one question asked of the ledger; zero rows is a pass."""

from recon.checks._catalogue import Check, catalogue
from recon.checks._run import Configured, Disagreement, Problem, run

__all__ = ["Check", "Configured", "Disagreement", "Problem", "catalogue", "run"]
