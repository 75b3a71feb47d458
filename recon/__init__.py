"""recon: proves that a company's ledger and the books of its crypto venues say the same."""

__version__ = "0.1.0"
