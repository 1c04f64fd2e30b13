"""Lines and their bytes: canonical, the same on boards, and unmoved by hostile ones."""

import json
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty import asks, receipts, records, wire
from loyalty.chain import LINE_MAX_BYTES
from loyalty.lines import Line, read_line, to_line
from loyalty.records import Sale, SaleItem
from loyalty.wire import UnknownLine, WireError
from loyalty.wire_schema import SCHEMA
from scripts.make_wire_schema import TARGET, schema_text
from tests.loyalty.line_samples import KINDS, narrowest, widest
from tests.micropython_runner import ROOT, needs_micropython, run_micropython

SAMPLES = [make(kind) for kind in KINDS for make in (narrowest, widest)]

SALE = Sale(
    at_ms=1488376800000,
    mono_ms=5000,
    boot=3,
    hub_ms=0,
    staff="",
    store="s367",
    rules=1,
    card="04a1b2c3",
    member="m-1",
    ctr_seen=-1,
    ctr_used=0,
    touch="done",
    op="m/s367/31198/earn",
    till_ms=1488376799000,
    receipt="31198",
    currency="USD",
    items=(SaleItem("GROCERY", 1250, 0), SaleItem("DRUG_GM", -99, 1)),
)
SALE_LINE = (
    b'[1,"sale",1488376800000,5000,3,0,"","s367",1,"04a1b2c3","m-1",-1,0,"done",'
    b'"m/s367/31198/earn",1488376799000,"31198","USD",[["GROCERY",1250,0],["DRUG_GM",-99,1]]]'
)
CHECK_IN_LINE = to_line(narrowest("check_in"))


def with_field(line: bytes, name: str, value: object) -> bytes:
    """Return `line` with another value in one field, as a careless or hostile sender writes it."""
    parts = json.loads(line)
    parts[2 + wire.names_of(parts[1]).index(name)] = value
    return json.dumps(parts, separators=(",", ":")).encode()


WRONG_LINES = {
    "nothing": b"",
    "truncated": SALE_LINE[:-20],
    "oversized": b"[1," + b" " * LINE_MAX_BYTES + b'"sale"]',
    "not UTF-8": SALE_LINE.replace(b"GROCERY", b"GR\xffCERY"),
    "deeply nested": b"[" * 900 + b"]" * 900,
    "nested by a few": b'[1,"sale",[[[[1]]]]]',
    "an object": b'{"kind":"sale"}',
    "a number": b"12",
    "an empty list": b"[]",
    "no kind": b"[1,2,3]",
    "a version that is true": b'[true,"sale"]',
    "a version that is a fraction": b'[1.0,"sale"]',
    "two lines": SALE_LINE + b" " + SALE_LINE,
    "words for numbers": b"[NaN,Infinity]",
}
WRONG_FIELDS = {
    "too few fields": CHECK_IN_LINE[:-4] + b"]",
    "too many fields": CHECK_IN_LINE[:-1] + b",1]",
    "text for a number": with_field(SALE_LINE, "at_ms", "1488376800000"),
    "true for a number": with_field(SALE_LINE, "boot", True),
    "a fraction": with_field(SALE_LINE, "boot", 3.0),
    "null": with_field(SALE_LINE, "staff", None),
    "a number for text": with_field(SALE_LINE, "store", 367),
    "a list for text": with_field(SALE_LINE, "store", ["s367"]),
    "one past the most": with_field(SALE_LINE, "boot", 2**53),
    "a huge number": with_field(SALE_LINE, "boot", 10**400),
    "one below the least": with_field(SALE_LINE, "ctr_seen", -2),
    "one character too many": with_field(SALE_LINE, "store", "s" * 65),
    "a quote": with_field(SALE_LINE, "store", 's"367'),
    "a control character": with_field(SALE_LINE, "store", "s\n367"),
    "a letter beyond ASCII": with_field(SALE_LINE, "store", "店"),
    "half a surrogate": with_field(SALE_LINE, "store", "\ud800"),
    "no such word": with_field(SALE_LINE, "touch", "maybe"),
    "text for rows": with_field(SALE_LINE, "items", "GROCERY"),
    "a number for rows": with_field(SALE_LINE, "items", 7),
    "a row that is none": with_field(SALE_LINE, "items", [7]),
    "a short row": with_field(SALE_LINE, "items", [["GROCERY", 1]]),
    "a row of wrong types": with_field(SALE_LINE, "items", [["GROCERY", 1, True]]),
    "a list inside a row": with_field(SALE_LINE, "items", [["GROCERY", [1], 0]]),
    "one row too many": with_field(SALE_LINE, "items", [["A", 1, 0]] * 501),
}
UNKNOWN_LINES = {
    "another version": b'[2,"sale",1]',
    "another kind": b'[1,"meteorite",1]',
    "a very long kind": b'[1,"' + b"k" * 1000 + b'"]',
}


def test_a_sale_has_exactly_these_bytes():
    assert to_line(SALE) == SALE_LINE
    assert records.from_line(SALE_LINE) == SALE


@pytest.mark.parametrize("line", SAMPLES, ids=lambda it: it.kind)
def test_every_line_is_read_back_as_it_was(line: Line):
    assert read_line(to_line(line), KINDS) == line


def test_the_schema_is_what_its_script_would_write():
    assert TARGET.read_text() == schema_text(), "run: python scripts/make_wire_schema.py"


def test_no_two_families_share_a_kind():
    assert len(SCHEMA) == len(records.KINDS) + len(asks.KINDS) + len(receipts.KINDS)


@pytest.mark.parametrize("line", {**WRONG_LINES, **WRONG_FIELDS}.values(), ids=lambda _: "")
def test_what_is_no_line_is_a_wire_error_and_not_unknown(line: bytes):
    with pytest.raises(WireError) as caught:
        records.from_line(line)

    assert caught.type is WireError
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("touch", "maybe", "sale.touch: found 'maybe', wanted one of none, done, torn, unknown"),
        ("ctr_used", -2, "sale.ctr_used: found '-2', wanted a whole number from -1 to 4294967295"),
        ("store", "", "sale.store: found '', wanted 1 to 64 of A-Z a-z 0-9 _ - . : / + ="),
    ],
)
def test_a_field_that_cannot_be_is_told_with_what_was_wanted(name: str, value: object, told: str):
    with pytest.raises(WireError) as caught:
        records.from_line(with_field(SALE_LINE, name, value))

    assert str(caught.value) == told


def test_a_card_that_cannot_be_is_not_repeated():
    with pytest.raises(WireError, match=r"sale\.card: found no card's id, wanted") as raised:
        replace(SALE, card="04 A1 B2 C3 D4 E5 F6")

    assert "A1" not in str(raised.value)


@pytest.mark.parametrize("line", UNKNOWN_LINES.values(), ids=UNKNOWN_LINES.keys())
def test_a_later_line_is_unknown_so_that_it_can_wait(line: bytes):
    with pytest.raises(UnknownLine):
        records.from_line(line)


def test_an_answer_is_an_unknown_line_among_records():
    with pytest.raises(UnknownLine):
        records.from_line(to_line(narrowest("receipt")))


def test_a_line_longer_than_its_limit_is_never_made():
    items = (SaleItem("c" * 64, 10**12, 1),) * records.SALE_ITEMS_MAX
    values = {name: getattr(SALE, name) for name in wire.names_of("sale")}

    with pytest.raises(WireError, match="at most 32768"):
        to_line(Sale(**{**values, "items": items}))


@given(st.binary(max_size=300))
def test_no_bytes_raise_anything_but_a_wire_error(data: bytes):
    with suppress(WireError):
        read_line(data, KINDS)


@given(st.sampled_from([to_line(it) for it in SAMPLES]), st.data())
def test_no_damage_raises_anything_but_a_wire_error(line: bytes, data: st.DataObject):
    start = data.draw(st.integers(0, len(line)))
    end = data.draw(st.integers(start, min(len(line), start + 8)))
    damaged = line[:start] + data.draw(st.binary(max_size=8)) + line[end:]

    with suppress(WireError):
        read_line(damaged, KINDS)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=20,
)


@given(st.sampled_from(sorted(SCHEMA)), st.lists(JSON, max_size=20))
def test_no_json_raises_anything_but_a_wire_error(kind: str, fields: list[object]):
    line = json.dumps([wire.VERSION, kind, *fields]).encode()

    with suppress(WireError):
        read_line(line, KINDS)


PORTABLE = """
from loyalty import wire

def told(line):
    try:
        kind, values = wire.decode(line)
        rows = [tuple([tuple(row) for row in it]) if isinstance(it, list) else it for it in values]
        wire.check(kind, rows)
        return wire.encode(kind, rows)
    except wire.WireError as error:
        return type(error).__name__.encode()

for line in LINES:
    print(told(line).hex())
"""


def told_by_cpython(line: bytes) -> str:
    try:
        return to_line(read_line(line, KINDS)).hex()
    except WireError as error:
        return type(error).__name__.encode().hex()


@needs_micropython
def test_boards_give_the_same_bytes_and_refuse_the_same_lines():
    # Rows that are no lists are the caller's to refuse: a board makes its rows itself.
    fields = [line for name, line in WRONG_FIELDS.items() if "row" not in name]
    lines = [to_line(it) for it in SAMPLES]
    lines += [*WRONG_LINES.values(), *fields, *UNKNOWN_LINES.values()]

    told = run_micropython(f"LINES = {lines!r}\n{PORTABLE}", path=[ROOT]).split()

    assert told == [told_by_cpython(line) for line in lines]
