"""What was asked of each source, whether it answered whole, and what it says a second time."""

from recon.core.books import Books
from recon.core.document import Column, Table


def coverage(books: Books) -> Table:
    """The coverage certificate: what was asked of each source, and whether it answered whole."""
    return Table(
        key="coverage",
        title="Coverage",
        note="What was asked, cell by cell. Empty means asked and answered with no row; incomplete proves nothing. "
        "Requests, pages, the venue's own count, throttles and retries are those of the whole stream.",
        columns=[
            Column(title="Source"),
            Column(title="Stream", kind="code"),
            Column(title="Account"),
            Column(title="Asset"),
            Column(title="Status", kind="flag", good=("whole", "empty", "not served", "not queried")),
            Column(title="Asked from (UTC)", kind="moment"),
            Column(title="Asked until (UTC)", kind="moment"),
            Column(title="Rows", kind="count", total=True),
            Column(title="First row (UTC)", kind="moment"),
            Column(title="Last row (UTC)", kind="moment"),
            Column(title="Stated by the venue", kind="count"),
            Column(title="Requests", kind="count"),
            Column(title="Pages", kind="count"),
            Column(title="Throttled", kind="count"),
            Column(title="Retried", kind="count"),
            Column(title="Reason"),
            Column(title="Stopped at", kind="code"),
        ],
        rows=[
            (
                one.source, one.stream, one.account, one.asset, one.status.replace("_", " "), one.since, one.until,
                one.rows, one.first, one.last, one.stated, one.requests, one.pages, one.throttles, one.retries,
                one.reason, one.stopped_at,
            )
            for one in books.coverage
        ],
        empty="Nothing was asked yet.",
    )  # fmt: skip


def second_readings(books: Books) -> Table:
    """What venues say twice, laid side by side."""
    return Table(
        key="second_readings",
        title="Second readings",
        note="What a venue says a second time, beside what the books rest on. Where the documentation leaves no other "
        "reading, a difference is a break of coverage; else it is shown here for whoever asks.",
        columns=[
            Column(title="Source"),
            Column(title="What"),
            Column(title="Second reading by", kind="code"),
            Column(title="Books", kind="amount"),
            Column(title="Second", kind="amount"),
            Column(title="Agree", kind="flag", good=("yes",)),
        ],
        rows=[
            (source, one.about, one.stream, one.books, one.second, "yes" if one.agrees else "no")
            for source, one in books.seconds
        ],
        empty="No venue was asked for anything twice.",
    )
