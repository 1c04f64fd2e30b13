"""Terminals become devices and change their secrets as people have them do it: as programs."""

import asyncio
import io
import os
import pty
import sys
from contextlib import closing, suppress

import pytest

from device.commands.terminal import main
from device.config import read_config
from device.mqtt.credentials import Credentials, Keys, read_credentials, write_credentials
from device.mqtt.pinned_post import WebPlace
from hub.ledger.ledger import open_ledger
from loyalty.pairing import ID_BYTES, SECRET_BYTES, PairingCode, from_text, id_of, to_text
from loyalty.signatures import public_key_of
from simulators.free_port import free_port
from tests.device.commands.test_terminal_command import ROOT, WAIT_S, Site, receipted, site_in

SEED = bytes(range(32))
NO_CODE = "hub.local:8443/0000"


def let_pair(site: Site) -> None:
    """Have the hub pair devices, on a port of its own, and sign what they check."""
    path = site.folder / "hub.toml"
    (site.folder / "lease.key").write_text(SEED.hex())
    tables = f"[web]\nport = {free_port()}\n\n[pairing]\n"
    path.write_text(f'lease_key_file = "lease.key"\n{path.read_text()}\n{tables}')


async def code_of(site: Site, *more: str) -> str:
    """Return a code as the hub shows it, once the hub has made its ledger."""
    async with asyncio.timeout(WAIT_S):
        while True:
            status, code, said = await site.run("hub", "pair", "hub.toml", "--store", "s1", *more)
            if status == 0:
                return code.strip()
            assert "ledger.db: " in said


async def paired(site: Site, code: str, kind: str, *more: str) -> str:
    """Have a terminal paired, and again as people do until the hub is up; return what it says."""
    async with asyncio.timeout(WAIT_S):
        while True:
            status, said, errors = await site.run(kind, "pair", code, *more)
            if status == 0:
                return said
            assert "no hub at" in errors


async def issue(site: Site, member: str, lines: int) -> None:
    """Run the handheld until the hub has so many lines, one of them about a new card."""
    reader = await site.reader("blank")
    handheld = await site.start("handheld", "h/handheld.toml")
    await handheld.hear("Ready")
    handheld.type(f"issue {member}")
    await handheld.hear("The card is ready.")
    await receipted(site, lines)
    assert await handheld.end() == (0, "")
    await reader.end()


async def test_from_a_code_to_the_first_card_and_on_with_another_secret(tmp_path):
    async with site_in(tmp_path) as site:
        let_pair(site)
        await site.start("hub", "hub.toml")
        code = await code_of(site, "--kind", "handheld")
        reader = f"pn532+serial://{tmp_path}/reader"
        said = await paired(site, code, "handheld", "--to", "h", "--reader", reader)
        (tmp_path / "card-keys.toml").rename(tmp_path / "h" / "card-keys.toml")
        await issue(site, "m-1", lines=1)
        rotated = await site.run("handheld", "rotate", "h/handheld.toml")
        young = await site.run("handheld", "rotate", "h/handheld.toml", "--older-than", "90")
        await issue(site, "m-2", lines=2)

    assert said == "This is s1-handheld-1 of s1 now: revisit handheld h/handheld.toml\n"
    assert rotated == (0, "s1-handheld-1 has the secret k2 now.\n", "")
    assert young == (0, "s1-handheld-1 keeps the secret k2, younger than 90 days.\n", "")
    with closing(open_ledger(tmp_path / "ledger.db")) as ledger:
        kids = ledger.connection.execute("SELECT kid FROM device_secret").fetchall()
    assert kids == [("k2",)]


async def test_a_running_terminal_keeps_its_secret(tmp_path):
    async with site_in(tmp_path) as site:
        let_pair(site)
        await site.start("hub", "hub.toml")
        reader = f"pn532+serial://{tmp_path}/reader"
        more = ("--to", "h", "--reader", reader)
        await paired(site, await code_of(site, "--kind", "handheld"), "handheld", *more)
        (tmp_path / "card-keys.toml").rename(tmp_path / "h" / "card-keys.toml")
        await site.reader("none")
        handheld = await site.start("handheld", "h/handheld.toml")
        await handheld.hear("Ready")

        status, _, errors = await site.run("handheld", "rotate", "h/handheld.toml")

    assert status == 2
    assert "journal.db is in use by process" in errors
    assert read_credentials(tmp_path / "h" / "credentials.json").keys.kid == "k1"


async def test_a_terminal_that_cannot_reach_its_hub_is_told_that_its_secret_holds(tmp_path):
    async with site_in(tmp_path) as site:
        let_pair(site)
        hub = await site.start("hub", "hub.toml")
        await paired(site, await code_of(site, "--kind", "handheld"), "handheld", "--to", "h")
        (tmp_path / "card-keys.toml").rename(tmp_path / "h" / "card-keys.toml")
        await hub.end()

        status, _, errors = await site.run("handheld", "rotate", "h/handheld.toml")

    assert status == 2
    assert "s1-handheld-1 keeps the secret k1 until the hub is reached" in errors


CREDENTIALS = Credentials(
    code="0" * 8,
    store="s1",
    device="h1",
    host="hub.local",
    port=8883,
    ca_file="",
    certificate_file="",
    key_file="",
    hub_key=b"",
    hub=WebPlace("hub.local", 8443, b""),
    keys=Keys(kid="k1", secret=bytes(32), password="p" * 43),
    following=None,
    since_ms=0,
)
NO_PLACE = """\
locale = "en"
credentials = "credentials.json"

[files]
journal = "nowhere/journal.db"
catalogue = "catalogue.json"

[reader]
url = "pn532+serial:///dev/ttyAMA0"
"""


def test_a_terminal_whose_journal_can_be_nowhere_is_told_so(tmp_path, capsys):
    config = tmp_path / "handheld.toml"
    config.write_text(NO_PLACE)
    write_credentials(tmp_path / "credentials.json", CREDENTIALS)

    status = main(["handheld", "rotate", str(config)])

    assert status == 2
    assert f"{tmp_path}/nowhere/journal.db: No such file" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "usage: revisit kiosk [-h]"),
        (["pair"], "usage: revisit kiosk pair [-h]"),
        (["rotate"], "usage: revisit kiosk rotate [-h]"),
        (["hand-over"], "usage: revisit kiosk hand-over [-h]"),
    ],
)
def test_the_help_is_of_the_very_command(capsys, words, told):
    with pytest.raises(SystemExit) as ended:
        main(["kiosk", *words, "--help"])

    said = capsys.readouterr().out
    assert ended.value.code == 0
    assert said.startswith(told)
    assert words or "revisit kiosk pair|rotate|hand-over: each tells more with --help." in said


def test_secrets_are_not_younger_than_nothing(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["kiosk", "rotate", "k1.toml", "--older-than", "-1"])

    assert ended.value.code == 2
    assert "--older-than: found '-1', wanted a number of days" in capsys.readouterr().err


async def test_a_kiosks_configuration_may_stand_elsewhere_and_is_never_written_over(tmp_path):
    (tmp_path / "etc").mkdir()
    config = tmp_path / "etc" / "k1.toml"
    async with site_in(tmp_path) as site:
        let_pair(site)
        await site.start("hub", "hub.toml")
        more = ("--to", "k", "--config", "etc/k1.toml", "--locale", "zh_Hant_HK")
        await paired(site, await code_of(site, "--device", "k1"), "kiosk", *more)
        written = config.read_text()
        (tmp_path / "card-keys.toml").rename(tmp_path / "k" / "card-keys.toml")
        found = read_config(config)
        config.write_text(written + "# mine\n")
        (tmp_path / "k" / "credentials.json").unlink()
        code = await code_of(site, "--device", "k1")
        await paired(site, code, "kiosk", *more)
        nowhere = await site.run("kiosk", "pair", code, "--to", "k", "--config", "no/k.toml")

    assert nowhere[0] == 2
    assert "no/k.toml: No such file or directory, wanted a file to write to" in nowhere[2]
    assert config.read_text() == written + "# mine\n"
    assert found.credentials == tmp_path / "k" / "credentials.json"
    assert found.journal == tmp_path / "k" / "journal.db"
    assert (found.identity.device, found.locale) == ("k1", "zh_Hant_HK")
    assert found.hub_key == public_key_of(SEED)
    assert found.printer is not None


async def test_a_hub_without_the_table_makes_no_code(tmp_path):
    async with site_in(tmp_path) as site:
        status, code, said = await site.run("hub", "pair", "hub.toml", "--store", "s1")

    assert (status, code) == (1, "")
    assert "no table [pairing]" in said


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["pair", NO_CODE, "--to", "k"], "a group is missing or too many"),
        (["pair", "-", "--to", "k"], "no code: wanted HOST:PORT/"),
        (["rotate", "absent.toml"], "absent.toml: No such file"),
    ],
)
def test_a_mistake_is_told_in_a_sentence(tmp_path, monkeypatch, capsys, arguments, told):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.stdin", io.StringIO("nothing\n"))

    status = main(["kiosk", *arguments])

    said = capsys.readouterr().err
    assert status == 2
    assert said.startswith(f"revisit kiosk {arguments[0]}: ")
    assert told in said
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("host", "to", "told"),
    [
        ("127.0.0.1", "file", "file: File exists, wanted a folder"),
        ("127.0.0.1", "file/k", "file/k: Not a directory, wanted a folder"),
        ("no..host", "k", "no hub at no..host:8443: "),
    ],
)
def test_a_code_that_leads_nowhere_is_told_in_a_sentence(
    tmp_path, monkeypatch, capsys, host, to, told
):
    (tmp_path / "file").write_text("mine")
    monkeypatch.chdir(tmp_path)
    code = to_text(PairingCode(host, 8443, id_of(bytes(ID_BYTES)), bytes(SECRET_BYTES), b""))

    status = main(["kiosk", "pair", code, "--to", to])

    assert status == 2
    assert f"revisit kiosk pair: {told}" in capsys.readouterr().err


async def test_at_a_screen_the_code_is_a_picture_too(tmp_path):
    async with site_in(tmp_path) as site:
        let_pair(site)
        with closing(open_ledger(tmp_path / "ledger.db", create=True)):
            pass
        screen, end = pty.openpty()
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "revisit", "hub", "pair", "hub.toml", "--store", "s1"),
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT), "LANG": "C.UTF-8"},
            stdout=end,
            stderr=asyncio.subprocess.DEVNULL,
        )
        os.close(end)
        async with asyncio.timeout(WAIT_S):
            shown = await asyncio.to_thread(all_shown, screen)
            await process.wait()

    *picture, text = shown.decode().splitlines()
    assert len(picture) > 10
    assert all(set(it) & set("▀▄█") for it in picture[2:-2])
    assert from_text(text).host == "127.0.0.1"


def all_shown(screen: int) -> bytes:
    """Return what a program writes to a pty until it ends."""
    shown = b""
    with suppress(OSError):  # how Linux says that nobody holds the other end any more
        while piece := os.read(screen, 4096):
            shown += piece
    os.close(screen)
    return shown
