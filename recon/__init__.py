"""recon: proves that a company's ledger and the books of its crypto venues say the same."""

from os import PathLike
from typing import Any

__version__ = "0.1.0"


def open(config: str | PathLike[str] | None = None) -> Any:  # noqa: A001 - recon.open says what it does
    """The ledger of a configuration as pandas frames: a recon.notebook.Notebook.

    Without a path it is that of $RECON_CONFIG, else ./recon.toml. Raises ReconError, which says where, what and next.
    """
    # Here for start-up time: recon --version must not wait for pandas, nor for the ledger.
    from recon.notebook import Notebook  # noqa: PLC0415

    return Notebook(config)
