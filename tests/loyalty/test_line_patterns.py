"""Lines are known at sight: whatever is read that way is what a look at each value allows."""

import json
from collections.abc import Iterable
from itertools import product
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from loyalty import wire
from loyalty.chain import LINE_MAX_BYTES
from loyalty.line_patterns import kind_at_sight
from loyalty.lines import read_line, to_line
from loyalty.wire_schema import SCHEMA
from tests.loyalty.line_samples import KINDS, narrowest, widest

ALPHABET = "".join(sorted(wire.NAME_CHARACTERS))
OTHER_CHARACTERS = st.characters(exclude_characters="[{")  # a line may not have many of these
KINDS_WITH_ROWS = sorted(kind for kind in KINDS if KINDS[kind].row_types)
SAMPLES = [to_line(make(kind)) for kind in KINDS for make in (narrowest, widest)]
WRONG_VALUES = [True, 1.0, None, -2, 2**53, 10**400, "", "a" * 24_001, "a b", "\ud800", [], [1]]


def refusal(kind: str, fields: list[Any]) -> str | None:
    """Say what is wrong with the `fields` of a line, from the plainest look at each of them."""
    names, marks = SCHEMA[kind]
    if len(fields) != len(names):
        return f"{kind}: {len(fields)} fields, {len(names)} wanted"
    rows = [it for it in zip(names, marks, fields, strict=True) if it[1][0] == "rows"]
    for name, (_, _, inner), value in rows:
        if not isinstance(value, list):
            return f"{kind}.{name}: {str(value)[:40]!r}, a list of rows wanted"
        for row in value:
            if not isinstance(row, list) or len(row) != len(inner):
                return f"{kind}.{name}: row {str(row)[:40]!r}, {len(inner)} fields wanted"
    for name, mark, value in zip(names, marks, fields, strict=True):
        found = refusal_of_rows(mark, value) if mark[0] == "rows" else refusal_of_one(mark, value)
        if found is not None:
            return f"{kind}.{name}: {found}"
    return None


def refusal_of_rows(mark: tuple[Any, ...], rows: list[list[Any]]) -> str | None:
    if len(rows) > mark[1]:
        return f"up to {mark[1]} rows wanted, found "
    for row in rows:
        for inner, value in zip(mark[2], row, strict=True):
            found = refusal_of_one(inner, value)
            if found is not None:
                return found
    return None


def refusal_of_one(mark: tuple[Any, ...], value: Any) -> str | None:
    match mark:
        case "whole", least, most:
            is_right = type(value) is int and least <= value <= most
        case "choice", words:
            is_right = type(value) is str and value in words
        case _, shortest, longest:
            is_right = (
                type(value) is str
                and shortest <= len(value) <= longest
                and all(it in ALPHABET for it in value)
            )
    return None if is_right else "found "


def assert_read_as_told(kind: str, fields: list[Any]) -> None:
    """Assert that the line of `fields` is read as it is, or refused in the words of `refusal`."""
    line = json_line(kind, fields)
    found = refusal(kind, fields)

    if found is None:
        assert to_line(read_line(line, KINDS)) == line
        return
    with pytest.raises(wire.WireError) as caught:
        read_line(line, KINDS)
    assert str(caught.value).startswith(found)


def json_line(kind: str, fields: Iterable[Any]) -> bytes:
    return json.dumps([wire.VERSION, kind, *fields], separators=(",", ":")).encode()


def right(mark: tuple[Any, ...]) -> st.SearchStrategy[Any]:
    """Return values that `mark` allows, those at its ends among them."""
    match mark:
        case "whole", least, most:
            return st.sampled_from([least, most]) | st.integers(least, most)
        case "choice", words:
            return st.sampled_from(words)
        case "rows", most, marks:
            row = st.tuples(*map(right, marks)).map(list)
            return row.map(lambda it: [it] * most) | st.lists(row, max_size=4)
    _, shortest, longest = mark
    some = st.text(ALPHABET, min_size=shortest, max_size=min(longest, shortest + 8))
    return st.sampled_from(["a" * shortest, "a" * longest]) | some


def wrong(mark: tuple[Any, ...]) -> st.SearchStrategy[Any]:
    """Return values that `mark` mostly does not allow: of other types, or just past its ends."""
    others = st.sampled_from([True, False, None, 1.0, -1, 2**64, "", "a", "é", 'a"b', [], "\0"])
    match mark:
        case "whole", least, most:
            return others | st.sampled_from([least - 1, most + 1, float(least), str(least)])
        case "choice", words:
            return others | st.sampled_from([[*words], words[0] + " ", words[0].upper()])
        case "rows", most, marks:
            row = st.tuples(*map(right, marks)).map(list)
            too_many = row.map(lambda it: [it] * (most + 1))
            return others | too_many | row | st.lists(wrong_row(marks) | row, max_size=5)
    _, shortest, longest = mark
    lengths = st.sampled_from([max(shortest - 1, 0), longest + 1])
    return others | lengths.map("a".__mul__) | st.text(OTHER_CHARACTERS, max_size=longest)


def wrong_row(marks: tuple[Any, ...]) -> st.SearchStrategy[list[Any]]:
    row = st.tuples(*map(right, marks)).map(list)
    values = st.tuples(*[right(it) | wrong(it) for it in marks]).map(list)
    return values | row.map(lambda it: it[:-1]) | row.map(lambda it: [*it, 0]) | st.just([])


@st.composite
def stated(draw: st.DrawFn, kinds: list[str]) -> tuple[str, list[Any]]:
    """Return a kind and its fields: all right, or wrong in one place or two."""
    kind = draw(st.sampled_from(kinds))
    marks = SCHEMA[kind][1]
    at_wrong = draw(st.sets(st.integers(0, len(marks) - 1), max_size=2))
    return kind, [draw((wrong if at in at_wrong else right)(it)) for at, it in enumerate(marks)]


@given(stated(sorted(SCHEMA)) | stated(KINDS_WITH_ROWS))
def test_a_line_is_read_or_refused_as_the_plainest_look_says(line: tuple[str, list[Any]]):
    assume(len(json_line(*line)) <= LINE_MAX_BYTES)

    assert_read_as_told(*line)


@pytest.mark.parametrize("kind", sorted(SCHEMA))
def test_a_wrong_value_is_found_in_every_place(kind: str):
    fields = json.loads(to_line(narrowest(kind)))[2:]

    for at, value in product(range(len(fields)), WRONG_VALUES):
        assert_read_as_told(kind, [*fields[:at], value, *fields[at + 1 :]])


@pytest.mark.parametrize("kind", KINDS_WITH_ROWS)
def test_a_wrong_value_is_found_in_every_place_of_every_row(kind: str):
    fields = json.loads(to_line(widest(kind)))[2:]
    at = next(at for at, it in enumerate(fields) if isinstance(it, list))
    row = fields[at][0]

    for column, value, before in product(range(len(row)), WRONG_VALUES, range(3)):
        one_wrong = [*row[:column], value, *row[column + 1 :]]
        rows = [*[row] * before, one_wrong, *[row] * (2 - before)]
        assert_read_as_told(kind, [*fields[:at], rows, *fields[at + 1 :]])


@pytest.mark.parametrize("kind", sorted(SCHEMA))
def test_numbers_are_right_up_to_their_ends_and_not_past_them(kind: str):
    fields = json.loads(to_line(narrowest(kind)))[2:]
    steps = [sign * (10**digits + by) for sign in (1, -1) for digits in range(18) for by in (-1, 0)]

    for at, mark in enumerate(SCHEMA[kind][1]):
        if mark[0] == "whole":
            for value in (*steps, mark[1] - 1, mark[1], mark[2], mark[2] + 1):
                assert_read_as_told(kind, [*fields[:at], value, *fields[at + 1 :]])


@given(st.sampled_from(SAMPLES), st.data())
def test_what_is_known_at_sight_would_be_read_without(line: bytes, data: st.DataObject):
    start = data.draw(st.integers(0, len(line)))
    end = data.draw(st.integers(start, min(len(line), start + 3)))
    put = data.draw(st.text('0123456789-+.eE", []{}\\\n\ntrueé', max_size=3))
    damaged = line[:start] + put.encode() + line[end:]

    kind = kind_at_sight(damaged)

    if kind:
        told, fields = wire.decode(damaged)
        assert (kind, None) == (told, refusal(told, fields))


def test_lines_as_devices_write_them_are_known_at_sight():
    sale = (
        b'[1,"sale",1488376800000,5000,3,0,"","s367",1,"04a1b2c3","m-1",-1,0,"done",'
        b'"m/s367/31198/earn",1488376799000,"31198","USD",[["GROCERY",1250,0],["DRUG_GM",-99,1]]]'
    )

    assert kind_at_sight(sale) == "sale"
    assert kind_at_sight(sale.replace(b",0", b", 0")) == ""
    assert kind_at_sight(sale.replace(b"5000", b"05000")) == ""


@pytest.mark.parametrize("kind", ["sale", "receipt", "fork_adopted"])
def test_there_may_be_no_row_and_as_many_as_the_most_and_no_more(kind: str):
    fields = json.loads(to_line(narrowest(kind)))[2:]
    at = next(at for at, it in enumerate(SCHEMA[kind][1]) if it[0] == "rows")
    _, most, marks = SCHEMA[kind][1][at]
    row = [0 if it[0] == "whole" else it[1][0] if it[0] == "choice" else "a" for it in marks]

    for rows in (0, 1, most, most + 1):
        line = json_line(kind, [*fields[:at], [row] * rows, *fields[at + 1 :]])
        assert kind_at_sight(line) == (kind if rows <= most else "")


@pytest.mark.parametrize("kind", sorted(SCHEMA))
def test_nothing_may_follow_a_line(kind: str):
    line = to_line(narrowest(kind))

    assert {kind_at_sight(line + more) for more in (b" ", b"\n", b"]", b"x", line)} == {""}


def test_a_line_longer_than_its_limit_is_not_known_at_sight():
    rows = [["c" * 64, 10**11, 1]] * 500
    fields = [*json.loads(to_line(narrowest("sale")))[2:-1], rows]
    fits = (LINE_MAX_BYTES - len(json_line("sale", [*fields[:-1], []]))) // len(
        json_line("", rows[0])
    )

    assert kind_at_sight(json_line("sale", [*fields[:-1], rows[:fits]])) == "sale"
    assert kind_at_sight(json_line("sale", fields)) == ""
