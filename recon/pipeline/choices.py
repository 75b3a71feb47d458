"""The file that says which lots a disposal takes: CSV with the columns disposal, lot and quantity."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

from recon.core.errors import ConfigError, NumberRefused
from recon.core.money import parse
from recon.pipeline.config import Config
from recon.pipeline.units import scaled

COLUMNS = ("disposal", "lot", "quantity")


def chosen(config: Config) -> Mapping[str, Sequence[tuple[str, int]]]:
    """For each disposal the lots that it takes, in the file's order, and how many units of each.

    Raises ConfigError that names file and line.
    """
    path = config.choices_file
    if path is None:
        return {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            return _read(path, csv.DictReader(lines))
    except OSError as error:
        raise _refused(path, 0, f"the file cannot be read: {error.strerror}") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise _refused(path, 0, f"the file is no CSV in UTF-8: {error}") from None


def _read(path: Path, rows: "csv.DictReader[str]") -> Mapping[str, Sequence[tuple[str, int]]]:
    if missing := [name for name in COLUMNS if name not in (rows.fieldnames or ())]:
        raise _refused(path, 1, f"it has no column {', '.join(missing)}")
    found: dict[str, list[tuple[str, int]]] = {}
    for row in rows:
        for name in COLUMNS[:2]:
            if not row[name]:
                raise _refused(path, rows.line_num, f"column {name}: expected an id")
        try:
            units = scaled(parse(row["quantity"]))
        except NumberRefused as refused:
            raise _refused(path, rows.line_num, f"column quantity: {refused}") from None
        if units <= 0:
            raise _refused(path, rows.line_num, "column quantity: expected a number above 0")
        found.setdefault(row["disposal"], []).append((row["lot"], units))
    return found


def _refused(path: Path, line: int, what: str) -> ConfigError:
    return ConfigError(
        what,
        where=f"{path}:{line}" if line else str(path),
        next_step=f"The columns are {', '.join(COLUMNS)}; ids are those that recon tax gives",
    )
