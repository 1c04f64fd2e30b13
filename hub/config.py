"""The hub's configuration: `hub.toml` and the files it names, every mistake reported at once.

    ledger = "ledger.db"                # or postgresql://revisit@127.0.0.1:5432/revisit
    programmes = ["programme.toml"]
    face_key_file = "face.key"          # 64 hexadecimal digits
    card_keys_file = "card-keys.toml"   # the terminals' own, where cards prove themselves; optional
    lease_key_file = "lease.key"        # signs leases and documents: hub.offline_config; optional
    caretaker = true                    # closes days by itself; false: people do (ledger day close)

    [broker]                            # more: hub.broker.config
    host = "127.0.0.1"
    port = 1883
    embedded = true                     # the hub's own; false: one such as mosquitto

    [web]                               # pages and figures over HTTP; left out: none
    port = 8080                         # more: hub.web.config

    [pairing]                           # lets new devices introduce themselves; left out: none
    host = "hub.local"                  # what they call this machine by; more: hub.pairing.config

Paths are relative to the configuration's own folder.
"""

from dataclasses import dataclass
from pathlib import Path

from hub.broker.config import BrokerAddress, read_broker
from hub.errors import HubError
from hub.ledger.ledger import Place, is_on_server
from hub.offline_config import read_offline_keys
from hub.pairing.config import PairingSetting, read_pairing
from hub.posting.documents import PROGRAMME, Document
from hub.posting.offline_keys import OfflineKeys
from hub.secret_files import secret_key, secret_text
from hub.web.config import WebAddress, read_web
from loyalty.keys import MASTER_BYTES
from loyalty.programme import Programme, ProgrammeErrors, parse
from loyalty.programme_table import Notes, Table
from loyalty.programme_toml import Mistake, SyntaxMistake, read
from loyalty.text_files import NoText, text_of

PROGRAMMES_MAX = 100
FACE_KEY_BYTES = 32


class ConfigErrors(HubError):
    """The configuration cannot be used; `mistakes` are all of them, one sentence each."""

    def __init__(self, mistakes: tuple[str, ...]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = mistakes


@dataclass(frozen=True, slots=True, kw_only=True)
class HubConfig:
    """Everything the hub is told."""

    ledger_place: Place
    programmes: tuple[Programme, ...]
    face_key: bytes
    broker: BrokerAddress
    card_master: bytes | None = None
    offline_keys: OfflineKeys | None = None
    programme_document: Document | None = None
    caretaker: bool = True
    web: WebAddress | None = None
    pairing: PairingSetting | None = None


def load_config(path: Path) -> HubConfig:
    """Return the configuration that the file at `path` and those it names describe.

    Raises:
        ConfigErrors: with every mistake at once.
    """
    text = _text(path, str(path))
    try:
        values, lines = read(text)
    except SyntaxMistake as error:
        raise ConfigErrors((str(Mistake(str(path), error.line, str(error))),)) from error
    notes = Notes(str(path), lines)
    root = Table(notes, (), values)
    programmes, newest, elsewhere = _programmes(root, path.parent)
    broker, web = read_broker(root, path.parent), read_web(root, path.parent)
    nowhere: Place = ""
    config = HubConfig(
        ledger_place=root.parsed("ledger", lambda it: _ledger_place(it, path.parent), nowhere),
        programmes=programmes,
        face_key=root.parsed("face_key_file", lambda it: _face_key(path.parent / it), b""),
        broker=broker,
        card_master=_card_master(root, path.parent),
        offline_keys=read_offline_keys(root, path.parent),
        programme_document=_document(programmes, newest),
        caretaker=root.flag("caretaker", default=True),
        web=web,
        pairing=read_pairing(root, path.parent, web, broker, newest),
    )
    root.close()
    mistakes = tuple(str(it) for it in notes.all()) + elsewhere
    if mistakes:
        raise ConfigErrors(mistakes)
    return config


def _programmes(root: Table, folder: Path) -> tuple[tuple[Programme, ...], str, tuple[str, ...]]:
    """Return the programmes, the text of the newest, and the mistakes in their files."""
    names = root.idents("programmes")
    if root.is_right("programmes") and not 1 <= len(names) <= PROGRAMMES_MAX:
        root.wrong("programmes", f"found {len(names)} files, wanted 1 to {PROGRAMMES_MAX}")
    found: list[tuple[Programme, str]] = []
    mistakes: list[str] = []
    for name in names:
        try:
            text = _text(folder / name, name)
            found.append((parse(text, source=str(folder / name)), text))
        except ProgrammeErrors as error:
            mistakes += [str(it) for it in error.mistakes]
        except ConfigErrors as error:
            root.wrong("programmes", str(error))
    versions = [programme.version for programme, _ in found]
    for version in sorted({it for it in versions if versions.count(it) > 1}):
        root.wrong("programmes", f"found version {version} in two files, wanted it in one")
    newest = max(found, key=lambda it: it[0].version, default=(None, ""))[1]
    return tuple([programme for programme, _ in found]), newest, tuple(mistakes)


def _document(programmes: tuple[Programme, ...], text: str) -> Document:
    """Return the newest programme as devices pull it."""
    version = max([it.version for it in programmes], default=0)
    return Document(PROGRAMME, version, text.encode())


def _card_master(root: Table, folder: Path) -> bytes | None:
    if not root.has("card_keys_file"):
        root.knows("card_keys_file")
        return None
    return root.parsed("card_keys_file", lambda it: _master(folder / it), b"")


def _ledger_place(text: str, folder: Path) -> Place:
    if is_on_server(text):
        return text
    if not text or "\0" in text:
        raise ValueError(f"found {text!r}, wanted the name of a file, or postgresql://…")
    return folder / text


def _face_key(path: Path) -> bytes:
    return secret_key(
        path, size_bytes=FACE_KEY_BYTES, made_by=f"openssl rand -hex {FACE_KEY_BYTES}"
    )


def _master(path: Path) -> bytes:
    text = secret_text(path)
    try:
        key = bytes.fromhex(read(text)[0]["master"])
    except (SyntaxMistake, KeyError, TypeError, ValueError):
        key = b""  # What is there may be half a key, so it is not repeated.
    if len(key) != MASTER_BYTES:
        raise ValueError(f"{path}: wanted a master of {2 * MASTER_BYTES} hexadecimal digits")
    return key


def _text(path: Path, name: str) -> str:
    try:
        return text_of(path)
    except NoText as error:
        raise ConfigErrors((f"{name}: {error}, a readable file wanted",)) from error
