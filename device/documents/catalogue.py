"""What the hub publishes, kept so that a technician can read it: the programme, the hotlist.

Some hundred documents at most, in one JSON file that an editor can open. All of it can be had
from the hub again, so a damaged file is set aside and the catalogue starts empty.
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog
from tinydb import TinyDB, where
from tinydb.storages import Storage

from device.errors import DeviceError
from loyalty.chain import is_name
from loyalty.fields import COUNT_MAX

DOCUMENTS_MAX = 500
TEXT_MAX_CHARACTERS = 1_000_000


class CatalogueFailed(DeviceError):
    """The disk is full or broken; the catalogue is as it was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One version of something the hub publishes.

    Raises:
        ValueError: the name, version or text is none, or out of range.
    """

    name: str
    version: int
    text: str

    def __post_init__(self) -> None:
        if not is_name(self.name):
            raise ValueError(f"document name {self.name!r}, 1-64 of A-Z a-z 0-9 _ - wanted")
        if type(self.version) is not int or not 1 <= self.version <= COUNT_MAX:
            raise ValueError(
                f"document {self.name}: version {str(self.version)[:40]}, 1 to {COUNT_MAX} wanted"
            )
        if not isinstance(self.text, str):
            raise ValueError(f"document {self.name}: {type(self.text).__name__}, text wanted")
        self.text.encode()  # JSON may hold half a character, which no file takes
        if len(self.text) > TEXT_MAX_CHARACTERS:
            raise ValueError(
                f"document {self.name}: {len(self.text)} characters, at most {TEXT_MAX_CHARACTERS}"
            )


class Catalogue:
    """The documents of one device, the newest version of each.

    `set_aside` is where a damaged file was moved at opening; None for none.
    """

    def __init__(self, path: Path) -> None:
        self._storage = WholeFileStorage(path)
        self.set_aside = self._storage.set_aside_if_damaged()
        self._database = TinyDB(storage=lambda: self._storage)

    def put(self, name: str, version: int, text: str) -> bool:
        """Store a document; return False if what is there is as new or newer.

        Raises:
            CatalogueFailed: the disk is full or broken.
            ValueError: it is no document, or one more than `DOCUMENTS_MAX`.
        """
        document = Document(name=name, version=version, text=text)
        known = self.get(name)
        if known is not None and known.version >= version:
            return False
        if known is None and len(self._database) >= DOCUMENTS_MAX:
            raise ValueError(f"document {name} is one more than {DOCUMENTS_MAX}")
        row = {"name": document.name, "version": document.version, "text": document.text}
        try:
            self._database.upsert(row, where("name") == name)
        except OSError as error:
            raise CatalogueFailed(f"document {name} is not stored: {error}") from error
        return True

    def get(self, name: str) -> Document | None:
        """Return the newest version of a document, or None if there is none."""
        row = self._database.get(where("name") == name)
        if not isinstance(row, dict):
            return None
        return Document(name=row["name"], version=row["version"], text=row["text"])

    def versions(self) -> dict[str, int]:
        """Return the version of every document by its name."""
        return {row["name"]: row["version"] for row in self._database}


class WholeFileStorage(Storage):
    """TinyDB's data in one file that is replaced whole: a power cut leaves the old or the new.

    TinyDB's own storage writes into the file and truncates it afterwards (tinydb 4.9,
    storages.py `JSONStorage.write`); half of that is a file nobody can read.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> dict[str, dict[str, Any]] | None:
        try:
            text = self._path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        data: dict[str, dict[str, Any]] = json.loads(text)
        return data

    def write(self, data: dict[str, dict[str, Any]]) -> None:
        text = json.dumps(data, ensure_ascii=False, indent=1)
        fresh = self._path.with_name(self._path.name + ".new")
        with fresh.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(fresh, self._path)
        directory = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)

    def set_aside_if_damaged(self) -> Path | None:
        """Move the file out of the way if it is no catalogue; return where it went.

        Raises:
            CatalogueFailed: the file cannot be read or moved.
        """
        try:
            problem = _problem(self.read())
        except (ValueError, RecursionError) as error:  # not UTF-8, not JSON
            problem = str(error)
        except OSError as error:
            raise CatalogueFailed(f"{self._path}: {error}") from error
        if not problem:
            return None
        aside = self._path.with_name(self._path.name + ".damaged")
        try:
            os.replace(self._path, aside)
        except OSError as error:
            raise CatalogueFailed(f"{self._path}: {error}") from error
        structlog.get_logger().warning(
            "catalogue_set_aside", path=str(self._path), aside=str(aside), problem=problem[:200]
        )
        return aside


def _problem(data: Any) -> str:
    if data is None:
        return ""
    if not isinstance(data, dict) or not set(data) <= {TinyDB.default_table_name}:
        return "not a catalogue"
    rows = data.get(TinyDB.default_table_name, {})
    if not isinstance(rows, dict):
        return "documents are no table"
    for number, row in rows.items():
        try:
            int(number)
            Document(**row)
        except (TypeError, ValueError) as error:
            return f"document {number}: {error}"
    return ""
