"""The hub's part of pairing with a ledger behind it, asked in this process or over sockets."""

import secrets
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from device.mqtt.pinned_post import Answer, WebPlace
from hub.pairing.codes import Wanted, new_code
from hub.pairing.config import PairingSetting
from hub.pairing.private_ca import Certified, new_root, new_server
from hub.pairing.provisioning import NOT_FOR_YOU, Provisioning
from hub.web.config import WebAddress
from hub.web.server import WebServer
from loyalty.clock import SystemClock
from loyalty.pairing import ID_BYTES, SECRET_BYTES, PairingCode, fingerprint_of
from loyalty.tls import server_context
from tests.hub.hub_world import PROGRAMME, START_MS, World

HUB_KEY = bytes(range(100, 132))
HOST = "127.0.0.1"


class PairingHub:
    """A hub that pairs terminals, as they see it."""

    def __init__(self, world: World, clients: Certified | None = None, broker_ca: str = "") -> None:
        self.world = world
        self.place = WebPlace(HOST, 1, b"")
        setting = PairingSetting(
            host=HOST,
            port=1,
            fingerprint=b"",
            broker_host="hub.local",
            broker_port=8883,
            broker_ca=broker_ca,
            clients=clients,
            programme=PROGRAMME,
        )
        self.provisioning = Provisioning(
            world.ledger,
            setting,
            hub_key=HUB_KEY,
            now_ms=world.clock.now_ms,
            random_bytes=secrets.token_bytes,
        )

    def code(self, store: str = "s1", name: str = "", kind: str = "kiosk") -> PairingCode:
        random_bytes = secrets.token_bytes(ID_BYTES + SECRET_BYTES)
        made = new_code(
            self.world.ledger, Wanted(store, kind, name, "anna"), random_bytes, START_MS
        )
        return PairingCode(*self.place[:2], made.id, made.secret, self.place.fingerprint)

    def send(self, _place: WebPlace, path: str, letter: bytes) -> Answer:
        """Answer as over HTTP, without a socket."""
        _, route, *named = path.split("/")
        deed = {"pair": self.provisioning.welcome, "secrets": self.provisioning.changed}[route]
        said = deed(*named, letter)
        return Answer(NOT_FOR_YOU, b"") if said is None else Answer(200, said)

    @asynccontextmanager
    async def listening(self, folder: Path | None = None) -> AsyncIterator[None]:
        """Listen on loopback; with a folder for its certificate, over TLS."""
        tls = None
        fingerprint = b""
        if folder is not None:
            certificate, key = folder / "web.crt", folder / "web.key"
            fingerprint = write_certificate(certificate, key)
            tls = server_context(certificate, key)
        web = WebServer(WebAddress(HOST, 0, tls), self.provisioning.routes())
        await web.start()
        self.place = WebPlace(HOST, web.port, fingerprint)
        try:
            yield
        finally:
            await web.stop()


def write_certificate(certificate: Path, key: Path) -> bytes:
    """Write a new certificate and its key; return its fingerprint."""
    now_ms = SystemClock().now_ms()
    made = new_server(new_root(now_ms), (HOST,), now_ms)
    certificate.write_bytes(made.certificate)
    key.write_bytes(made.key)
    return fingerprint_of(ssl.PEM_cert_to_DER_cert(made.certificate.decode()))
