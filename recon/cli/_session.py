"""Opens what a command needs from its options."""

import getpass
import os
from collections.abc import Iterator
from contextlib import contextmanager

from recon.cli._clock import SYSTEM
from recon.cli._output import Options
from recon.core.acts import PROGRAM, Who
from recon.core.times import Period, period
from recon.ledger.store import Ledger
from recon.pipeline import config, session
from recon.pipeline.config import Config
from recon.pipeline.session import Session


def load(options: Options) -> Config:
    """The configuration the options point at."""
    return config.load(config.find(options.config))


@contextmanager
def writing(loaded: Config, command: str, who: Who = PROGRAM) -> Iterator[Session]:
    """A run of ``command`` that may write; ``who`` acts, where a person does."""
    with session.writing(loaded, SYSTEM, command, who) as opened:
        yield opened


def who(options: Options) -> Who:
    """The account that the program runs under, and the person: that of --as, else the account."""
    try:
        account = getpass.getuser()
    except (KeyError, OSError):  # no name for this number, as in a container
        account = f"uid {os.getuid()}"
    return Who(account, options.user or account)


@contextmanager
def reading(loaded: Config) -> Iterator[Ledger]:
    """The ledger to look at."""
    with session.reading(loaded) as ledger:
        yield ledger


def named(name: str, loaded: Config) -> Period:
    """The period a PERIOD argument names."""
    return period(name, loaded.zone, SYSTEM.now())
