"""What ``recon tax`` shows people: a year, and several methods side by side."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import click

from recon.cli._output import paragraph, plain, table
from recon.core.money import aligned
from recon.core.tax import Row
from recon.pipeline.closed_years import Closing
from recon.pipeline.tax import Taxed
from recon.pipeline.tax_told import UNKNOWN, amount
from recon.pipeline.taxed import summary

_AMOUNTS = ("proceeds", "cost", "gain")


def heading(found: Taxed) -> None:
    """What was asked."""
    head = found.head()
    click.echo(
        click.style(f"{found.want.rules.title}, tax year {head['year']}", bold=True)
        + f"; method {head['method'] or 'none'}, scope {head['scope']}, amounts in {head['currency']}"
    )
    if found.closing is not None:
        _show_closing(found.closing)


def _show_closing(closing: Closing) -> None:
    name = closing.seal.period.name
    paragraph(
        f"The year is closed: these are the figures of the ledger as it stood when {name} was sealed, under "
        f"{closing.seal.hash}. What came later: recon bridge {name} --rules R"
    )
    if closing.settings:
        paragraph(
            f"Reckoned with the settings of today, which are others than were sealed: {', '.join(closing.settings)}"
        )


def show(found: Taxed, rows: Sequence[Row], left: int) -> None:
    """A year: its disposals, as far as they are to be shown, its sums, its forms and what is open."""
    told = summary(found)
    heading(found)
    if rows:
        _show_rows(rows)
        if left:
            click.echo(f"and {left} more rows; --json gives all of them.\n")
    _show_sums(told, found)
    if any(row.lacks for row in rows) and found.want.rules.lots:
        click.echo(f"{UNKNOWN} stands for an amount that is not known; it is in no sum.")
    _show_open(told["breaks"])


def _show_rows(rows: Sequence[Row]) -> None:
    figures = [(row.quantity, row.proceeds, row.cost, row.gain) for row in rows]
    amounts = [aligned([_short(amount(one)) for one in column]) for column in zip(*figures, strict=True)]
    columns = [(title, "left") for title in ("Disposal", "Asset", "Acquired", "Disposed", "Rule")]
    columns += [(title, "right") for title in ("Quantity", *(name.capitalize() for name in _AMOUNTS))]
    shown = [
        [
            row.id,
            row.asset,
            "" if row.acquired is None else str(row.acquired),
            str(row.disposed),
            row.rule,
            *some,
        ]
        for row, *some in zip(rows, *amounts, strict=True)
    ]
    table("Disposals", columns, shown)


def _show_sums(told: Mapping[str, Any], found: Taxed) -> None:
    names = _AMOUNTS if found.want.rules.lots else _AMOUNTS[:1]
    if assets := told["assets"]:
        columns = [("Asset", "left"), ("Disposals", "right"), *((one.capitalize(), "right") for one in names)]
        lacking = any(one["unknown"] for one in assets)
        columns += [("Rows not known", "right")] if lacking else []
        rows = [
            [one["asset"], str(one["disposals"]), *figures, *([str(one["unknown"])] if lacking else [])]
            for one, *figures in zip(assets, *_columns(assets, names), strict=True)
        ]
        table("By asset", columns, rows)
    if forms := told["forms"]:
        columns = [("Form", "left"), ("Box", "left"), ("What", "left"), ("Figure", "right")]
        table("Forms", columns, [[one["form"], one["box"], one["title"], one["value"]] for one in forms])
    for rule, count in told["rules"].items():
        click.echo(
            plain(f"[rules] {rule} says what {count} {'movement was' if count == 1 else 'movements were'}.")
        )
    for one in told["unmet"]:
        paragraph(
            f"Not followed: the choice of {one['quantity']} of lot {one['lot']} for the disposal {one['disposal']}."
        )


def _show_open(breaks: Iterable[Mapping[str, Any]]) -> None:
    for one in breaks:
        click.echo(click.style("Open: ", fg="red") + plain(one["diagnosis"]["text"]))


def show_compared(first: Taxed, document: Mapping[str, Any]) -> None:
    """What a choice of the method does: its sums, and what it leaves."""
    compared = document["compared"]
    click.echo(
        click.style(f"{first.want.rules.title}, tax year {document['year']}", bold=True)
        + f"; scope {document['scope']}, amounts in {document['currency']}"
    )
    names = [*_AMOUNTS, "gains", "losses"]
    lines = [(name.capitalize(), [one[name] for one in compared]) for name in names]
    terms = dict.fromkeys(term["term"] for one in compared for term in one["terms"])
    lines += [(f"Gain, {term} term", [_of_term(one["terms"], term) for one in compared]) for term in terms]
    lines.append(("Cost of what is held", [one["held_cost"] or UNKNOWN for one in compared]))
    shown = [["Disposals", *(str(one["disposals"]) for one in compared)]]
    amounts = [aligned(list(column)) for column in zip(*(figures for _, figures in lines), strict=True)]
    shown += [[title, *figures] for (title, _), *figures in zip(lines, *amounts, strict=True)]
    if any(one["unknown"] for one in compared):
        shown.append(["Rows in no sum", *(str(one["unknown"]) for one in compared)])
    methods = [(one["method"], "right") for one in compared]
    table("By method", [("", "left"), *methods], shown)
    _show_held(compared, methods)
    _show_open({one["diagnosis"]["text"]: one for each in compared for one in each["breaks"]}.values())


def _show_held(compared: Sequence[Mapping[str, Any]], methods: Sequence[tuple[str, str]]) -> None:
    """Units are the same by every method, what they cost is not."""
    costs_of = [{held["asset"]: held["cost"] or UNKNOWN for held in one["held"]} for one in compared]
    assets = [
        (one["asset"], one["quantity"], [costs[one["asset"]] for costs in costs_of])
        for one in compared[0]["held"]
    ]
    if not assets:
        return
    units = aligned([quantity for _, quantity, _ in assets])
    costs = [aligned(list(column)) for column in zip(*(some for *_, some in assets), strict=True)]
    rows = [
        [asset, quantity, *some] for (asset, _, _), quantity, *some in zip(assets, units, *costs, strict=True)
    ]
    table("Held by now, and its cost", [("Asset", "left"), ("Units", "right"), *methods], rows)


def _of_term(terms: Sequence[Mapping[str, Any]], term: str) -> str:
    return next((str(one["gain"]) for one in terms if one["term"] == term), "0")


def _columns(rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> list[list[str]]:
    return [aligned([_short(one[name]) for one in rows]) for name in names]


def _short(amount: str) -> str:
    """An amount with at most eight decimals, for the eye."""
    whole, point, behind = amount.partition(".")
    if len(behind) <= 8:
        return amount
    return f"{whole}{point}{behind[:8]}".rstrip("0").rstrip(".")
