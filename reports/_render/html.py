"""Writes a Document as one page that needs nothing else: no script, no request, and a policy that forbids both.

Every text passes through Jinja's escaping, and before it through visible(), so that nothing a venue sent can run, hide
or turn other text around.
"""

from pathlib import Path

from recon.core.document import Document
from reports._render._cells import Links
from reports._render._page import chapter, environment, facts, hashed, style
from reports._render._whole import write_whole


def render(document: Document, path: Path) -> None:
    """Writes the page whole or not at all. Raises OSError."""
    write_whole(path, _page(document).encode())


def _page(document: Document) -> str:
    parts = [part for section in document.sections for part in section.parts]
    links = Links(
        keys={part.key: f"#{part.key}" for part in parts},
        parts={part.of: f"#{part.key}" for part in parts if part.of},
    )
    css = style()
    return (
        environment()
        .get_template("base.html.j2")
        .render(
            document=document,
            style=css,
            style_hash=hashed(css),
            chapters=[chapter(section, links) for section in document.sections],
            facts=facts(document.properties),
        )
    )
