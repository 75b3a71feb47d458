"""Turns a Document into a file. A renderer knows no report."""

from collections.abc import Callable
from pathlib import Path

from recon.core.document import Document
from reports._render import html, xlsx

RENDERERS: dict[str, Callable[[Document, Path], None]] = {"html": html.render, "xlsx": xlsx.render}
"""By the ending of the file it writes: each takes a Document and the path, and writes the file whole or not at all."""
