"""Every word that pages say of their own, in one place; what a report says stands in the report."""

TEXTS = {
    "more": " […and {count} more characters]",
    "total": "Total",
    "total_of_all": "Total of all {rows} rows",
    "skip": "Skip to the content",
    "contents": "Contents",
    "pages": "Pages",
    "overview": "Overview",
    "row": "row",
    "rows": "rows",
    "rows_of": "Rows {first} to {last} of {rows}",
    "first": "First",
    "previous": "Previous",
    "next": "Next",
    "last": "Last",
    "page_of": "Page {page} of {pages}",
    "pager": "Pages of this table: {title}",
    "data": "The whole table as data",
    "path": "Where you are",
    "exhibit": "Sealed answer",
    "exhibits": "Sealed answers",
    "exhibit_lead": "The bytes as they were received. Marked are the rows that this pack rests on; the one "
    "you came from stands out. What stands between the marks is part of the same answer.",
    "exhibit_file": "File",
    "exhibit_check": "Check it without us",
    "exhibit_digest": "prints the SHA-256 above, which is the file's name",
    "exhibit_line": "prints the line of the chain that sealed it",
    "exhibit_part": "Part {part} of {parts}",
    "exhibit_left_out": "[… {count} characters that no row of this pack rests on are left out here …]",
    "exhibit_text": "The answer's text",
    "exhibit_rows": "Rows marked on this page",
    "unreadable": "The sealed bytes cannot be shown: {why}",
    "binary": "These {count} bytes are no text; the file holds them as they are.",
    "sheet_row": "{sheet}, row {row}",
}
"""Words of the pages. In curly braces: what is put in."""

SCRIPT_TEXTS = {
    "search": "Search these rows",
    "hint": "every word must occur",
    "any": "any",
    "sort": "Sort by {title}",
    "clear": "Show all",
    "count": "{shown} of {rows} rows",
    "range": "Rows {first} to {last} of {shown} found among {rows}",
    "none": "No row fits",
    "loading": "Reading rows: {done} of {files} files",
    "failed": "The rows of the other pages could not be read. Is the folder search beside pages?",
    "previous": "Previous",
    "next": "Next",
}
"""Words of the script."""
