"""One table of a device's configuration: typed reads that note every mistake and carry on.

A read that finds a mistake returns None, so that one pass tells all; whoever builds things from the
reads looks at `mistakes` before using what was built.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from device.errors import DeviceError
from loyalty.chain import is_name
from loyalty.private_files import check_private
from loyalty.programme_toml import SyntaxMistake, read
from loyalty.text_files import NoText, text_of

CONFIG_MAX_BYTES = 65_536
TEXT_MAX_CHARACTERS = 255

_TEXT = f"text of 1 to {TEXT_MAX_CHARACTERS} characters"


class ConfigError(DeviceError):
    """The configuration cannot be used; every mistake is a line of the message."""


def read_table(path: Path) -> "Table":
    """Return the table that the whole file at `path` is.

    Raises:
        ConfigError: it cannot be read, or is no TOML.
    """
    try:
        text = path.read_bytes()
        if len(text) > CONFIG_MAX_BYTES:
            raise ConfigError(f"{path}: {len(text)} bytes, at most {CONFIG_MAX_BYTES}")
        values, _ = read(text.decode())
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    except SyntaxMistake as error:
        raise ConfigError(f"{path}:{error.line}: {error}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: {error}") from error
    return Table("", values, path.parent, [])


class Table:
    """A table of the file that is asked for each key once; mistakes are collected."""

    def __init__(
        self, name: str, values: dict[str, Any], directory: Path, mistakes: list[str]
    ) -> None:
        self._name = name
        self._values = dict(values)
        self._directory = directory
        self.mistakes = mistakes

    def take(self, key: str, wanted: str, is_right: Callable[[Any], bool]) -> Any:
        """Return the value of `key`, or None after noting the mistake."""
        if key not in self._values:
            return self.complain(key, f"missing, wanted {wanted}")
        value = self._values.pop(key)
        if not is_right(value):
            return self.complain(key, f"found {_shown(value)}, wanted {wanted}")
        return value

    def name(self, key: str) -> Any:
        """Return the name of `key`, as topics have it."""
        return self.take(key, "1-64 of A-Z a-z 0-9 _ -", is_name)

    def text(self, key: str) -> Any:
        """Return the text of `key`."""
        return self.take(key, _TEXT, _is_text)

    def path(self, key: str) -> Any:
        """Return the path of `key`, from the file's own directory."""
        value = self.text(key)
        return None if value is None else self.beside(value)

    def beside(self, path: str) -> Path:
        """Return where `path` leads from the file's own directory."""
        return self._directory / path

    def parsed(self, key: str, parse: Callable[[str], Any]) -> Any:
        """Return what `parse` makes of a text, or None after noting each of its mistakes."""
        text = self.text(key)
        try:
            return None if text is None else parse(text)
        except ValueError as error:
            for mistake in getattr(error, "mistakes", (str(error),)):
                self.complain(key, mistake)
            return None

    def one_of(self, key: str, choices: tuple[Any, ...]) -> Any:
        """Return the value of `key`, one of `choices`."""
        wanted = "one of " + ", ".join(str(it) for it in choices)
        return self.take(key, wanted, lambda it: type(it) is type(choices[0]) and it in choices)

    def hidden(self, key: str, file_key: str) -> Any:
        """Return the text of `key`, or of the file that `file_key` names; never show it."""
        if self.has(key) == self.has(file_key):
            self._values.pop(key, None)
            self._values.pop(file_key, None)
            return self.complain(key, f"wanted either {key} or {file_key}")
        value = self._values.pop(key, None)
        path = self.path(file_key) if value is None else None
        if path is not None:
            try:
                value = text_of(path, most_characters=TEXT_MAX_CHARACTERS + 1).strip()
            except NoText as error:
                return self.complain(file_key, f"cannot read {path}: {error}")
            try:
                check_private(path)
            except ValueError as error:
                self.complain(file_key, f"{path}: {error}")
        return value if _is_text(value) else self.complain(key, f"wanted {_TEXT}")

    def has(self, key: str) -> bool:
        """Return whether `key` is there and was not taken."""
        return key in self._values

    def table(self, key: str) -> "Table":
        """Return the table of `key`; an empty one after noting that there is none."""
        value = self.take(key, "a table", lambda it: isinstance(it, dict))
        return Table(self._path(key), value or {}, self._directory, self.mistakes)

    def tables(self, key: str, most: int) -> "list[Table]":
        """Return the tables of the list of `key`, 1 to `most`."""
        rows = self.take(key, f"1 to {most} tables", lambda it: _is_list_of_tables(it, most))
        return [
            Table(f"{self._path(key)}[{number}]", row, self._directory, self.mistakes)
            for number, row in enumerate(rows or [])
        ]

    def end(self) -> None:
        """Note every key that nobody asked for: it is a slip of the pen."""
        for key in self._values:
            self.complain(key, "not a key of this table")

    def complain(self, key: str, problem: str) -> None:
        """Note that `key` is wrong."""
        self.mistakes.append(f"{self._path(key)}: {problem}")

    def _path(self, key: str) -> str:
        return f"{self._name}.{key}" if self._name else key


def bytes_of(digits: str | None) -> bytes:
    """Return what hexadecimal `digits` stand for; nothing where they are none."""
    try:
        return bytes.fromhex(digits or "")
    except ValueError:
        return b""


def _shown(value: Any) -> str:
    return repr(value)[:40] if isinstance(value, str | int | float) else type(value).__name__


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and 1 <= len(value) <= TEXT_MAX_CHARACTERS


def _is_list_of_tables(value: Any, most: int) -> bool:
    return (
        isinstance(value, list)
        and 1 <= len(value) <= most
        and all(isinstance(it, dict) for it in value)
    )
