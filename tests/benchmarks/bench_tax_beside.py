"""``recon tax`` beside RP2, beancount and BittyTax: the same trades of one asset, and the same gains of the year.

``make bench``; RECON_BENCH_BESIDE names other sizes. The others are looked for next to Python and on the PATH; one that
is not there is told. They read their file each time and recon reads its ledger, so a second figure adds what the pull
took, though a ledger is pulled once. All are given what they need to know: none asks a network for prices.
"""

import csv
import json
import os
import shutil
import sys
import zipfile
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from xml.sax.saxutils import escape

import pytest
import python_calamine

from tests.benchmarks._trades import START, YEAR, Took, ledger, recon_tax, took, trades

SIZES = [int(size) for size in os.environ.get("RECON_BENCH_BESIDE", "1000,10000").split(",")]
HELD_FROM = 10_000
"""From so many trades on recon must not take more of the processors, its start with it."""
ASSET = "C0"
FIFO = ("--rules", "generic", "--method", "fifo")
RP2_IN = (
    "timestamp", "asset", "exchange", "holder", "transaction_type", "spot_price", "crypto_in", "fiat_in_no_fee",
    "fiat_in_with_fee", "fiat_fee",
)  # fmt: skip
RP2_OUT = (*RP2_IN[:6], "crypto_out_no_fee", "crypto_fee", "fiat_out_no_fee")
RP2_INTRA = (
    "timestamp", "asset", "from_exchange", "from_holder", "to_exchange", "to_holder", "spot_price", "crypto_sent",
    "crypto_received",
)  # fmt: skip
SHEET = "application/vnd.oasis.opendocument.spreadsheet"
MANIFEST = f"""<m:manifest xmlns:m="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">
<m:file-entry m:full-path="/" m:media-type="{SHEET}"/>
<m:file-entry m:full-path="content.xml" m:media-type="text/xml"/>
</m:manifest>"""
OFFICE = "urn:oasis:names:tc:opendocument:xmlns"
BITTYTAX = (
    "Type", "Buy Quantity", "Buy Asset", "Buy Value", "Sell Quantity", "Sell Asset", "Sell Value", "Fee Quantity",
    "Fee Asset", "Fee Value", "Wallet", "Timestamp", "Note",
)  # fmt: skip


def rp2(program: str, size: int, folder: Path, gain: Decimal) -> Took:
    """RP2 for the United States, where only the name of the currency differs. A sale brings what its fee leaves."""
    _write_ods(folder / "trades.ods", _rp2_rows(size))
    columns = {"in_header": RP2_IN, "out_header": RP2_OUT, "intra_header": RP2_INTRA}
    with (folder / "rp2.ini").open("w") as file:
        file.write(f"[general]\nassets = {ASSET}\nexchanges = broker\nholders = me\n")
        for section, names in columns.items():
            file.write(f"[{section}]\n" + "".join(f"{name} = {place}\n" for place, name in enumerate(names)))
    found = took([program, "-m", "fifo", "-o", "told", "rp2.ini", "trades.ods"], folder, folder / "said")
    told = python_calamine.CalamineWorkbook.from_path(folder / "told" / "fifo_rp2_full_report.ods")
    rows = told.get_sheet_by_name(f"{ASSET} Tax").to_python()
    theirs = sum(Decimal(str(row[2])) for row in rows if (row[0], row[1], row[4]) == (YEAR, ASSET, "SELL"))
    assert abs(theirs - gain) < Decimal("0.01")
    return found


def _rp2_rows(size: int) -> Iterator[Iterable[str | Decimal]]:
    for word, names, buys in (("IN", RP2_IN, True), ("OUT", RP2_OUT, False)):
        yield (word,)
        yield names
        for one in trades(size, 1):
            if one.buys != buys:
                continue
            quantity, worth, fee = Decimal(one.quantity), Decimal(one.worth), Decimal(one.fee)
            who = (one.at.isoformat(), ASSET, "broker", "me")
            if buys:
                yield (*who, "buy", Decimal(one.price) / 100, quantity, worth, worth + fee, fee)
            else:
                price = round((worth - fee) / quantity, 11)
                yield (*who, "sell", price, quantity, Decimal(0), worth - fee)
        yield ("TABLE END",)


def _write_ods(path: Path, rows: Iterable[Iterable[str | Decimal]]) -> None:
    """The least that is an OpenDocument spreadsheet, each row as wide as the widest."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", SHEET, zipfile.ZIP_STORED)
        archive.writestr("META-INF/manifest.xml", MANIFEST)
        with archive.open("content.xml", "w") as file:
            names = " ".join(f'xmlns:{name}="{OFFICE}:{name}:1.0"' for name in ("office", "table", "text"))
            file.write(f'<office:document-content {names} office:version="1.2">'.encode())
            file.write(f'<office:body><office:spreadsheet><table:table table:name="{ASSET}">'.encode())
            for row in rows:
                cells = [*map(_cell, row)]
                cells += ["<table:table-cell/>"] * (len(RP2_IN) - len(cells))
                file.write(f"<table:table-row>{''.join(cells)}</table:table-row>".encode())
            file.write(b"</table:table></office:spreadsheet></office:body></office:document-content>")


def _cell(value: str | Decimal) -> str:
    if isinstance(value, Decimal):
        return f'<table:table-cell office:value-type="float" office:value="{value}"/>'
    return f'<table:table-cell office:value-type="string"><text:p>{escape(value)}</text:p></table:table-cell>'


def beancount(program: str, size: int, folder: Path, gain: Decimal) -> Took:
    """``bean-check`` books every sale first in, first out, and holds the year's gains to ours: it fails if they differ.

    It rounds each gain to a millionth.
    """
    years = range(START.year, YEAR + 1)
    with (folder / "trades.beancount").open("w") as file:
        file.write('option "booking_method" "FIFO"\n')
        for account in ("Assets:Coins", "Assets:Cash", *(f"Income:Gains:Y{year}" for year in years)):
            file.write(f"{START.year - 1}-01-01 open {account}\n")
        for one in trades(size, 1):
            worth, fee = Decimal(one.worth), Decimal(one.fee)
            price = f"{one.price // 100}.{one.price % 100:02}"
            file.write(f'{one.at.date()} * ""\n')
            if one.buys:
                file.write(f"  Assets:Coins  {one.quantity} {ASSET} {{{price} # {one.fee} GBP}}\n")
                file.write(f"  Assets:Cash  -{worth + fee} GBP\n")
            else:
                file.write(f"  Assets:Coins  -{one.quantity} {ASSET} {{}} @ {price} GBP\n")
                file.write(f"  Assets:Cash  {worth - fee} GBP\n  Income:Gains:Y{one.at.year}\n")
        file.write(f"{YEAR + 1}-01-01 balance Income:Gains:Y{YEAR}  {-gain} ~ 0.01 GBP\n")
    return took([program, "--no-cache", "trades.beancount"], folder, folder / "said")


def bittytax(program: str, size: int, folder: Path, gain: Decimal) -> Took:
    """BittyTax by the rules of the United Kingdom. It rounds what a day's disposals come to, each to the penny."""
    home = folder / ".bittytax"
    home.mkdir()
    (home / "bittytax.conf").write_text("data_source_fiat: []\ndata_source_crypto: []\n")
    with (folder / "trades.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(BITTYTAX)
        for one in trades(size, 1):
            coins, pounds = (one.quantity, ASSET, ""), (one.worth, "GBP", "")
            sides = (coins, pounds) if one.buys else (pounds, coins)
            at = f"{one.at:%Y-%m-%dT%H:%M:%SZ}"
            writer.writerow(("Trade", *sides[0], *sides[1], one.fee, "GBP", "", "broker", at, ""))
    wanted = ("--taxyear", str(YEAR + 1), "--summary", "--nopdf")
    found = took([program, *wanted, "trades.csv"], folder, folder / "said", HOME=str(folder))
    said = (folder / "said").read_text()
    totals = [line.split()[-1] for line in said.splitlines() if "Total" in line]
    theirs = Decimal(totals[-1].translate(str.maketrans("", "", "£,")).split("\x1b")[0])
    assert abs(theirs - gain) < 366 * Decimal("0.015"), (theirs, gain)
    return found


@pytest.mark.parametrize(
    ("name", "program", "theirs", "rules"),
    [
        ("RP2", "rp2_us", rp2, FIFO),
        ("beancount", "bean-check", beancount, FIFO),
        ("BittyTax", "bittytax", bittytax, ("--rules", "uk")),
    ],
)
def test_the_same_trades(
    name: str,
    program: str,
    theirs: Callable[[str, int, Path, Decimal], Took],
    rules: tuple[str, ...],
    cache: pytest.Cache,
    tmp_path: Path,
) -> None:
    places = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    found = shutil.which(program, path=places)
    if found is None:
        pytest.skip(f"{name} is not installed; .venv/bin/uv pip install --group bench would")
    print(f"\n{' '.join(rules)} beside {name}")
    for size in SIZES:
        folder = tmp_path / str(size)
        folder.mkdir()
        books, answer = ledger(cache.mkdir("recon-bench"), size), folder / "answer.json"
        ours = recon_tax(books.folder, answer, *rules)
        gain = Decimal(json.loads(answer.read_text())["summary"]["gain"])
        other = theirs(found, size, folder, gain)
        longer = other.processor / ours.processor
        with_pull = other.seconds / (ours.seconds + float(books.pulled))
        print(f"  {size:,} trades, gains of {gain:.2f}, load {os.getloadavg()[0]:.1f}")
        print(f"    recon     {ours}\n    {name:9} {other}")
        print(
            f"    {longer:.1f} times the seconds of processors; {with_pull:.1f} times as long as pull and tax"
        )
        assert size < HELD_FROM or longer >= 1
