"""A layout file (TOML) becomes a Layout, or a list of all its mistakes; docs/faces.md shows one."""

from device.display.cards.fields import FIELDS
from device.display.cards.layout import ALIGNS, FRAMES, STANDS, Box, Layout, Span, Text
from loyalty.programme_messages import LOCALES
from loyalty.programme_table import Table, read_document
from loyalty.programme_terms import Label
from loyalty.programme_toml import DocumentErrors

PANELS_MAX = 20
TEXTS_MAX = 40
LENGTH_MAX_MM = 200.0
SIZE_MIN_MM, SIZE_MAX_MM = 1.0, 20.0
TEXT_MAX_CHARS = 60

_INKS = ("black", "white")
_WEIGHTS = ("regular", "bold")


class LayoutErrors(DocumentErrors):
    """The document is no layout."""


def parse_layout(text: str, *, source: str) -> Layout:
    """Return the layout that TOML `text` describes; `source` names it in mistakes.

    Raises:
        LayoutErrors: with every mistake of the document at once.
    """
    return read_document(text, source=source, make=_layout, errors=LayoutErrors)


def _layout(root: Table) -> Layout | None:
    name = root.ident("name")
    window = root.table("window")
    width_mm = height_mm = 0.0
    if window is None:
        root.wrong("window", "found nothing, wanted a table with width_mm and height_mm")
    else:
        width_mm = window.number("width_mm", 1.0, LENGTH_MAX_MM)
        height_mm = window.number("height_mm", 1.0, LENGTH_MAX_MM)
        window.close()
    panels = tuple(_box(it) for it in root.tables("panels", 0, PANELS_MAX))
    texts = tuple(_text(it) for it in root.tables("texts", 1, TEXTS_MAX))
    bars, photo, stamps = (_only_box(root, key) for key in ("bars", "photo", "stamps"))
    code = _only_box(root, "code")
    if not root.has("code"):
        root.wrong("code", "found nothing, wanted the box of the QR code")
    root.close()
    if code is None:
        return None
    return Layout(
        name=name,
        width_mm=width_mm,
        height_mm=height_mm,
        panels=panels,
        texts=texts,
        code=code,
        bars=bars,
        photo=photo,
        stamps=stamps,
    )


def _only_box(root: Table, key: str) -> Box | None:
    table = root.table(key)
    if table is None:
        return None
    box = _box(table)
    table.close()
    return box


def _box(table: Table) -> Box:
    return Box(
        across=_span(table, "left_mm", "right_mm", "width_mm"),
        down=_span(table, "top_mm", "bottom_mm", "height_mm"),
        where=table.where(),
    )


def _span(table: Table, near: str, far: str, length: str) -> Span:
    keys = (near, far, length)
    near_mm, far_mm, length_mm = (
        table.number(it, 0.0, LENGTH_MAX_MM, default=0.0) if table.has(it) else None for it in keys
    )
    table.knows(*keys)
    found = [it for it in keys if table.has(it)]
    if len(found) != 2:
        extra = found[0] if found else near
        told = " and ".join(found) or "nothing"
        table.wrong(extra, f"found {told}, wanted two of {', '.join(keys)}")
        return Span(near_mm=0.0, length_mm=0.0)
    return Span(near_mm=near_mm, far_mm=far_mm, length_mm=length_mm)


def _text(table: Table) -> Text:
    size_mm = table.number("size_mm", SIZE_MIN_MM, SIZE_MAX_MM)
    least_mm = table.number("least_mm", SIZE_MIN_MM, SIZE_MAX_MM, default=size_mm)
    if table.is_right("size_mm", "least_mm") and least_mm > size_mm:
        table.wrong("least_mm", f"found {least_mm:g}, wanted at most the size, {size_mm:g}")
    return Text(
        box=_box(table),
        show=table.words("show", tuple(FIELDS)),
        text=_fixed_text(table),
        size_mm=size_mm,
        least_mm=least_mm,
        is_bold=table.word("weight", _WEIGHTS, default="regular") == "bold",
        is_white=table.word("ink", _INKS, default="black") == "white",
        align=table.word("align", ALIGNS, default="left"),
        stand=table.word("stand", STANDS, default="top"),
        frame=table.word("frame", FRAMES, default="none"),
    )


def _fixed_text(table: Table) -> Label | None:
    table.knows("text")
    if table.has("show") == table.has("text"):
        told = "both" if table.has("show") else "neither"
        table.wrong("show", f"found {told}, wanted either show or text")
    if not table.has("text"):
        return None
    texts = table.texts("text", TEXT_MAX_CHARS)
    found = [locale for locale, _ in texts]
    if table.is_right("text") and set(found) != set(LOCALES):
        table.wrong("text", f"found {', '.join(found)[:40]}, wanted {', '.join(LOCALES)}")
    return Label(texts)
