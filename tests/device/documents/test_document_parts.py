"""Documents put together from parts: believed whole and signed, or not at all."""

from binascii import b2a_base64
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.documents.document_parts import PARTS_MAX, BadDocument, DocumentParts
from loyalty.receipts import DocumentPart
from loyalty.signatures import public_key_of, sign

SEED = bytes(range(32))
KEY = public_key_of(SEED)
TEXT = "04112233445566 lost\n" + "04665544332211 stolen\n" + "é" * 9


def parts_of(text: str, count: int, *, name: str = "hotlist", version: int = 7):
    data = text.encode()
    step = -(-len(data) // count)
    signature = sign(SEED, "document", f"{name}\n{version}\n".encode() + data).hex()
    return [
        DocumentPart(
            ref="r",
            name=name,
            version=version,
            part=number,
            parts=count,
            text=b2a_base64(data[number * step : (number + 1) * step], newline=False).decode(),
            signature=signature,
            as_of_ms=1,
        )
        for number in range(count)
    ]


def put_together(parts, name="hotlist"):
    whole, text = DocumentParts(name, KEY), None
    for part in parts:
        text = whole.take(part)
    return text


@given(st.text(max_size=200), st.integers(1, 9))
def test_a_document_comes_out_as_the_hub_wrote_it(text, count):
    assert put_together(parts_of(text, count)) == text


def test_nothing_comes_out_before_the_last_part():
    first, second = parts_of(TEXT, 2)
    whole = DocumentParts("hotlist", KEY)

    assert whole.take(first) is None
    assert whole.wanted == 1
    assert whole.take(second) == TEXT


@pytest.mark.parametrize(
    "spoilt",
    [
        lambda it: it[::-1],
        lambda it: [it[0], it[0]],
        lambda it: [it[0], replace(it[1], version=8)],
        lambda it: [it[0], replace(it[1], name="programme")],
        lambda it: [it[0], replace(it[1], parts=3)],
        lambda it: [it[0], replace(it[1], text=it[1].text[:-4])],
        lambda it: [it[0], replace(it[1], text="_" + it[1].text[1:])],
        lambda it: [it[0], replace(it[1], signature="00" * 64)],
        lambda it: [it[0], replace(it[1], signature="x" * 128)],
        lambda it: [replace(part, version=8) for part in it],
        lambda it: [replace(part, parts=PARTS_MAX + 1) for part in it],
        lambda it: [replace(part, parts=0) for part in it],
    ],
)
def test_what_is_not_all_of_one_signed_document_is_refused(spoilt):
    with pytest.raises(BadDocument):
        put_together(spoilt(parts_of(TEXT, 2)))


def test_a_list_that_was_signed_as_something_else_is_refused():
    parts = [replace(it, name="programme") for it in parts_of(TEXT, 1)]

    with pytest.raises(BadDocument, match="not signed"):
        put_together(parts, name="programme")
