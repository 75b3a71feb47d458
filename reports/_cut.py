"""A page of a document that is too long for one: the first rows of each table, with a word on where the rest is."""

from dataclasses import replace
from itertools import islice

from recon.core.document import Document, Section, Table


def cut(document: Document, most: int, whole: str) -> Document:
    """The same document with at most so many rows a table; all of them are in the file ``whole``."""
    return replace(document, sections=[_section(one, most, whole) for one in document.sections])


def _section(section: Section, most: int, whole: str) -> Section:
    return replace(section, tables=[_table(one, most, whole) for one in section.tables])


def _table(table: Table, most: int, whole: str) -> Table:
    rows = len(table.rows)
    if rows <= most:
        return table
    note = f"The first {most:,} of {rows:,} rows; all of them are in {whole}. {table.note}".strip()
    columns = [replace(one, total=False) for one in table.columns]
    return replace(table, rows=[*islice(table.rows, most)], note=note, columns=columns)
