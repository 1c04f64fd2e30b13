"""`revisit hub` and `revisit ledger` as a person uses them: tables, and no tracebacks."""

import json
import os
import signal
import subprocess
import sys
import tomllib
from contextlib import closing

import pytest

from hub.broker.config import BridgeLogin, BrokerAddress
from hub.commands import case as case_command
from hub.commands import hub as hub_command
from hub.commands import ledger as ledger_command
from hub.config import ConfigErrors, load_config
from hub.ledger.ledger import open_ledger
from simulators.free_port import free_port
from tests.hub.hub_world import FACE_KEY, PROGRAMME, World, redemption, sale


@pytest.fixture
def world(ledger_url, tmp_path):
    found = World(ledger_url)
    till = found.till("h1")
    till.add(sale("r1", 9900), redemption("r2"))
    found.take(till.batch())
    (tmp_path / "programme.toml").write_text(PROGRAMME)
    yield found
    found.ledger.close()


def test_verify_shows_what_holds_and_what_is_absent(world, tmp_path, capsys):
    programme = str(tmp_path / "programme.toml")

    status = ledger_command.main(["verify", "--db", str(world.path), "--programme", programme])

    shown = capsys.readouterr().out
    assert status == 0
    assert "fold from zero" in shown
    assert "absent" in shown
    assert "broken" not in shown


def test_verify_ends_with_one_when_something_is_broken(world, capsys):
    world.ledger.connection.execute("UPDATE account SET balance = 7 WHERE owner = 'anna'")

    status = ledger_command.main(["verify", "--db", str(world.path)])

    assert status == 1
    assert "broken" in capsys.readouterr().out


def test_balance_and_history_show_a_members_points(world, capsys):
    statuses = [
        ledger_command.main([it, "anna", "--db", str(world.path)]) for it in ("balance", "history")
    ]

    shown = capsys.readouterr().out
    assert statuses == [0, 0]
    assert "49 points" in shown
    assert "-50" in shown


@pytest.mark.parametrize(
    "arguments",
    [
        ["balance", "nobody", "--db", "ledger.db"],
        ["history", "anna", "--db", "absent.db"],
        ["verify", "--db", "."],
        ["verify", "--db", "programme.toml"],
        ["verify", "--db", "ledger.db", "--programme", "absent.toml"],
        ["verify", "--db", "ledger.db", "--programme", "ledger.db"],
        ["history", "anna", "--limit", "0"],
        ["history", "anna", "--limit", "many"],
        ["declare-lost", "h1", "e1", "0"],
        ["guess"],
    ],
)
def test_a_mistake_is_told_in_a_sentence(world, tmp_path, monkeypatch, capsys, arguments):
    monkeypatch.chdir(tmp_path)

    status = ledger_command.main(arguments)

    shown = capsys.readouterr()
    assert status in (1, 2)
    assert shown.err.startswith("revisit ledger: ")
    assert "Traceback" not in shown.err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["history", "anna", "--limit", "0"], "Invalid value for '--limit': "),
        (["history"], "Missing argument 'member'."),
        (["day", "close", "--store", "s1"], "Missing option '--day'."),
        (["verify", "--programme", "absent.toml"], "absent.toml: No such file or directory, a"),
        (
            ["heads", "--key", "no.key", "--to", "heads"],
            "no.key: No such file or directory, wanted",
        ),
    ],
)
def test_a_mistake_names_what_it_is_about(tmp_path, monkeypatch, capsys, arguments, told):
    monkeypatch.chdir(tmp_path)

    status = ledger_command.main(arguments)

    assert (status in (1, 2), told in capsys.readouterr().err) == (True, True)


LONG = "x" * 3_000


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["balance", LONG], f"no member '{40 * 'x'}' in"),
        (["history", LONG], f"no member '{40 * 'x'}' in"),
        (["fork", "show", LONG, LONG], f"no forked chain of device '{40 * 'x'}' in epoch"),
        (["fork", "refuse", LONG, "--by", "wong"], f"no proposal '{40 * 'x'}' of"),
        (["check-heads", "heads", "--public-key", "00"], "'00', 64 hexadecimal digits wanted"),
        (["check-heads", "heads", "--public-key", LONG], "64 hexadecimal digits wanted"),
        (
            ["check-heads", "heads", "--public-key", 64 * "0"],
            "heads: found no signature at the end",
        ),
        (["import-lines", "absent"], "absent: No such file or directory, what hand-over wrote"),
    ],
)
def test_what_was_typed_is_not_repeated_at_length(
    world, tmp_path, monkeypatch, capsys, arguments, told
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "heads").write_text("nothing signed")

    status = ledger_command.main([*arguments, "--db", str(world.path)])

    shown = capsys.readouterr().err
    assert (status, told in shown, len(shown) < 300) == (1, True, True)


def test_a_case_of_an_impossible_number_is_told(world, capsys):
    status = case_command.main(["show", "9" * 30, "--db", str(world.path)])

    assert (status, "Invalid value for '" in capsys.readouterr().err) == (2, True)


def test_a_damaged_ledger_is_told_in_a_sentence(tmp_path, capsys):
    path = tmp_path / "ledger.db"
    open_ledger(path, create=True).close()
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + bytes(8192) + whole[12288:])

    statuses = [
        ledger_command.main(["verify", "--db", str(path)]),
        case_command.main(["list", "--db", str(path)]),
        hub_command.main(["add-device", "s1", "h1", "--db", str(path)]),
    ]

    told = capsys.readouterr().err
    assert statuses == [1, 1, 1]
    assert told.count("the ledger's file: database disk image is malformed; for one that") == 3


def test_a_device_that_is_shut_out_again_stays_so_since_the_first_time(tmp_path, capsys):
    path = tmp_path / "ledger.db"
    hub_command.main(["add-device", "s1", "h1", "--db", str(path)])
    since = []
    for _ in range(2):
        assert hub_command.main(["revoke-device", "h1", "--db", str(path)]) == 0
        with closing(open_ledger(path)) as ledger:
            since += ledger.connection.execute("SELECT revoked_ms FROM device").fetchone()

    assert since[0] is not None
    assert since[0] == since[1]


BY_HAND = {
    "close": ["day", "close", "--store", "s1", "--day", "20170301",
              "--programme", "programme.toml"],
    "lost": ["declare-lost", "h1", "e1", "9"],
    "stop": ["card", "stop", "04AA", "--reason", "lost"],
    "allow": ["card", "allow", "04AA"],
    "propose": ["adjust", "propose", "anna", "--points", "5", "--reason", "goodwill",
                "--note", "So.", "--programme", "programme.toml"],
    "agree": ["adjust", "agree", "1", "--programme", "programme.toml"],
    "refuse": ["adjust", "refuse", "1", "--programme", "programme.toml"],
    "fork": ["fork", "propose", "h1", "e1", "--branch", "b", "--note", "So."],
    "fork-agree": ["fork", "agree", "1", "--programme", "programme.toml"],
    "fork-refuse": ["fork", "refuse", "1"],
}  # fmt: skip


@pytest.mark.parametrize("by", ["", " ", "Wong Siu Ming", "w" * 65, "wong\n"])
@pytest.mark.parametrize("deed", BY_HAND)
def test_what_is_done_by_hand_names_who_did_it(world, tmp_path, monkeypatch, capsys, deed, by):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    (tmp_path / "programme.toml").write_text(PROGRAMME)

    unnamed = ledger_command.main(BY_HAND[deed])
    misnamed = ledger_command.main([*BY_HAND[deed], "--by", by])

    told = capsys.readouterr().err.replace("\n", " ")
    assert (unnamed, misnamed) == (2, 1)
    assert "Missing option '--by'" in told
    assert f"--by {by[:40]!r}, 1 to 64 of A-Z a-z 0-9 and" in told


def test_nothing_is_said_after_help(capsys):
    status = hub_command.main([])

    assert (status, capsys.readouterr().err) == (2, "")


def test_a_device_is_added_and_told_its_secrets(tmp_path, capsys):
    path = tmp_path / "ledger.db"

    status = hub_command.main(["add-device", "s1", "h1", "--db", str(path)])

    told = tomllib.loads(capsys.readouterr().out)
    ledger = open_ledger(path)
    kept = ledger.connection.execute("SELECT kid, secret FROM device_secret").fetchall()
    ledger.close()
    assert status == 0
    assert kept == [(told["kid"], bytes.fromhex(told["secret"]))]
    assert hub_command.main(["revoke-device", "h1", "--db", str(path)]) == 0
    assert "h1 is shut out for good" in capsys.readouterr().out
    assert hub_command.main(["revoke-device", "h2", "--db", str(path)]) == 1
    assert hub_command.main(["add-device", "s/1", "h1", "--db", str(path)]) == 1


def configured(folder, port: int, **changes: str):
    files = {
        "programme.toml": PROGRAMME,
        "face.key": FACE_KEY.hex(),
        "hub.toml": (
            'ledger = "ledger.db"\nprogrammes = ["programme.toml"]\nface_key_file = "face.key"\n'
            f'[broker]\nhost = "127.0.0.1"\nport = {port}\n'
        ),
    }
    for name, text in (files | changes).items():
        (folder / name).write_text(text)
    return folder / "hub.toml"


def test_a_configuration_is_read_with_the_files_it_names(tmp_path):
    config = load_config(configured(tmp_path, 1883))

    assert config.ledger_place == tmp_path / "ledger.db"
    assert config.face_key == FACE_KEY
    assert [it.version for it in config.programmes] == [3]
    assert config.broker == BrokerAddress("127.0.0.1", 1883, None)


def test_a_hub_that_checks_cards_is_told_their_keys(tmp_path):
    text = configured(tmp_path, 1883).read_text()
    keys = 'master = "000102030405060708090a0b0c0d0e0f"\nseal_key = "00"\n'
    named = {"hub.toml": 'card_keys_file = "card-keys.toml"\n' + text, "card-keys.toml": keys}

    assert load_config(configured(tmp_path, 1883)).card_master is None
    assert load_config(configured(tmp_path, 1883, **named)).card_master == bytes(range(16))


@pytest.mark.parametrize("keys", ["", 'master = "0001"', "master = 5", "master ="])
def test_card_keys_that_are_none_are_told_and_not_repeated(tmp_path, keys):
    text = configured(tmp_path, 1883).read_text()
    named = {"hub.toml": 'card_keys_file = "card-keys.toml"\n' + text, "card-keys.toml": keys}

    with pytest.raises(ConfigErrors, match=r"hub.toml:1: card_keys_file.*wanted a master"):
        load_config(configured(tmp_path, 1883, **named))


def test_an_external_broker_has_a_login(tmp_path):
    text = (
        'ledger = "l.db"\nprogrammes = ["programme.toml"]\nface_key_file = "face.key"\n'
        '[broker]\nhost = "mq.example"\nembedded = false\nuser = "bridge"\n'
        'password_file = "p"\n'
    )
    config = load_config(configured(tmp_path, 0, **{"hub.toml": text, "p": "secret\n"}))

    assert config.broker == BrokerAddress("mq.example", 1883, BridgeLogin("bridge", "secret"))


def test_an_external_broker_may_be_shared_by_several_hubs(tmp_path):
    text = (
        'ledger = "l.db"\nprogrammes = ["programme.toml"]\nface_key_file = "face.key"\n'
        '[broker]\nhost = "mq.example"\nembedded = false\nuser = "bridge-2"\n'
        'password_file = "p"\nshared = true\n'
    )

    config = load_config(configured(tmp_path, 0, **{"hub.toml": text, "p": "secret\n"}))

    assert config.broker.is_shared


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ('ca_file = "absent"', r"hub.toml:9: broker.ca_file: .*absent: No such file"),
        (
            'ca_file = "p"',
            r"hub.toml:9: broker.ca_file: .*p: found something else, wanted certificates in PEM",
        ),
        ("ca_file = 5", r"hub.toml:9: broker.ca_file: found 5"),
        ('key_file = "p"', r"broker.ca_file: found nothing, wanted with"),
    ],
)
def test_mistakes_about_tls_are_told_with_the_others(tmp_path, keys, told):
    text = (
        'ledger = 5\nprogrammes = ["programme.toml"]\nface_key_file = "face.key"\n'
        '[broker]\nhost = "mq.example"\nembedded = false\nuser = "bridge"\n'
        f'password_file = "p"\n{keys}\n'
    )

    with pytest.raises(ConfigErrors, match=told) as raised:
        load_config(configured(tmp_path, 0, **{"hub.toml": text, "p": "secret\n"}))

    assert len(raised.value.mistakes) == 2


def test_every_mistake_of_a_configuration_is_told_at_once(tmp_path):
    text = (
        'ledger = 5\nprogrammes = ["programme.toml", "absent.toml"]\nface_key_file = "face.key"\n'
        'colour = "red"\n[broker]\nhost = "not a host"\nport = 70000\nembedded = "no"\n'
    )
    files = {"hub.toml": text, "face.key": "abc", "programme.toml": 'name = "x"\n'}

    with pytest.raises(ConfigErrors) as raised:
        load_config(configured(tmp_path, 0, **files))

    told = "\n".join(raised.value.mistakes)
    for words in (
        "hub.toml:1: ledger",
        "hub.toml:2: programmes: absent.toml",
        "hub.toml:3: face_key_file",
        "hub.toml:4: colour",
        "hub.toml:6: broker.host",
        "hub.toml:7: broker.port",
        "hub.toml:8: broker.embedded",
        "programme.toml:1: version",
    ):
        assert words in told


def test_no_two_programmes_are_of_one_version(tmp_path):
    text = configured(tmp_path, 1883).read_text().replace('toml"]', 'toml", "other.toml"]', 1)
    other = PROGRAMME.replace("per_minor = 100", "per_minor = 50")

    with pytest.raises(ConfigErrors, match="found version 3 in two files"):
        load_config(configured(tmp_path, 1883, **{"hub.toml": text, "other.toml": other}))


@pytest.mark.parametrize("text", ["[broker\n", "\x00", ""])
def test_a_configuration_that_is_none_is_told(tmp_path, text, capsys):
    path = configured(tmp_path, 0, **{"hub.toml": text})

    status = hub_command.main([str(path)])

    assert status == 1
    assert "hub.toml" in capsys.readouterr().err


def test_the_hub_runs_until_it_is_told_to_stop(tmp_path):
    path = configured(tmp_path, free_port())
    command = [sys.executable, "-W", "error", "-m", "hub", str(path)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as hub:
        started = [json.loads(hub.stderr.readline())["event"] for _ in range(2)]
        os.kill(hub.pid, signal.SIGTERM)
        rest = hub.stderr.read()

    assert started == ["bridge_ready", "hub_started"]
    assert hub.returncode == 0
    (last,) = map(json.loads, rest.splitlines())
    assert (last["event"], last["lines"]) == ("hub_stopped", 0)


def test_a_configuration_is_checked_without_running_anything(tmp_path, capsys):
    good = configured(tmp_path, 1883)
    status = hub_command.main(["check", str(good)])
    said = capsys.readouterr().out

    bad = configured(tmp_path, 0, **{"face.key": "abc"})
    status_of_bad = hub_command.main(["check", str(bad)])
    said_of_bad = capsys.readouterr().err

    assert (status, said) == (0, f"{good}: nothing is wrong with it\n")
    assert status_of_bad == 1
    assert "broker.port: found 0, wanted a whole number from 1 to 65535" in said_of_bad
    assert "face_key_file" in said_of_bad
    assert not (tmp_path / "ledger.db").exists()
