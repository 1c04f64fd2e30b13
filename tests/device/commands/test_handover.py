"""What a terminal had not sent goes into a file, from which the ledger takes it."""

from contextlib import closing

from device.commands.terminal import main
from device.records.journal import Journal
from hub.decisions.carried_lines import Carried, take_carried
from hub.ledger.ledger import open_ledger
from loyalty.carried import from_bytes
from tests.device.terminal_world import START_MS
from tests.hub.hub_world import check_in, sale

SECRET = bytes(range(32))

CONFIG = f"""
locale = "en"
device = "h1"
store = "s1"

[files]
journal = "journal.db"
catalogue = "catalogue.json"

[reader]
url = "pn532+serial:///dev/ttyAMA0"

[hub]
host = "127.0.0.1"
port = 1883
password = "unused"

[[hub.secrets]]
kid = "k1"
hex = "{SECRET.hex()}"
"""


def terminal_in(folder, *records):
    """Make a terminal with `records` in its journal; return its configuration's path."""
    (folder / "handheld.toml").write_text(CONFIG)
    with closing(Journal.open(folder / "journal.db", epoch_of_new="e1")) as journal:
        for it in records:
            journal.append(it)
    return str(folder / "handheld.toml")


def test_the_ledger_takes_what_a_terminal_handed_over(tmp_path, capsys):
    config = terminal_in(tmp_path, *[sale(f"r{number}") for number in range(150)], check_in())
    carried = tmp_path / "h1.envelopes"

    status = main(["handheld", "hand-over", config, str(carried)])

    assert status == 0
    assert capsys.readouterr().out == f"151 lines of h1 are in {carried}.\n"
    with closing(open_ledger(tmp_path / "ledger.db", create=True)) as ledger:
        ledger.add_device("s1", "h1", "k1", SECRET, "unused")
        ledger.revoke_device("h1", START_MS)
        taken = take_carried(ledger, from_bytes(carried.read_bytes()), START_MS)
    assert taken == [Carried("h1", "e1", 1, 100), Carried("h1", "e1", 101, 151)]


def test_the_file_is_for_its_owner_alone(tmp_path):
    config = terminal_in(tmp_path, sale("r1"))
    carried = tmp_path / "h1.envelopes"

    main(["handheld", "hand-over", config, str(carried)])

    assert carried.stat().st_mode & 0o777 == 0o600


def test_a_terminal_without_a_journal_has_nothing_to_hand_over(tmp_path, capsys):
    (tmp_path / "handheld.toml").write_text(CONFIG)

    status = main(["handheld", "hand-over", str(tmp_path / "handheld.toml"), str(tmp_path / "x")])

    assert status == 2
    assert "there is no journal" in capsys.readouterr().err
    assert not (tmp_path / "x").exists()
