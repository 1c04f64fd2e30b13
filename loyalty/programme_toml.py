"""TOML with line numbers: a document whose every mistake names the line it stands on.

`tomllib` reads values but keeps no lines, so a second pass over the (by then valid) text notes
where every key stands; source of the grammar: TOML v1.0.0.
"""

import re
import tomllib
from collections.abc import Iterator
from typing import Any, NamedTuple

DOCUMENT_MAX_CHARS = 256 * 1024
WORD_MAX_CHARS = 1000  # Python writes and reads numbers of some four thousand digits at most

Path = tuple[str | int, ...]

_TOKEN = re.compile(
    r'''(?P<comment>\#[^\n]*)
      | (?P<text>"""(?:\\.|[^\\])*?"{3,5} | \'\'\'.*?'{3,5} | "(?:\\.|[^"\\\n])*" | '[^'\n]*')
      | (?P<bare>[A-Za-z0-9_+:.-]+)
      | (?P<newline>\n)
      | (?P<mark>[\[\]{}=,])''',
    re.VERBOSE | re.DOTALL,
)
_SYNTAX_LINE = re.compile(r"(.*) \(at (?:line (\d+), column \d+|end of document)\)", re.DOTALL)


class Mistake(NamedTuple):
    """Something wrong in line `line` of `source`."""

    source: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.source}:{self.line}: {self.message}"


class DocumentErrors(ValueError):
    """The document is not what it should be; `mistakes` are all of them, in the order of lines."""

    def __init__(self, mistakes: tuple[Mistake, ...]) -> None:
        super().__init__("\n".join(str(it) for it in mistakes))
        self.mistakes = mistakes


class SyntaxMistake(Exception):
    """The text is no TOML; `line` and the message say where and why."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


class Lines:
    """Where every table, key and element of a document stands."""

    def __init__(self, lines: dict[Path, int]) -> None:
        self._lines = lines

    def of(self, path: Path) -> int:
        """Return the line of `path`, or of the nearest thing around it that is written down."""
        while path and path not in self._lines:
            path = path[:-1]
        return self._lines.get(path, 1)


def read(text: str) -> tuple[dict[str, Any], Lines]:
    """Return the values of TOML `text` and the lines they stand on.

    Raises:
        SyntaxMistake: no TOML, too long, nested too deeply, or a number of too many digits.
    """
    if len(text) > DOCUMENT_MAX_CHARS:
        raise SyntaxMistake(1, f"found {len(text)} characters, wanted at most {DOCUMENT_MAX_CHARS}")
    text = text.replace("\r\n", "\n")
    tokens = list(_tokens(text))
    _check_words(tokens)
    try:
        values = tomllib.loads(text)
        return values, Lines(_Scan(tokens).lines)
    except tomllib.TOMLDecodeError as error:
        raise _syntax_mistake(text, str(error)) from error
    except RecursionError as error:
        raise SyntaxMistake(1, "found values nested too deeply to read") from error


def _syntax_mistake(text: str, message: str) -> SyntaxMistake:
    match = _SYNTAX_LINE.fullmatch(message)
    if match is None:
        return SyntaxMistake(1, f"no TOML: {message}")
    line = int(match[2]) if match[2] else text.count("\n") + 1
    return SyntaxMistake(line, f"no TOML: {match[1]}")


class _Token(NamedTuple):
    kind: str
    text: str
    line: int


def _check_words(tokens: list[_Token]) -> None:
    for kind, text, line in tokens:
        if kind == "bare" and len(text) > WORD_MAX_CHARS:
            raise SyntaxMistake(
                line, f"found a word of {len(text)} characters, wanted at most {WORD_MAX_CHARS}"
            )


class _Scan:
    """One walk over the tokens of valid TOML that notes the line of every path."""

    def __init__(self, tokens: list[_Token]) -> None:
        self.lines: dict[Path, int] = {}
        self._counts: dict[Path, int] = {}
        self._tokens = tokens
        self._at = 0
        table: Path = ()
        while (token := self._tokens[self._at]).kind != "end":
            if token.kind == "newline":
                self._at += 1
            elif token.text == "[":
                table = self._header()
            else:
                self._pair(table)

    def _header(self) -> Path:
        line = self._next().line
        is_array = self._tokens[self._at].text == "["
        if is_array:
            self._next()
        keys = self._key("]")
        if is_array:
            self._next()
        path: Path = ()
        for index, key in enumerate(keys):
            path = (*path, key)
            if is_array and index == len(keys) - 1:
                self._counts[path] = self._counts.get(path, 0) + 1
            self.lines.setdefault(path, line)
            if path in self._counts:
                path = (*path, self._counts[path] - 1)
        self.lines[path] = line
        return path

    def _pair(self, table: Path) -> None:
        line = self._tokens[self._at].line
        path = table
        for key in self._key("="):
            path = (*path, key)
            self.lines.setdefault(path, line)
        self._value(path)

    def _value(self, path: Path) -> None:
        token = self._next()
        if token.text == "[":
            self._elements(path)
        elif token.text == "{":
            while self._next_past_newlines().text != "}":
                self._at -= 1
                self._pair(path)
                if self._tokens[self._at].text == ",":
                    self._at += 1
        elif token.kind == "bare":
            # A date and its time may be two words: 2017-01-01 04:00:00.
            while self._tokens[self._at].kind == "bare":
                self._at += 1

    def _elements(self, path: Path) -> None:
        index = 0
        while (token := self._next_past_newlines()).text != "]":
            if token.text == ",":
                continue
            self._at -= 1
            self.lines[(*path, index)] = token.line
            self._value((*path, index))
            index += 1

    def _key(self, end: str) -> list[str]:
        keys: list[str] = []
        while (token := self._next()).text != end:
            if token.kind == "text":
                keys.append(tomllib.loads(f"key = {token.text}")["key"])
            else:
                keys += [part for part in token.text.split(".") if part]
        return keys

    def _next(self) -> _Token:
        self._at += 1
        return self._tokens[self._at - 1]

    def _next_past_newlines(self) -> _Token:
        while (token := self._next()).kind == "newline":
            pass
        return token


def _tokens(text: str) -> Iterator[_Token]:
    line = 1
    for match in _TOKEN.finditer(text):
        assert match.lastgroup is not None
        if match.lastgroup != "comment":
            yield _Token(match.lastgroup, match[0], line)
        line += match[0].count("\n")
    yield _Token("end", "", line)
