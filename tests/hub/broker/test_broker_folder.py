"""The folder of a broker's configuration: made once, kept, and changed where it must be."""

import os
import pwd
import stat
import tomllib

import pytest

from hub.commands import hub as hub_command
from hub.pairing.private_ca import hosts_of
from tests.hub.hub_world import World

US = pwd.getpwuid(os.geteuid()).pw_name


@pytest.fixture
def world(tmp_path):
    found = World(tmp_path)
    found.till("h1")
    yield found
    found.ledger.close()


def write(world, *changes: str, host: str = "hub.local") -> int:
    folder = world.path.parent / "mq"
    where = ["--db", str(world.path), "--out", str(folder), "--service-user", US]
    return hub_command.main(["broker-config", "mosquitto", *where, "--host", host, *changes])


def files(world) -> dict[str, bytes]:
    found = [it for it in (world.path.parent / "mq").rglob("*") if it.is_file()]
    return {it.name: it.read_bytes() for it in found}


def changed(before: dict[str, bytes], after: dict[str, bytes]) -> set[str]:
    return {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}


def named(files: dict[str, bytes], device: str) -> set[str]:
    """Return the files with a line for a device; a password's digest may hold any letters."""
    starts = {"passwords": f"{device}:", "acl": f"user {device}"}
    return {name for name, start in starts.items() if has_line(files[name].decode(), start)}


def has_line(text: str, start: str) -> bool:
    return any(line.startswith(start) for line in text.splitlines())


def test_the_same_ledger_gives_the_same_files(world):
    write(world)
    before = files(world)

    status = write(world)

    assert status == 0
    assert changed(before, files(world)) == set()


def test_only_the_ca_is_for_everybody_to_read(world):
    write(world)

    modes = {
        it.name: stat.S_IMODE(it.stat().st_mode) for it in (world.path.parent / "mq").rglob("*")
    }

    assert modes.pop("ca.crt") == 0o644
    assert modes.pop("logins") == 0o2750
    assert (modes.pop("passwords"), modes.pop("acl")) == (0o640, 0o640)
    assert set(modes.values()) == {0o600}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_mosquitto_gets_to_its_files_whatever_the_umask_is(world):
    before = os.umask(0o077)
    try:
        write(world)
    finally:
        os.umask(before)

    folder = world.path.parent / "mq"
    modes = [stat.S_IMODE(it.stat().st_mode) for it in (folder, folder / "logins" / "passwords")]
    assert modes == [0o755, 0o640]


def test_what_mosquitto_must_not_have_stays_with_who_made_it(world):
    write(world, "--service-user", "mosquitto")

    folder = world.path.parent / "mq"
    assert {it.name for it in folder.iterdir() if it.stat().st_uid == 0} == {
        "bridge.password",
        "ca.key",
    }


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_hub_that_keeps_who_may_come_in_owns_that_and_mosquitto_may_read_it(world):
    write(world, "--service-user", "mosquitto", "--hub-user", "nobody")

    folder = world.path.parent / "mq"
    names = {it.name: (it.owner(), it.group()) for it in folder.rglob("*")}
    for name in ("logins", "passwords", "acl"):
        assert names[name] == ("nobody", "mosquitto")
    assert names["bridge.password"][0] == "nobody"
    assert names["ca.key"][0] == "root"


def test_a_revoked_device_is_left_out(world):
    world.till("h2")
    write(world)
    before = files(world)
    world.ledger.revoke_device("h1", 1)

    write(world)

    after = files(world)
    assert changed(before, after) == {"passwords", "acl"}
    assert (named(after, "h1"), named(after, "h2")) == (set(), {"passwords", "acl"})


def test_a_broker_that_is_called_otherwise_gets_another_certificate_by_the_same_ca(world):
    write(world)
    before = files(world)

    write(world, "--host", "192.168.1.2")

    after = files(world)
    assert changed(before, after) == {"server.crt", "server.key"}
    assert hosts_of(after["server.crt"]) == {"hub.local", "192.168.1.2"}


def test_certificates_that_are_there_are_used(world, tmp_path):
    own = ("--certificate", "a.crt", "--key", "a.key", "--ca", "ca.pem", "--clients-ca", "b.pem")

    write(world, *own)

    text = files(world)["mosquitto.conf"].decode()
    for line in (
        f"certfile {os.getcwd()}/a.crt",
        f"keyfile {os.getcwd()}/a.key",
        f"cafile {os.getcwd()}/b.pem",
        "require_certificate true",
    ):
        assert line in text
    assert "ca.key" not in files(world)


def test_several_hubs_have_a_name_and_a_password_each(world, capsys):
    write(world)
    before = files(world)
    capsys.readouterr()

    write(world, "--bridges", "2")

    after = files(world)
    assert changed(before, after) == {"passwords", "acl", "bridge-2.password"}
    for name in (b"revisit-hub-bridge:", b"revisit-hub-bridge-2:"):
        assert name in after["passwords"]
    told = capsys.readouterr().out
    tables = [it for it in told.split("# hub.toml of hub ") if it.startswith(("1;", "2;"))]
    assert [tomllib.loads("#" + it)["broker"]["user"] for it in tables] == [
        "revisit-hub-bridge",
        "revisit-hub-bridge-2",
    ]
    assert all(tomllib.loads("#" + it)["broker"]["shared"] for it in tables)


def test_a_hub_that_was_there_is_not_forgotten_when_devices_change(world):
    write(world, "--bridges", "3")
    before = files(world)

    write(world)

    assert changed(before, files(world)) == set()


def test_a_device_cannot_be_named_as_a_bridge(world, capsys):
    world.till("revisit-hub-bridge-2")

    status = write(world, "--bridges", "2")

    assert status == 1
    assert "revisit-hub-bridge-2: this is a bridge's name" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (["--bridges", "17"], "16"),
        (["--ca", "ca.pem"], "wanted --certificate, --key and --ca together, or none of them"),
        (["--service-user", "nobody-at-all"], "no user 'nobody-at-all' here"),
        (["--out", "/dev/null/mq"], "Not a directory"),
        (["--db", "absent.db"], "absent.db"),
        (["--port", "70000"], "65535"),
        (["--host", "two words"], "'--host': found 'two words', wanted a host name"),
        (["--host", ""], "'--host': found '', wanted a host name"),
    ],
)
def test_a_mistake_is_told_in_a_sentence(world, capsys, changes, told):
    status = write(world, *changes)

    said = capsys.readouterr().err
    assert status in (1, 2)
    assert said.startswith("revisit hub: ")
    assert told in said
    assert "Traceback" not in said


def test_every_device_that_mosquitto_cannot_check_is_told_and_nothing_is_written(world, capsys):
    world.till("h2")
    world.ledger.connection.execute("UPDATE device SET password_digest = ?", (bytes(32),))

    status = write(world)

    said = capsys.readouterr().err
    assert status == 1
    assert "h1: its password was kept" in said
    assert "h2: its password was kept" in said
    assert files(world).keys() == {"bridge.password"}
