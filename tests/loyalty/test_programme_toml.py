"""Every key of a TOML document is found on its line."""

import tomllib
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.programme_toml import DOCUMENT_MAX_CHARS, Path, SyntaxMistake, read

EVERY_FORM = '''\
# a comment with [brackets] = "and quotes
bare = 1
"quoted key" = "a # no comment"
'literal.key' = 'C:\\'
dotted.inner . "deep" = true
day = 2017-03-01 04:00:00
long = """
[no_header]
no_key = 1
"""""
raw = \'\'\'
also = "nothing"
\'\'\'
list = [
  1,   # one
  [2, 3],
  { name = "x", sizes = [
    4,
  ] },
]
inline = { a = 1, b.c = "}" }
empty = { }

[table]   # the first
key = 1

[[things]]
id = "one"

[things.part]
size = 1

[[things]]
id = "two"
[[things.leaves]]
colour = "green"
[[things.leaves]]
colour = "red"

["odd.name".'x']
last = 1.5e3
'''
WANTED = {
    ("bare",): 2,
    ("quoted key",): 3,
    ("literal.key",): 4,
    ("dotted", "inner", "deep"): 5,
    ("day",): 6,
    ("long",): 7,
    ("raw",): 11,
    ("list",): 14,
    ("list", 0): 15,
    ("list", 1, 1): 16,
    ("list", 2, "sizes", 0): 18,
    ("inline", "b", "c"): 21,
    ("empty",): 22,
    ("table",): 24,
    ("table", "key"): 25,
    ("things",): 27,
    ("things", 0, "id"): 28,
    ("things", 0, "part", "size"): 31,
    ("things", 1): 33,
    ("things", 1, "id"): 34,
    ("things", 1, "leaves", 0, "colour"): 36,
    ("things", 1, "leaves", 1): 37,
    ("things", 1, "leaves", 1, "colour"): 38,
    ("odd.name", "x", "last"): 41,
    ("table", "missing"): 24,
    ("missing",): 1,
}


@pytest.mark.parametrize(("path", "line"), WANTED.items())
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_everything_is_found_on_its_line(path: Path, line: int, line_end: str):
    _, lines = read(EVERY_FORM.replace("\n", line_end))

    assert lines.of(path) == line


def test_the_values_are_those_of_tomllib():
    values, _ = read(EVERY_FORM)

    assert values == tomllib.loads(EVERY_FORM)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a = 1\nb =\n", 2),
        ("a = 1\n\na = 2\n", 3),
        ("a = 1\nb", 2),
        ("[t]\n[t]\n", 2),
        ("a = '", 1),
        ("x = " + "[" * 100_000, 1),
        ("#" * (DOCUMENT_MAX_CHARS + 1), 1),
        ("a = 1\nb = -" + "9" * 5000, 2),
        ("a = 1\nb = 0x" + "f" * 5000, 2),
    ],
)
def test_what_is_no_toml_says_where(text: str, line: int):
    with pytest.raises(SyntaxMistake) as caught:
        read(text)

    assert caught.value.line == line


KEYS = st.text("abz", min_size=1, max_size=3)
SCALARS = st.sampled_from(["1", "true", "'a'", '"b#"', '"""\n[x]\n"""', "2017-03-01", "[\n1,\n2]"])
HEADERS = st.sampled_from(["[{}]", "[[{}]]", "[ {}.y ]", "[['{}'.x]]"])
STATEMENTS = st.one_of(
    st.builds("{} = {}".format, KEYS, SCALARS),
    st.builds("{}.{} = {{ k = {} }}".format, KEYS, KEYS, SCALARS.filter(lambda it: "\n" not in it)),
    st.builds(str.format, HEADERS, KEYS),
    st.just("# [c]"),
    st.just(""),
)


@given(st.lists(STATEMENTS, max_size=12))
def test_every_key_of_any_document_has_a_line_that_mentions_it(statements: list[str]):
    text = "\n".join(statements)

    try:
        values, lines = read(text)
    except SyntaxMistake:
        return

    rows = text.split("\n")
    for path in paths_of(values, ()):
        keys = [it for it in path if isinstance(it, str)]
        assert keys[-1] in rows[lines.of(path) - 1]


def paths_of(values: object, path: Path) -> list[Path]:
    if isinstance(values, list):
        return [
            it
            for index, inner in enumerate(values)
            for it in paths_of(inner, (*path, index))
            if isinstance(inner, dict)
        ]
    if not isinstance(values, dict):
        return []
    found = [(*path, key) for key in values]
    return found + [it for key in values for it in paths_of(values[key], (*path, key))]


@given(st.text(max_size=60))
def test_no_text_raises_anything_but_a_syntax_mistake(text: str):
    with suppress(SyntaxMistake):
        read(text)
