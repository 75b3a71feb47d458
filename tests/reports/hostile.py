"""Texts that try to run, hide, or become something else, and a month of books that is full of them."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

from recon.core.books import Books, RecordEvidence, SourceRead
from recon.core.holdings import Earned
from tests.reports.books import BOOKS, HISTORY

CORPUS = [
    "<script>document.title='run'</script>",
    "</script><script>document.title='run'</script>",
    '"><img src=x onerror="document.title=\'run\'">',
    "' onmouseover='document.title=1",
    "<svg/onload=document.title='run'>",
    "<svg><a href='javascript:document.title=1'><text>x</text></a></svg>",
    "<iframe srcdoc=\"<script>parent.document.title='run'</script>\"></iframe>",
    "<style>*{display:none}</style>",
    "</style><script>document.title='run'</script>",
    "<link rel=stylesheet href=//evil.example/x.css>",
    "<meta http-equiv=refresh content='0;url=//evil.example'>",
    "<base href=//evil.example/>",
    "<form action=//evil.example><input name=q></form>",
    "<details open ontoggle=document.title='run'>",
    "</td></tr></table><h1>CLEAN</h1>",
    "javascript:document.title='run'",
    "data:text/html,<script>document.title=1</script>",
    "https://evil.example/",
    "{{ 7*7 }}{% raw %}",
    "&lt;b&gt; &amp; &#x3c;script&#x3e;",
    "<!-- --> <![CDATA[ x ]]>",
    "=cmd|' /C calc'!A0",
    "+1",
    "-1",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(1+1)",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    '=HYPERLINK("http://evil.example","open")',
    "http://evil.example",
    "mailto:a@evil.example",
    "internal:Summary!A1",
    "external:c:\\x.xlsx",
    "00123",
    "1E5",
    "TRUE",
    "#REF!",
    "2025-01-01",
    "'quoted",
    "<r><t>x</t></r>",
    "<r><bad & broken</r>",
    "<r></r>",
    "_x0041_",
    "_x000D_x",
    "\x00\x01\x08\x0b\x0c\x0e\x1b[31mred\x1f\x7f\x85",
    "\ufffe\uffff",
    "lone \ud800 surrogate \udfff",
    "\u202egnp.exe\u202c",
    "a\u200bb\u2066c\u2069\ufeff",
    "e\u0301 zażółć 中文 \U0001f600",
    "  spaces  ",
    "x" * 40_000,
    "\U0001f600" * 20_000,
]


def hostile_books() -> Books:
    """Every text of the corpus, in every place that holds what a venue or a user wrote."""
    moved, read, first = next(iter(BOOKS.transactions)), BOOKS.coverage[0], BOOKS.breaks[0]
    held, rolled, curve = BOOKS.balances[0], BOOKS.roll_forward[0], BOOKS.curves[0]
    breaks = []
    for text in CORPUS:
        diagnosis = replace(
            first.found.diagnosis,
            kind=text,
            text=text,
            members=({"check": text, "source": text, "text": text},),
        )
        place = text.encode("utf-8", "replace").decode()  # a break's id refuses what is not Unicode
        found = replace(
            first.found, anchor=place, diagnosis=diagnosis, source=place, account=place, asset=place
        )
        evidence = (RecordEvidence(text, text, moved.at, text, HISTORY, text),)
        breaks.append(first._replace(found=found, status=text, evidence=evidence))
    return replace(
        BOOKS,
        entity=" ".join(CORPUS[:-2]),
        base_currency=CORPUS[0],
        version=CORPUS[1],
        head=CORPUS[2],
        assumptions={f"{text}: {text}": text for text in CORPUS},
        sources=[SourceRead(text, text, text, text) for text in CORPUS],
        roll_forward=[rolled._replace(source=text, account=text, asset=text) for text in CORPUS],
        balances=[held._replace(source=text, account=text, asset=text, breaks=(text,)) for text in CORPUS],
        transactions=[
            moved._replace(
                source=text,
                account=text,
                kind=text,
                asset=text,
                contra=text,
                entry=text,
                pointer=text,
                answer=text,
            )
            for text in CORPUS
        ],
        **_valued(),
        coverage=[read._replace(source=text, stream=text, status=text, reason=text) for text in CORPUS],
        breaks=breaks,
        curves=[curve._replace(source=text, account=text, asset=text) for text in CORPUS],
        answers={
            HISTORY: replace(
                BOOKS.answers[HISTORY], url=CORPUS[0], params={text[:200]: text[:200] for text in CORPUS}
            )
        },
    )


def _valued() -> Any:
    """The general ledger, lots, values and prices."""
    posted, trial, gain = next(iter(BOOKS.postings)), BOOKS.trial_balance[0], next(iter(BOOKS.gains))
    lot, price, one = next(iter(BOOKS.open_lots)), BOOKS.prices[0], Decimal("0.5")
    return {
        "postings": [
            posted._replace(
                account=text, asset=text, source=text, entry=text, kind=text, answer=text, pointer=text
            )
            for text in CORPUS
        ],
        "trial_balance": [trial._replace(account=text, asset=text, lacks=text) for text in CORPUS],
        "gains": [
            gain._replace(asset=text, activity=text, entry=text, place=text, lot=text, rule=text, lacks=text)
            for text in CORPUS
        ],
        "open_lots": [lot._replace(asset=text, lot=text, activity=text) for text in CORPUS],
        "earned": [Earned(text, f"fees:{text}", text, 1, one, one, 1, text) for text in CORPUS],
        "prices": [
            price._replace(
                asset=text, quote=text, source=text, rule=text, where=text, answer=text, approved_by=text
            )
            for text in CORPUS
        ],
        "policies": {text: text for text in CORPUS},
        "run": CORPUS[3],
    }
