"""Workbooks written part by part, so that a test may break each."""

import io
import zipfile
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape, quoteattr

MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_RELATED = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = 'xmlns="http://schemas.openxmlformats.org/package/2006/relationships"'
HEADER = ("timestamp", "kind", "asset", "quantity", "note")


def text(value: str) -> str:
    """An inline text cell."""
    return f'<c t="inlineStr"><is><t xml:space="preserve">{escape(value)}</t></is></c>'


def number(lexeme: str, style: int = 0) -> str:
    """A number cell as stored."""
    return f'<c s="{style}"><v>{lexeme}</v></c>'


def row(*cells: str) -> str:
    """A row of cells that name no place."""
    return f"<row>{''.join(cells)}</row>"


def header() -> str:
    """The row of our columns."""
    return row(*map(text, HEADER))


def line(*, at: str = "", quantity: str = "", note: str = "") -> str:
    """A deposit of BTC."""
    return row(
        at or number("1735893000"), text("deposit"), text("BTC"), quantity or number("1"), note or text("")
    )


def sheet(*rows: str) -> str:
    """A sheet's part."""
    return f"<worksheet {MAIN}><sheetData>{''.join(rows)}</sheetData></worksheet>"


def package(parts: Mapping[str, str], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """The parts as a file."""
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", compression) as file:
        for name, content in parts.items():
            file.writestr(name, content)
    return body.getvalue()


def parts(
    *sheets: tuple[str, str],
    strings: str = "",
    formats: Sequence[tuple[int, str]] = (),
    styles: Sequence[int] = (0, 14),
    date1904: bool = False,
    hidden: Sequence[str] = (),
) -> dict[str, str]:
    """A workbook's parts: sheets by name, shared strings as XML, number formats, and the format of each style."""
    listed = "".join(
        f'<sheet name="{name}" sheetId="{place}" {"state=" + chr(34) + "hidden" + chr(34) if name in hidden else ""} '
        f'r:id="rId{place}"/>'
        for place, (name, _) in enumerate(sheets, 1)
    )
    related = "".join(
        f'<Relationship Id="rId{place}" Type="{_RELATED}/worksheet" Target="worksheets/sheet{place}.xml"/>'
        for place, _ in enumerate(sheets, 1)
    )
    codes = "".join(f'<numFmt numFmtId="{place}" formatCode={quoteattr(code)}/>' for place, code in formats)
    xfs = "".join(f'<xf numFmtId="{place}"/>' for place in styles)
    return {
        "_rels/.rels": f'<Relationships {_PACKAGE}><Relationship Id="r" Type="{_RELATED}/officeDocument" '
        f'Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook {MAIN} xmlns:r="{_RELATED}"><workbookPr date1904="{int(date1904)}"/>'
        f"<sheets>{listed}</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f"<Relationships {_PACKAGE}>{related}"
        f'<Relationship Id="s" Type="{_RELATED}/styles" Target="/xl/styles.xml"/>'
        f'<Relationship Id="t" Type="{_RELATED}/sharedStrings" Target="sharedStrings.xml"/></Relationships>',
        "xl/styles.xml": f'<styleSheet {MAIN}><numFmts>{codes}</numFmts><cellStyleXfs><xf numFmtId="14"/>'
        f"</cellStyleXfs><cellXfs>{xfs}</cellXfs></styleSheet>",
        "xl/sharedStrings.xml": f"<sst {MAIN}>{strings}</sst>",
    } | {f"xl/worksheets/sheet{place}.xml": content for place, (_, content) in enumerate(sheets, 1)}
