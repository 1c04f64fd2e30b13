"""What `hub.toml` says about new devices, who keeps logins, and files that others may read."""

import re
import ssl
from pathlib import Path

import pytest

from hub.broker.config import LoginFiles
from hub.config import ConfigErrors, load_config
from hub.pairing.private_ca import Certified, new_root, new_server
from loyalty.clock import SystemClock
from loyalty.pairing import fingerprint_of
from tests.hub.hub_world import FACE_KEY, PROGRAMME

LEDGER = 'ledger = "ledger.db"\nprogrammes = ["programme.toml"]\nface_key_file = "face.key"\n'
OURS = '[broker]\nhost = "0.0.0.0"\nport = 1883\n'
THEIRS = """
[broker]
host = "{host}"
port = 8883
embedded = false
user = "revisit-hub-bridge"
password_file = "bridge.password"
ca_file = "ca.crt"
"""
WEB = '[web]\nhost = "0.0.0.0"\nport = 8080\n'
NOW_MS = SystemClock().now_ms()
ROOT = new_root(NOW_MS)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "programme.toml").write_text(PROGRAMME)
    (tmp_path / "face.key").write_text(FACE_KEY.hex())
    (tmp_path / "bridge.password").write_text("secret")
    (tmp_path / "ca.crt").write_bytes(ROOT.certificate)
    (tmp_path / "ca.key").write_bytes(ROOT.key)
    return tmp_path


def pairing_of(folder: Path, *tables: str):
    (folder / "hub.toml").write_text(LEDGER + "".join(tables))
    return load_config(folder / "hub.toml").pairing


def mistakes_of(folder: Path, *tables: str) -> str:
    (folder / "hub.toml").write_text(LEDGER + "".join(tables))
    with pytest.raises(ConfigErrors) as caught:
        load_config(folder / "hub.toml")
    return str(caught.value)


def test_without_the_table_nobody_can_be_paired(folder):
    assert pairing_of(folder, OURS, WEB) is None


def test_the_hubs_own_broker_is_called_as_the_hub_is(folder):
    found = pairing_of(folder, OURS, WEB, '[pairing]\nhost = "hub.local"\n')

    assert (found.host, found.port, found.fingerprint) == ("hub.local", 8080, b"")
    assert (found.broker_host, found.broker_port, found.broker_ca) == ("hub.local", 1883, "")
    assert (found.programme, found.clients) == (PROGRAMME, None)


@pytest.mark.parametrize(
    ("host", "more", "told"),
    [
        ("127.0.0.1", "", "hub.local"),
        ("localhost", "", "hub.local"),
        ("192.168.1.2", "", "192.168.1.2"),
        ("192.168.1.2", 'broker_host = "broker.local"\n', "broker.local"),
    ],
)
def test_another_broker_is_called_by_its_own_name_unless_that_is_this_machine(
    folder, host, more, told
):
    found = pairing_of(
        folder, THEIRS.format(host=host), WEB, f'[pairing]\nhost = "hub.local"\n{more}'
    )

    assert found.broker_host == told
    certificate = ROOT.certificate.decode()
    assert ssl.PEM_cert_to_DER_cert(found.broker_ca) == ssl.PEM_cert_to_DER_cert(certificate)


@pytest.mark.parametrize(
    ("certificates", "found"),
    [
        ([new_server(ROOT, ("hub.local",), NOW_MS)], "found 0 characters"),
        ([new_root(NOW_MS) for _ in range(40)], r"found \d\d,\d{3} characters"),
    ],
    ids=["no authority", "too many"],
)
def test_devices_are_told_the_brokers_own_authority_or_nobody_is_paired(
    folder, certificates, found
):
    (folder / "ca.crt").write_bytes(b"".join([it.certificate for it in certificates]))
    broker = THEIRS.format(host="192.168.1.2")

    told = mistakes_of(folder, broker, WEB, '[pairing]\nhost = "hub.local"\n')

    assert re.search(
        rf"pairing: {found} of authorities in broker.ca_file, wanted 1 to 16,384", told
    )


def test_a_web_server_with_tls_is_known_by_the_certificate_that_it_shows(folder):
    mine = new_server(ROOT, ("hub.local",), NOW_MS)
    (folder / "web.crt").write_bytes(b"My own:\n" + mine.certificate + ROOT.certificate)
    (folder / "web.key").write_bytes(mine.key)
    tls = 'certificate_file = "web.crt"\nkey_file = "web.key"\n'

    found = pairing_of(folder, OURS, WEB, tls, '[pairing]\nhost = "hub.local"\n')

    shown = ssl.PEM_cert_to_DER_cert(mine.certificate.decode())
    assert found.fingerprint == fingerprint_of(shown)


def test_the_hub_signs_for_a_broker_that_wants_certificates(folder):
    signs = 'clients_ca_file = "ca.crt"\nclients_ca_key_file = "ca.key"\n'

    found = pairing_of(folder, OURS, WEB, f'[pairing]\nhost = "hub.local"\n{signs}')

    assert found.clients == Certified(ROOT.certificate, ROOT.key)


@pytest.mark.parametrize(
    ("tables", "told"),
    [
        ((OURS, "[pairing]\n"), "pairing: wanted [web] with a port"),
        ((OURS, "[web]\nport = 0\n", "[pairing]\n"), "pairing: wanted [web] with a port"),
        ((OURS, WEB, "[pairing]\n"), "pairing.host: found 0.0.0.0, wanted what devices call"),
        ((OURS, WEB, '[pairing]\nhost = "a b"\n'), "pairing.host: found 'a b'"),
        ((OURS, WEB, '[pairing]\nhost = "h"\nhosts = "h"\n'), "pairing.hosts: "),
        (
            (OURS, WEB, '[pairing]\nhost = "h"\nclients_ca_file = "ca.crt"\n'),
            "pairing.clients_ca_key_file: found nothing",
        ),
        (
            (
                *(OURS, WEB, '[pairing]\nhost = "h"\nclients_ca_file = "ca.crt"\n'),
                'clients_ca_key_file = "face.key"\n',
            ),
            "pairing.clients_ca_file: found no certificate and key in PEM",
        ),
        (
            (*(OURS, WEB, '[pairing]\nhost = "h"\n'), *['clients_ca_file = "absent"\n']),
            "absent: No such file",
        ),
    ],
)
def test_mistakes_are_told(folder, tables, told):
    assert told in mistakes_of(folder, *tables)


def test_the_hub_may_keep_mosquittos_logins(folder):
    (folder / "logins").mkdir()
    keeps = 'logins_folder = "logins"\nreload = ["systemctl", "reload", "mosquitto"]\n'
    (folder / "hub.toml").write_text(LEDGER + THEIRS.format(host="127.0.0.1") + keeps)

    found = load_config(folder / "hub.toml").broker.logins

    assert found == LoginFiles(folder / "logins", ("systemctl", "reload", "mosquitto"))


def test_logins_want_a_folder_and_a_command(folder):
    told = mistakes_of(folder, THEIRS.format(host="127.0.0.1"), 'logins_folder = "absent"\n')

    assert "broker.logins_folder: found no folder" in told
    assert "broker.reload: found nothing" in told


@pytest.mark.parametrize(
    "name", ["face.key", "card-keys.toml", "bridge.password", "ca.key", "hub.key"]
)
def test_a_secret_that_others_may_read_is_a_mistake(folder, name):
    mine = new_server(ROOT, ("hub.local",), NOW_MS)
    (folder / "hub.crt").write_bytes(mine.certificate)
    (folder / "hub.key").write_bytes(mine.key)
    own = 'certificate_file = "hub.crt"\nkey_file = "hub.key"\n'
    signs = 'clients_ca_file = "ca.crt"\nclients_ca_key_file = "ca.key"\n'
    (folder / "card-keys.toml").write_text(f'master = "{"0f" * 16}"\n')
    (folder / name).chmod(0o644)

    cards = 'card_keys_file = "card-keys.toml"\n'
    told = mistakes_of(
        folder, cards, THEIRS.format(host="127.0.0.1"), own, WEB, f'[pairing]\nhost = "h"\n{signs}'
    )

    assert told.count("wanted 600") == 1
    assert f"{folder / name}: found mode 644" in told
