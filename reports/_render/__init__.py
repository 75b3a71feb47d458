"""Turns a Document into files. A renderer knows no report."""

from collections.abc import Callable
from pathlib import Path

from recon.core.document import Document
from reports._render import html, xlsx
from reports._render._whole import write_whole
from reports._render.site import render_site

__all__ = ["RENDERERS", "render_site", "write_whole"]

RENDERERS: dict[str, Callable[[Document, Path], None]] = {"html": html.render, "xlsx": xlsx.render}
"""By the ending of the file it writes: each takes a Document and the path, and writes the file whole or not at all."""
