"""The rows of a table of many pages as files that a script can take in: one call with what cells say and lead to."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from reports._render._cells import Links, hrefs, said
from reports._render._plan import Planned, stretches

FOLDER = "search"
_MOST = 1_000_000
"""A file holds the rows of pages until it has so many characters."""


def chunks(one: Planned, links: Links) -> Iterator[tuple[str, str]]:
    """Each file's name and text."""
    columns: list[list[list[str]]] = [[[], []] for _ in one.table.columns]
    number = size = 0
    last = len(one.counts)
    for page, _, rows in stretches(one):
        for place, (words, leads) in enumerate(columns):
            some = said(one.table.columns[place], [row[place] for row in rows])
            words.extend(some)
            leads.extend(hrefs(one.table, place, rows, links))
            size += sum(map(len, some))
        if size > _MOST or page == last:
            number += 1
            stated = [
                [_coded(words), _coded(leads), _keys(one, place, words, links)]
                for place, (words, leads) in enumerate(columns)
            ]
            text = json.dumps(stated, separators=(",", ":"))
            yield f"{one.key}.{number}.js", f"reconRows({json.dumps(one.key)},{number},{text});\n"
            columns = [[[], []] for _ in one.table.columns]
            size = 0


def _keys(one: Planned, place: int, words: Sequence[str], links: Links) -> dict[str, str]:
    """Where the references of a column lead."""
    column = one.table.columns[place]
    if column.kind != "refs":
        return {}
    known = {word for words_of in words for word in words_of.split()}
    return {word: to for word in sorted(known) if (to := links.refers(column, word))}


def _coded(texts: Sequence[str]) -> Any:
    """A list of texts; where few of them differ, those and which of them each is."""
    different = list(dict.fromkeys(texts))
    if len(different) * 3 > len(texts):
        return texts
    numbers = {text: number for number, text in enumerate(different)}
    return {"texts": different, "which": [numbers[text] for text in texts]}
