"""The table about the web server in the hub's configuration, and all mistakes at once."""

from pathlib import Path

import pytest

from hub.config import ConfigErrors, load_config
from hub.pairing.private_ca import new_root, new_server
from hub.web.config import WebAddress
from loyalty.clock import SystemClock
from tests.hub.hub_world import FACE_KEY, PROGRAMME

LEDGER = 'ledger = "ledger.db"\nprogrammes = ["programme.toml"]\nface_key_file = "face.key"\n'
BROKER = '[broker]\nhost = "127.0.0.1"\nport = 1883\n'


def configured(folder: Path, web: str) -> Path:
    """Write a configuration that ends with `web`, from its ninth line on."""
    (folder / "programme.toml").write_text(PROGRAMME)
    (folder / "face.key").write_text(FACE_KEY.hex())
    (folder / "hub.toml").write_text(f"{LEDGER}{BROKER}\n[web]\n{web}\n")
    return folder / "hub.toml"


def test_the_web_server_is_for_this_machine_unless_more_is_said(tmp_path: Path) -> None:
    here = load_config(configured(tmp_path, "port = 8080"))
    everywhere = load_config(configured(tmp_path, 'host = "0.0.0.0"\nport = 8080'))

    assert here.web == WebAddress("127.0.0.1", 8080)
    assert everywhere.web == WebAddress("0.0.0.0", 8080)


def test_without_a_table_there_is_no_web_server(tmp_path: Path) -> None:
    path = configured(tmp_path, "")
    path.write_text(LEDGER + BROKER)

    assert load_config(path).web is None


def test_a_certificate_makes_it_https(tmp_path: Path) -> None:
    now_ms = SystemClock().now_ms()
    mine = new_server(new_root(now_ms), ("hub.local",), now_ms)
    (tmp_path / "web.crt").write_bytes(mine.certificate)
    (tmp_path / "web.key").write_bytes(mine.key)
    path = configured(tmp_path, 'port = 1\ncertificate_file = "web.crt"\nkey_file = "web.key"')

    web = load_config(path).web

    assert web is not None
    assert web.tls is not None


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ("", r"hub.toml:8: web.port: found nothing, wanted a whole number from 0 to 65535"),
        ("port = 65536", r"hub.toml:9: web.port: found 65536"),
        ('port = 1\nhost = "a b"', r"hub.toml:10: web.host: found 'a b', wanted a host name"),
        ('port = 1\nkey_file = "k"', r"web.certificate_file: found nothing, wanted text"),
        (
            'port = 1\ncertificate_file = "c"\nkey_file = "k"',
            r"hub.toml:10: web.certificate_file: .*c: No such file or directory, wanted a cert",
        ),
        ("port = 1\ntls = true", r"hub.toml:10: web.tls: found an unknown key, wanted one of"),
    ],
)
def test_mistakes_about_the_web_server_say_where(tmp_path: Path, keys: str, told: str) -> None:
    path = configured(tmp_path, keys)

    with pytest.raises(ConfigErrors, match=told) as raised:
        load_config(path)

    assert len(raised.value.mistakes) == 1


def test_a_key_that_is_none_is_told_every_one_there_is(tmp_path: Path) -> None:
    path = configured(tmp_path, "port = 1")
    path.write_text('card_key_file = "keys.toml"\n' + path.read_text())

    with pytest.raises(ConfigErrors) as raised:
        load_config(path)

    (mistake,) = raised.value.mistakes
    for key in ("ledger", "programmes", "card_keys_file", "lease_key_file", "caretaker", "pairing"):
        assert key in mistake
