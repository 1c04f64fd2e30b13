"""A TOML document and its tables: typed reads that note every mistake and carry on.

A read that finds a mistake notes it and returns a harmless stand-in, so that one pass tells all;
whoever builds things from the reads looks at the notes before using what was built.
"""

from collections.abc import Callable, Iterator
from datetime import date, datetime
from typing import Any, TypeVar

from loyalty.programme_toml import DocumentErrors, Lines, Mistake, Path, SyntaxMistake, read
from loyalty.wire import NAME_CHARACTERS

Value = TypeVar("Value")

_MISSING = object()


class Notes:
    """The mistakes of one document, by line."""

    def __init__(self, source: str, lines: Lines) -> None:
        self._source = source
        self._lines = lines
        self._found: list[Mistake] = []

    def add(self, path: Path, message: str) -> None:
        """Note that `path` is wrong."""
        self._found.append(self.mistake(path, message))

    def mistake(self, path: Path, message: str) -> Mistake:
        """Return the mistake that `path` is wrong, without noting it."""
        where = "".join([_step(part) for part in path]).lstrip(".")
        text = f"{where}: {message}" if where else message
        return Mistake(self._source, self._lines.of(path), text)

    def all(self) -> tuple[Mistake, ...]:
        """Return every mistake, in the order of lines."""
        return tuple(sorted(self._found, key=lambda it: it.line))

    def __len__(self) -> int:
        return len(self._found)


class Table:
    """A table and what was read of it; `close` notes the keys that nobody asked for."""

    def __init__(self, notes: Notes, path: Path, values: dict[str, Any]) -> None:
        self.path = path
        self._notes = notes
        self._values = values
        self._read: set[str] = set()
        self._wrong: set[str] = set()

    def wrong(self, key: str, message: str) -> None:
        """Note that `key` is wrong."""
        self._wrong.add(key)
        self._notes.add((*self.path, key), message)

    def is_right(self, *keys: str) -> bool:
        """Return whether no mistake is noted for any of `keys`, so that more may be asked."""
        return self._wrong.isdisjoint(keys)

    def has(self, key: str) -> bool:
        """Return whether `key` is written down."""
        return key in self._values

    def knows(self, *keys: str) -> None:
        """Take `keys` as read: they may be left out, and are right where they are written down."""
        self._read.update(keys)

    def where(self) -> str:
        """Return the source, the line and the path of this table, to name it later."""
        return str(self._notes.mistake(self.path, ""))[:-2]

    def whole(self, key: str, least: int, most: int, *, default: int | None = None) -> int:
        """Return the whole number of `key`, from `least` to `most`."""
        value = self._get(key, default)
        if type(value) is int and least <= value <= most:
            return value
        return self._refuse(key, value, f"a whole number from {least} to {most}", least)

    def number(self, key: str, least: float, most: float, *, default: float | None = None) -> float:
        """Return the number of `key`, from `least` to `most`; a fraction is right as well."""
        value = self._get(key, default)
        if type(value) in (int, float) and least <= value <= most:
            return float(value)
        return self._refuse(key, value, f"a number from {least:g} to {most:g}", least)

    def flag(self, key: str, *, default: bool) -> bool:
        """Return the true or false of `key`."""
        value = self._get(key, default)
        return value if type(value) is bool else self._refuse(key, value, "true or false", default)

    def ident(self, key: str, *, default: str | None = None) -> str:
        """Return the id of `key`: what a field of a line may hold, 1 to 64 characters."""
        value = self._get(key, default)
        if is_id(value) or (value == default and not self.has(key)):
            return str(value)
        return self._refuse(key, value, "an id of 1 to 64 of A-Z a-z 0-9 _ - . : / + =", "")

    def day(self, key: str, *, default: date | None = None) -> date:
        """Return the date of `key`."""
        value = self._get(key, default)
        if isinstance(value, date) and not isinstance(value, datetime):
            if 1970 <= value.year <= 2099:
                return value
            return self._refuse(key, str(value), "a date from 1970 to 2099", date(1970, 1, 1))
        return self._refuse(key, value, "a date such as 2017-03-01", date(1970, 1, 1))

    def word(self, key: str, words: tuple[str, ...], *, default: str | None = None) -> str:
        """Return the one of `words` that `key` holds."""
        value = self._get(key, default)
        if isinstance(value, str) and value in words:
            return value
        return self._refuse(key, value, f"one of {', '.join(words)}", words[0])

    def words(self, key: str, words: tuple[str, ...]) -> tuple[str, ...]:
        """Return the list of some of `words` that `key` holds; empty where it is left out."""
        value = self._get(key, [])
        if isinstance(value, list) and all(isinstance(it, str) and it in words for it in value):
            return tuple(value)
        return self._refuse(key, value, f"a list out of {', '.join(words)}", ())

    def idents(self, key: str) -> tuple[str, ...]:
        """Return the list of ids of `key`; empty where it is left out."""
        value = self._get(key, [])
        if isinstance(value, list) and all(is_id(it) for it in value):
            return tuple(value)
        return self._refuse(key, value, "a list of ids", ())

    def parsed(
        self,
        key: str,
        parse: Callable[[str], Value],
        stand_in: Value,
        *,
        default: Value | None = None,
    ) -> Value:
        """Return what `parse` makes of the text of `key`; its ValueError is the mistake."""
        value = self._get(key, default)
        if default is not None and not self.has(key):
            return default
        if not isinstance(value, str):
            return self._refuse(key, value, "text", stand_in)
        try:
            return parse(value)
        except ValueError as error:
            self.wrong(key, str(error))
            return stand_in

    def texts(self, key: str, most_chars: int) -> tuple[tuple[str, str], ...]:
        """Return the pairs of a table of short texts, sorted by key."""
        value = self._get(key, None)
        if (
            isinstance(value, dict)
            and value
            and all(_is_text(it, most_chars) for it in value.values())
        ):
            return tuple(sorted(value.items()))
        return self._refuse(key, value, f"a table of texts of 1 to {most_chars} characters", ())

    def table(self, key: str) -> "Table | None":
        """Return the table of `key`, or None where it is left out."""
        value = self._get(key, {})
        if not isinstance(value, dict):
            return self._refuse(key, value, "a table", None)
        return Table(self._notes, (*self.path, key), value) if self.has(key) else None

    def tables(self, key: str, least: int, most: int) -> Iterator["Table"]:
        """Yield the tables of the list of `key`, `least` to `most` of them, closing each."""
        value = self._get(key, [])
        if not isinstance(value, list) or not all(isinstance(it, dict) for it in value):
            self._refuse(key, value, "a list of tables", None)
            return
        if not least <= len(value) <= most:
            self.wrong(key, f"found {len(value)} tables, wanted {least} to {most}")
        for index, values in enumerate(value[:most]):
            inner = Table(self._notes, (*self.path, key, index), values)
            yield inner
            inner.close()

    def close(self) -> None:
        """Note every key that was not read."""
        for key in self._values:
            if key not in self._read:
                self.wrong(
                    key, f"found an unknown key, wanted one of {', '.join(sorted(self._read))}"
                )

    def _get(self, key: str, default: Any) -> Any:
        self._read.add(key)
        if key in self._values:
            return self._values[key]
        return _MISSING if default is None else default

    def _refuse(self, key: str, value: Any, wanted: str, stand_in: Value) -> Value:
        found = "nothing" if value is _MISSING else repr(value)[:40]
        self.wrong(key, f"found {found}, wanted {wanted}")
        return stand_in


def read_document(
    text: str,
    *,
    source: str,
    make: Callable[[Table], Value | None],
    errors: type[DocumentErrors],
) -> Value:
    """Return what `make` makes of the whole of TOML `text`; `source` names it in mistakes.

    `make` returns None where it noted what keeps it from making anything.

    Raises:
        DocumentErrors: of the kind `errors`, with every mistake of the document at once.
    """
    try:
        values, lines = read(text)
    except SyntaxMistake as error:
        raise errors((Mistake(source, error.line, str(error)),)) from error
    notes = Notes(source, lines)
    made = make(Table(notes, (), values))
    if made is None or notes:
        raise errors(notes.all())
    return made


def is_id(value: object) -> bool:
    """Return whether `value` may be a field of a line: 1 to 64 of its characters."""
    return isinstance(value, str) and 1 <= len(value) <= 64 and NAME_CHARACTERS.issuperset(value)


def _step(part: str | int) -> str:
    """Return one step of a path; a key that no reader asks for may hold anything at all."""
    if isinstance(part, int):
        return f"[{part + 1}]"
    return f".{part}" if is_id(part) else f".{part[:40]!r}"


def _is_text(value: object, most_chars: int) -> bool:
    return isinstance(value, str) and 1 <= len(value) <= most_chars and value.isprintable()
