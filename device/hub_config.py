"""Who a terminal is and where its hub is, from its configuration or from what pairing wrote."""

from pathlib import Path
from typing import NamedTuple

from device.config_table import Table, bytes_of
from device.mqtt.credentials import CredentialsError, read_credentials
from device.mqtt.identity import SECRET_MIN_BYTES, SECRETS_MAX, Broker, Identity
from loyalty.signatures import PUBLIC_KEY_BYTES
from loyalty.tls import TlsContext, TlsFileError, client_context

SECRET_MAX_BYTES = 128


class Who(NamedTuple):
    """Who a device is, and where it finds its hub; `credentials` is the file of a paired one."""

    identity: Identity
    broker: Broker
    credentials: Path | None
    hub_key: bytes


def read_paired(top: Table) -> Who | None:
    """Return what the file says that `credentials` of `top` names; None after a mistake."""
    path = top.path("credentials")
    if path is None:
        return None
    try:
        found = read_credentials(path)
        files = (found.ca_file, found.certificate_file, found.key_file)
        beside = [path.parent / it if it else None for it in files]
        tls = None if beside[0] is None else client_context(beside[0], beside[1], beside[2])
    except (CredentialsError, TlsFileError) as error:
        top.complain("credentials", str(error))
        return None
    secrets = {found.keys.kid: found.keys.secret}
    return Who(
        Identity(store=found.store, device=found.device, secrets=secrets),
        Broker(host=found.host, port=found.port, password=found.keys.password, tls=tls),
        path,
        found.hub_key,
    )


def read_told(hub: Table, device: str, store: str) -> Who | None:
    """Return what table `hub` says about `device` of `store`; None after any mistake."""
    broker = _broker(hub)
    secrets = _secrets(hub)
    hub_key = _hub_key(hub) if hub.has("public_key") else b""
    hub.end()
    if hub.mistakes:
        return None
    assert broker is not None
    identity = Identity(store=store, device=device, secrets=secrets)
    return Who(identity, broker, None, hub_key)


def _broker(hub: Table) -> Broker | None:
    host = hub.text("host")
    port = hub.take("port", "a port, 1 to 65535", lambda it: type(it) is int and 0 < it < 65536)
    password = hub.hidden("password", "password_file")
    tls = _tls(hub)
    if None in (host, port, password):
        return None
    return Broker(host=host, port=port, password=password, tls=tls)


def _tls(hub: Table) -> TlsContext | None:
    keys = ("ca_file", "certificate_file", "key_file")
    paths = {key: hub.path(key) for key in keys if hub.has(key)}
    if not paths or None in paths.values():
        return None
    if "ca_file" not in paths:
        hub.complain("ca_file", "missing, wanted with a certificate or a key")
        return None
    try:
        return client_context(**paths)
    except TlsFileError as error:
        hub.complain(error.key, str(error))
        return None


def _hub_key(hub: Table) -> bytes:
    digits = hub.text("public_key")
    key = bytes_of(digits)
    if digits is not None and len(key) != PUBLIC_KEY_BYTES:
        hub.complain("public_key", f"wanted {2 * PUBLIC_KEY_BYTES} hexadecimal digits")
    return key


def _secrets(hub: Table) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for row in hub.tables("secrets", SECRETS_MAX):
        kid, digits = row.name("kid"), row.hidden("hex", "file")
        row.end()
        secret = bytes_of(digits)
        if digits is not None and not SECRET_MIN_BYTES <= len(secret) <= SECRET_MAX_BYTES:
            row.complain(
                "hex",
                f"wanted {2 * SECRET_MIN_BYTES} to {2 * SECRET_MAX_BYTES} hexadecimal digits",
            )
        elif kid in found:
            row.complain("kid", f"{kid!r} twice, wanted another")
        else:
            found[kid] = secret
    return found
