"""The hub's configuration: `hub.toml` and the files it names, every mistake reported at once.

    ledger = "ledger.db"                # or postgresql://revisit@127.0.0.1:5432/revisit
    programmes = ["programme.toml"]
    face_key_file = "face.key"          # 64 hexadecimal digits
    card_keys_file = "card-keys.toml"   # the terminals' own, where cards prove themselves; optional
    lease_key_file = "lease.key"        # signs leases and documents: hub.offline_config; optional
    caretaker = true                    # closes days by itself; false: people do (ledger day close)

    [broker]                            # the hub's own broker …
    host = "127.0.0.1"
    port = 1883
    embedded = true

    [broker]                            # … or one such as mosquitto, on this or another machine
    host = "192.168.1.2"
    port = 8883
    embedded = false
    user = "revisit-hub-bridge"
    password_file = "bridge.password"
    ca_file = "ca.crt"                  # where it speaks TLS; and if it asks for a certificate:
    certificate_file = "hub.crt"
    key_file = "hub.key"
    shared = true                       # where several hubs take turns; left out: one hub
    logins_folder = "/etc/mosquitto/revisit/logins"    # where the hub keeps who may come in, and
    reload = ["systemctl", "reload", "mosquitto"]      # what tells mosquitto; left out: people do

    [web]                               # pages and figures over HTTP; left out: none
    host = "127.0.0.1"                  # this machine alone
    port = 8080
    certificate_file = "web.crt"        # only for HTTPS, with
    key_file = "web.key"

    [pairing]                           # lets new devices introduce themselves; left out: none
    host = "hub.local"                  # what they call this machine by; more: hub.pairing_config

Paths are relative to the configuration's own folder.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from hub.documents import PROGRAMME, Document
from hub.errors import HubError
from hub.hosts import parse_host
from hub.ledger.ledger import Place, is_on_server
from hub.offline_config import read_offline_keys
from hub.offline_keys import OfflineKeys
from hub.pairing_config import PairingSetting, read_pairing
from loyalty.keys import MASTER_BYTES
from loyalty.private_files import check_private
from loyalty.programme import Programme, ProgrammeErrors, parse
from loyalty.programme_table import Notes, Table
from loyalty.programme_toml import Mistake, SyntaxMistake, read
from loyalty.tls import TlsContext, TlsFileError, client_context, server_context

PORT_MAX = 65_535
PROGRAMMES_MAX = 100
FACE_KEY_BYTES = 32
LOOPBACK = "127.0.0.1"


class ConfigErrors(HubError):
    """The configuration cannot be used; `mistakes` are all of them, one sentence each."""

    def __init__(self, mistakes: tuple[str, ...]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = mistakes


class BridgeLogin(NamedTuple):
    """Who the bridge says it is."""

    user: str
    password: str


class LoginFiles(NamedTuple):
    """Where mosquitto's files of who may come in are, and the command that has it read them."""

    folder: Path
    reload: tuple[str, ...]


class BrokerAddress(NamedTuple):
    """Where the broker is. `login` is None where the hub runs the broker itself.

    Where it `is_shared`, several hubs take turns at what devices send.
    """

    host: str
    port: int
    login: BridgeLogin | None
    tls: TlsContext | None = None
    is_shared: bool = False
    logins: LoginFiles | None = None


class WebAddress(NamedTuple):
    """Where the web server listens; port 0 is any that is free. Without `tls` it speaks HTTP.

    `certificate_file` is what `tls` shows.
    """

    host: str
    port: int
    tls: TlsContext | None = None
    certificate_file: Path | None = None


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
    broker, web = _broker(root, path.parent), _web(root, path.parent)
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
    newest = max(found, key=lambda it: it[0].version, default=(None, ""))[1]
    return tuple([programme for programme, _ in found]), newest, tuple(mistakes)


def _document(programmes: tuple[Programme, ...], text: str) -> Document:
    """Return the newest programme as devices pull it."""
    version = max([it.version for it in programmes], default=0)
    return Document(PROGRAMME, version, text.encode())


def _broker(root: Table, folder: Path) -> BrokerAddress:
    table = root.table("broker")
    if table is None:
        if root.is_right("broker"):
            root.wrong("broker", "found nothing, wanted a table with host, port and embedded")
        return BrokerAddress("", 0, None)
    host = table.parsed("host", parse_host, "")
    port = table.whole("port", 1, PORT_MAX, default=1883)
    login, tls, logins, is_shared = None, None, None, False
    if not table.flag("embedded", default=True):
        user = table.ident("user")
        password = table.parsed("password_file", lambda it: _password(folder / it), "")
        login = BridgeLogin(user, password)
        tls = _tls(table, folder)
        is_shared = table.flag("shared", default=False)
        logins = _logins(table, folder)
    table.close()
    return BrokerAddress(host, port, login, tls, is_shared, logins)


def _logins(table: Table, folder: Path) -> LoginFiles | None:
    if not table.has("logins_folder"):
        table.knows("logins_folder")
        return None
    files = LoginFiles(
        table.parsed("logins_folder", folder.joinpath, folder), table.idents("reload")
    )
    if not files.folder.is_dir():
        table.wrong(
            "logins_folder", f"found no folder {files.folder}, wanted what broker-config made"
        )
    if not files.reload and table.is_right("reload"):
        table.wrong("reload", "found nothing, wanted the command that has the broker read again")
    return files


def _tls(table: Table, folder: Path) -> TlsContext | None:
    keys = ("ca_file", "certificate_file", "key_file")
    paths = {key: table.parsed(key, folder.joinpath, folder) for key in keys if table.has(key)}
    if not paths or not table.is_right(*keys):
        return None
    if "ca_file" not in paths:
        table.wrong("ca_file", "found nothing, wanted with a certificate or a key")
        return None
    try:
        return client_context(**paths)
    except TlsFileError as error:
        table.wrong(error.key, str(error))
        return None


def _web(root: Table, folder: Path) -> WebAddress | None:
    table = root.table("web")
    if table is None:
        return None
    host = table.parsed("host", parse_host, "", default=LOOPBACK)
    port = table.whole("port", 0, PORT_MAX)
    tls, certificate = None, None
    if table.has("certificate_file") or table.has("key_file"):
        certificate = table.parsed("certificate_file", folder.joinpath, folder)
        key = table.parsed("key_file", folder.joinpath, folder)
        if table.is_right("certificate_file", "key_file"):
            tls = _served_tls(table, certificate, key)
    else:
        table.knows("certificate_file", "key_file")
    table.close()
    return WebAddress(host, port, tls, certificate)


def _served_tls(table: Table, certificate: Path, key: Path) -> TlsContext | None:
    try:
        return server_context(certificate, key)
    except TlsFileError as error:
        table.wrong(error.key, str(error))
        return None


def _card_master(root: Table, folder: Path) -> bytes | None:
    if not root.has("card_keys_file"):
        return None
    return root.parsed("card_keys_file", lambda it: _master(folder / it), b"")


def _ledger_place(text: str, folder: Path) -> Place:
    if is_on_server(text):
        return text
    if not text or "\0" in text:
        raise ValueError(f"found {text!r}, wanted the name of a file, or postgresql://…")
    return folder / text


def _face_key(path: Path) -> bytes:
    digits = _secret_text(path).strip()
    try:
        key = bytes.fromhex(digits)
    except ValueError:
        key = b""
    if len(key) != FACE_KEY_BYTES:
        wanted = f"wanted {2 * FACE_KEY_BYTES} hexadecimal digits (openssl rand -hex 32)"
        raise ValueError(f"{path}: found {len(digits)} characters, {wanted}")
    return key


def _master(path: Path) -> bytes:
    text = _secret_text(path)
    try:
        key = bytes.fromhex(read(text)[0]["master"])
    except (SyntaxMistake, KeyError, TypeError, ValueError):
        key = b""  # What is there may be half a key, so it is not repeated.
    if len(key) != MASTER_BYTES:
        raise ValueError(f"{path}: wanted a master of {2 * MASTER_BYTES} hexadecimal digits")
    return key


def _password(path: Path) -> str:
    password = _secret_text(path).strip()
    if not password:
        raise ValueError(f"{path}: found nothing, wanted the bridge's password")
    return password


def _secret_text(path: Path) -> str:
    try:
        text = _text(path, str(path))
        check_private(path)
    except ConfigErrors as error:
        raise ValueError(str(error)) from error
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
    return text


def _text(path: Path, name: str) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no UTF-8 text"
        raise ConfigErrors((f"{name}: {reason}, a readable file wanted",)) from error
