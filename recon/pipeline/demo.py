"""The whole batch on sample data, over real HTTP, against stand-in venues on loopback."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from recon.core.errors import ConfigError
from recon.core.times import period
from recon.demo import cryptofuse, egera, ethgas
from recon.demo.faults import FAULTS
from recon.demo.venues import load_all, sample_path, serve
from recon.pipeline.clock import Clock
from recon.pipeline.config import load
from recon.pipeline.price_entry import import_file
from recon.pipeline.run import Batch, run_batch
from recon.pipeline.session import writing

PERIOD = "2025-Q1"
PRICES = "prices.csv"
_MARK = "# Written by recon demo, and written anew each time it runs.\n"
_CONFIG = """{mark}
[entity]
name = "Example Sp. z o.o."
timezone = "Europe/Warsaw"
base_currency = "PLN"

[ledger]
url = "sqlite:///recon.db"

[evidence]
path = "evidence"

[reports]
path = "reports"

[sources.egera]
kind = "egera"
base_url = "{egera}"
account_id = "{account_id}"
key = "file:secrets/egera"

[sources.fuse]
kind = "cryptofuse"
base_url = "{cryptofuse}/api/v1"
token_url = "{cryptofuse}/o/token/"
client_id = "{client_id}"
client_secret = "file:secrets/fuse"

[sources.gas]
kind = "ethgas"
base_url = "{ethgas}/api"
access_token = "file:secrets/gas"

[assets]
USDTERC20 = "USDT"
USDCERC20 = "USDC"

[prices]
sources = ["trades", "files"]

[rules.customers]
type = "deposit"
direction = "in"
activity = "income: other"

[rules.suppliers]
type = "withdrawal"
direction = "out"
activity = "payment"
"""
_SECRETS = {"egera": egera.KEY, "fuse": cryptofuse.CLIENT_SECRET, "gas": ethgas.ACCESS_TOKEN}


@dataclass(frozen=True, kw_only=True)
class Demo:
    """What the demo did, and where it is."""

    folder: Path
    faults: tuple[str, ...]
    batch: Batch


def run_demo(folder: Path, clock: Clock, *, with_faults: bool, notify: Callable[[str], None]) -> Demo:
    """Serves the sample books (with three faults planted, or none), then pulls, reconciles and reports them."""
    faults = tuple(FAULTS) if with_faults else ()
    with _venues(faults) as urls:
        _prepare(folder, urls)
        config = load(folder / "recon.toml")
        with writing(config, clock, "demo") as session:
            import_file(session, folder / PRICES)
            asked = period(PERIOD, config.zone, clock.now())
            batch = run_batch(session, asked, config.reports, notify)
    return Demo(folder=folder, faults=faults, batch=batch)


@contextmanager
def _venues(faults: tuple[str, ...]) -> Iterator[Mapping[str, str]]:
    books = load_all()
    for fault in faults:
        books = FAULTS[fault](books)
    venues = {
        "egera": egera.Egera(books["egera"]),
        "cryptofuse": cryptofuse.CryptoFuse(books["cryptofuse"]),
        "ethgas": ethgas.EthGas(books["ethgas"]),
    }
    with ExitStack() as stack:
        yield {name: stack.enter_context(serve(venue)) for name, venue in venues.items()}


def _prepare(folder: Path, urls: Mapping[str, str]) -> None:
    """The demo's configuration and secrets, with the ports of this run; somebody's own folder is left alone."""
    path = folder / "recon.toml"
    try:
        if path.exists() and not path.read_text(encoding="utf-8").startswith(_MARK):
            raise ConfigError(
                "the folder has a configuration that is not the demo's",
                where=str(path),
                next_step="Give another folder: recon demo DIR",
            )
        secrets = folder / "secrets"
        secrets.mkdir(mode=0o700, parents=True, exist_ok=True)
        (folder / PRICES).write_bytes((sample_path() / PRICES).read_bytes())
        for name, value in _SECRETS.items():
            (secrets / name).touch(mode=0o600)
            (secrets / name).write_text(value, encoding="utf-8")
        text = _CONFIG.format(mark=_MARK, account_id=egera.ACCOUNT_ID, client_id=cryptofuse.CLIENT_ID, **urls)
        path.touch(mode=0o600)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigError(
            f"the demo's folder cannot be written: {error.strerror}", where=str(folder)
        ) from None
