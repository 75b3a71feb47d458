"""Egera's answers, written out, for the tests that change one thing in them."""

from typing import Any

from recon.core.contracts import Request
from recon.sources.egera import Settings
from tests.sources.drive import Reply, as_bytes, fails

TRADE = {
    "currency1": "btc",
    "currency2": "pln",
    "amount": "0.50000000",
    "time_close": 1735807272,
    "price": "100.01",
    "fee_taker": "50",
    "fee_maker": "30",
    "type": "bid",
    "action": "open",
}
DEPOSIT = {"time": "1735807272", "amount": "1.5", "type": "hash", "state": "1"}
WITHDRAWAL = {"time": "1735807272", "amount": "1.5", "tx": "", "address": "bc1", "state": "1"}
WALLETS = {"btc": {"decimal_point": "8"}, "pln": {"decimal_point": "2"}}
BALANCES = {
    "BTC": {"active": "0.00000000", "inactive": "0.00000000"},
    "PLN": {"active": "0.00", "inactive": "0.00"},
}
USUAL: dict[str, Any] = {
    "getwalletsstatus": WALLETS,
    "info": {"balances": BALANCES},
    "history": {"history": []},
    "volumes": {"volumes": []},
    "affiliate": {
        "affiliate": {"earned": 0, "verified": "0", "registered": "0", "earnTabele": {}, "list": []}
    },
    "limits": {"limitMonthly": 0, "limitYearly": 0},
    "activeoffers": {"offers": []},
    "ticker": {},
}


def settings(**changes: Any) -> Settings:
    stated = {"kind": "egera", "base_url": "https://a.example", "account_id": "1", "key": "env:KEY"}
    return Settings.model_validate(stated | changes)


def literal(**answers: Any) -> Reply:
    """A venue that answers each action with what is given, and movements of a currency with those given for it.

    A public file is given by its name: ``ticker``, ``history_btcpln``. What is given as None does not answer.
    """
    given: dict[str, Any] = USUAL | answers

    def reply(request: Request) -> bytes:
        if request.path != "/":
            found = given.get(request.path.removeprefix("/stats/").removesuffix(".json"))
            return fails(request) if found is None else as_bytes(found)
        action = str(request.params["action"])
        found = given.get(action, {})
        if action in {"deposits", "withdrawals"}:
            found = {"history": found.get(request.params["currency"], [])}
        return fails(request) if found is None else as_bytes({"success": True, **found})

    return reply
