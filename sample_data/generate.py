#!/usr/bin/env python3
"""Write the sample data anew: `python sample_data/generate.py [FOLDER]`, by default beside this file.

A quarter of Example Sp. z o.o., January to March 2025, as three venues and a broker would state it, and what
coins cost in it. The same bytes come out each time. Standard library only.
"""

import json
import sys
from decimal import localcontext
from pathlib import Path
from typing import Any

from generator import broker, cryptofuse, egera, ethgas, prices


def laid_out(value: Any, indent: str = "") -> str:
    """JSON with one row a line: only what holds further lists or objects is spread over lines."""
    holds = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    if not any(isinstance(inner, dict | list) for inner in holds):
        return json.dumps(value, ensure_ascii=False)
    deeper = indent + " "
    if isinstance(value, dict):
        lines = [f"{deeper}{json.dumps(key)}: {laid_out(inner, deeper)}" for key, inner in value.items()]
        return "{\n" + ",\n".join(lines) + f"\n{indent}}}"
    lines = [deeper + laid_out(inner, deeper) for inner in value]
    return "[\n" + ",\n".join(lines) + f"\n{indent}]"


def main(folder: Path) -> None:
    """Write the five files into a folder that exists."""
    with localcontext() as context:
        context.prec = 60
        books = {"egera": egera.books(), "cryptofuse": cryptofuse.books(), "ethgas": ethgas.books()}
        tables = {"broker": broker.table(), "prices": prices.table()}
    for name, book in books.items():
        (folder / f"{name}.json").write_text(laid_out(book) + "\n", encoding="utf-8", newline="\n")
    for name, table in tables.items():
        (folder / f"{name}.csv").write_text(table, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
