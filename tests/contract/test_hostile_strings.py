"""What a venue or a file writes is only ever text: in the ledger, on the terminal, in a workbook and on a page."""

import re
import subprocess
import zipfile
from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from html.parser import HTMLParser
from typing import Any, NamedTuple

import pytest
from openpyxl import load_workbook

from reports._pack.verify import prove
from tests.contract.house import House, house, places
from tests.contract.outside import Ran, recon

CALC, SCRIPT, UP = "=cmd|' /C calc'!A0", "<script>alert(1)</script>", "../../x"
TURNED, LONG, LINES, NUL = "BTC\u202e\u2066KCAH", "A" * 10_240, "BTC\r\nUSD", "BT\0C"
ESCAPE, MARKUP, IMAGE = "\x1b[31mBTC", "[red]BTC[/red]", '"><img src=x onerror=alert(1)>'
HOSTILE = (CALC, SCRIPT, UP, TURNED, LONG, LINES, NUL, ESCAPE, MARKUP, IMAGE)


def books() -> dict[str, Any]:
    """Each text as a currency, a type, an address and a transaction's hash, in books that add up."""
    numbered = list(enumerate(HOSTILE, 1))
    held = dict.fromkeys(HOSTILE, "1") | {"BTC": str(len(HOSTILE))}
    history = [("01", text, "deposit", number, 1) for number, text in numbered]
    history += [("02", "BTC", text, number, number) for number, text in numbered]
    return {
        "fuse": {
            "balances": {"account": held, "sub_accounts": {}},
            "history": [
                {
                    "timestamp": f"2025-{month}-{day:02}T00:00:00Z", "currency": currency, "type": kind,
                    "amount": "1", "balance_after": str(after),
                }
                for month, currency, kind, day, after in reversed(history)
            ],
        },
        "egera": {
            "balances": {"PLN": {"active": "0", "inactive": "0"}},
            "deposits": {
                "pln": [
                    {"time": str(1736000000 + number), "amount": "5", "type": text, "state": "1"}
                    for number, text in numbered
                ]
            },
            "withdrawals": {
                "pln": [
                    {"time": str(1737000000 + number), "amount": "5", "address": text, "tx": text, "state": "1"}
                    for number, text in numbered
                ]
            },
            "trades": [
                {
                    "currency1": text, "currency2": "pln", "amount": "1", "time_close": 1738000000 + number,
                    "price": "1", "fee_taker": "0", "fee_maker": "0", "type": text, "action": text,
                }
                for number, text in numbered
            ],
            "wallets": {"pln": {"decimal_point": "2"}, "btc": {"decimal_point": "8"}, SCRIPT: {"decimal_point": CALC}},
        },
        "gas": {
            "accounts": [
                {
                    "accountId": 128,
                    "name": SCRIPT,
                    "tokens": [{"tokenId": text, "code": text, "quantity": "1"} for text in HOSTILE],
                },
                {"accountId": UP, "tokens": []},
            ],
            "txs": [
                {
                    "trxId": number, "accountId": 128, "tokenId": text, "type": text, "quantity": "1", "balance": "1",
                    "createDate": 1736500000000 + number,
                }
                for number, text in numbered
            ],
        },
    }  # fmt: skip


FILE = f"""timestamp,kind,account,asset,quantity,balance_after,txid,id,note
2025-01-02T00:00:00Z,deposit,"{CALC}",BTC,1,1,{UP},1,{SCRIPT}
2025-01-03T00:00:00Z,deposit,{SCRIPT},BTC,1,1,{MARKUP},{CALC},"two
lines"
2025-01-04T00:00:00Z,deposit,{UP},BTC,1,1,{TURNED},{TURNED},{LONG}
"""


class Seen(NamedTuple):
    """What one pass over everything showed."""

    made: House
    pull: Ran
    reconcile: Ran
    said: Ran
    balances: Ran
    outside: list[str]


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seen]:
    around = tmp_path_factory.mktemp("around")
    folder = around / "in" / "folder"
    (folder / "broker").mkdir(parents=True)
    (folder / "broker" / "=cmd.csv").write_text(FILE, encoding="utf-8")
    with house(folder, "egera", "fuse", "gas", "broker", books=books()) as made:
        settings = made.settings("egera", "fuse", "gas", "broker")
        settings["entity"]["name"] = f"{SCRIPT}{CALC}\u202e & Söhne"
        made.write(settings)
        yield Seen(
            made,
            recon(folder, "pull", "--json"),
            recon(folder, "reconcile", "2025-Q1", "--json", code=3),
            recon(folder, "run", "2025-Q1", code=3),
            recon(folder, "balances", "--json"),
            [path.relative_to(around).as_posix() for path in around.glob("*")]
            + [path.name for path in (around / "in").glob("*")],
        )


def test_every_row_is_kept_and_a_second_pull_knows_it_again(seen: Seen) -> None:
    streams = {f"{one['source']}/{one['stream']}": one for one in seen.pull.json["streams"]}
    assert seen.pull.json["status"] == "ok"
    assert streams["fuse/history"]["new"] == 2 * len(HOSTILE)
    assert streams["egera/trades"]["new"] == streams["egera/deposits/PLN"]["new"] == len(HOSTILE)
    assert streams["gas/txs/128"]["new"] == len(HOSTILE)
    assert streams["broker/broker/=cmd.csv"]["new"] == 3
    again = recon(seen.made.folder, "pull", "--json").json["streams"]
    assert {one["new"] + one["changed"] + one["vanished"] for one in again} == {0}
    assert recon(seen.made.folder, "verify", "--json").json["ok"] is True


def test_an_impossible_currency_stands_in_suspense_with_its_text_kept(seen: Seen) -> None:
    found = seen.reconcile.json["breaks"]
    kept = " ".join(one["diagnosis"]["text"] for one in found if one["check"] == "unclassified")
    kept += " ".join(str(one["diagnosis"]["members"]) for one in found)
    for text in (CALC, SCRIPT, UP, LONG, MARKUP, r"BT\u0000C", r"BTC\r\nUSD", r"\u001b[31mBTC"):
        assert text in kept.replace("\\\\", "\\"), text[:40]
    held = places(seen.balances.json)
    assert sum(asset.startswith("ODD-") for source, _, asset, _ in held if source == "fuse") == len(HOSTILE)
    assert ("broker", CALC, "BTC", "1") in held and ("broker", UP, "BTC", "1") in held


def test_nothing_is_written_outside_the_folders(seen: Seen) -> None:
    assert seen.outside == ["in", "folder"]
    names = {path.name for path in seen.made.folder.iterdir()}
    assert names == {
        "broker", "egera", "fuse", "gas", "evidence", "recon.toml", "recon.db", "recon.db.lock", "reports-out",
        ".recon",
    }  # fmt: skip
    assert {path.name for path in (seen.made.folder / "reports-out").iterdir()} == {
        "accountant-2025-Q1.xlsx", "audit-2025-Q1", "confirmation-2025-Q1.xlsx", "confirmation-2025-Q1.html",
        "manifest.sha256",
    }  # fmt: skip


def test_the_terminal_gets_nothing_that_turns_hides_or_colours_text(seen: Seen) -> None:
    told = "".join(
        recon(seen.made.folder, "explain", each).stdout for each in ("unclassified", "running_balance")
    )
    assert CALC in told and SCRIPT in told
    assert all(one.isprintable() or one == "\n" for one in seen.said.stdout + seen.said.stderr + told)


class Page(HTMLParser):
    """What a browser would find on the page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.links: set[str] = set()
        self.words = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links |= {value or "" for name, value in attrs if name in ("href", "src", "action")}

    def handle_data(self, data: str) -> None:
        self.words += data


def test_the_pack_is_proved_with_it_by_python_and_by_a_shell_and_no_file_is_called_by_it(seen: Seen) -> None:
    pack = seen.made.folder / "reports-out" / "audit-2025-Q1"
    assert prove(pack).problems == []
    ran = subprocess.run(["/bin/sh", pack / "verify.sh"], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout
    names = {path.relative_to(pack).as_posix() for path in pack.rglob("*")}
    assert all(re.fullmatch(r"[A-Za-z0-9_./-]+", name) for name in names)
    postings = (pack / "ledger" / "postings.csv").read_text(encoding="utf-8")
    assert UP in postings and CALC in postings


def test_the_pages_hold_it_as_text_only(seen: Seen) -> None:
    """The only script is the one that the page's policy knows by its hash, and no link leads out of the folder."""
    page = Page()
    for path in sorted((seen.made.folder / "reports-out" / "audit-2025-Q1").rglob("*.html")):
        text = path.read_text(encoding="utf-8")
        known = set(re.findall("'(sha256-[^']+)'", text))
        for script in re.findall("<script>(.*?)</script>", text, re.DOTALL):
            digest = b64encode(sha256(script.encode()).digest()).decode()
            assert f"sha256-{digest}" in known
            text = text.replace(f"<script>{script}</script>", "")
        page.feed(text)
        assert not any(mark in text for mark in ("\u202e", "\u2066", "\x1b", "\0", "<script", "<img"))
    assert SCRIPT in page.words and CALC in page.words
    assert not page.tags & {"script", "img", "iframe", "object", "embed", "form", "base"}
    assert not [name for name in page.attributes if name.startswith("on")]
    assert not [link for link in page.links if re.match("[A-Za-z]+:|/", link)]


def test_no_cell_of_the_workbook_is_a_formula_or_a_link_outside_made_of_data(seen: Seen) -> None:
    path = seen.made.folder / "reports-out" / "accountant-2025-Q1.xlsx"
    cells = [
        cell for sheet in load_workbook(path) for row in sheet.rows for cell in row if cell.value is not None
    ]
    formulas = [re.sub(r'"(?:[^"]|"")*"', "", str(cell.value)) for cell in cells if cell.data_type == "f"]
    assert formulas and not [one for one in formulas if "cmd" in one or "script" in one]
    assert any(CALC in str(cell.value) for cell in cells if cell.data_type == "s")
    assert not [cell for cell in cells if cell.hyperlink and cell.hyperlink.target is not None]
    with zipfile.ZipFile(path) as packed:
        assert not [name for name in packed.namelist() if ".." in name or "externalLink" in name]
        assert not any("\u202e" in packed.read(name).decode("utf-8", "replace") for name in packed.namelist())
