"""What a ledger says follows from its lines: shown, and put right where somebody damaged it."""

import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from hub.commands import ledger as ledger_command
from hub.decisions.decisions import Decisions
from hub.ledger.derived import DERIVED
from hub.ledger.digest import digest
from hub.ledger.ledger import is_on_server, open_ledger
from hub.ledger.sqlite import SqliteEngine
from hub.ledger.verify import broken, verify
from hub.posting.custody import GAP_PATIENCE_MS
from hub.posting.rebuild import rebuild
from loyalty.clock import DAY_MS
from loyalty.hub_records import CardAllowed, CardStopped
from loyalty.programme import parse
from loyalty.records import CardIssued
from tests.hub.hub_world import (
    DAY,
    OPENS_MS,
    PROGRAMME,
    SECRET,
    START_MS,
    Till,
    World,
    adjusted,
    check_in,
    common,
    day_over,
    lease_closed,
    lease_offered,
    lease_spend,
    redemption,
    sale,
    state_as_hub,
)

NUMBER = "phone:" + "5f" * 16
MEMBERS = ("anna", "ben", "cleo")
WRITES = {"ctr_seen": 4, "ctr_used": 5, "touch": "done"}


def of(member: str) -> dict[str, str]:
    return {"card": f"04{member}", "member": member}


def live_through(world: World) -> None:
    """Let all happen that a ledger knows: late facts, doubles, a gap, a fork, a link, a close."""
    first, second, forked = world.till("h1"), world.till("h2"), world.till("h3")
    first.add(sale("r1", 5000, **WRITES), redemption("r2", 20), sale("r3", 1234, **of("ben")))
    first.add(check_in(card=NUMBER, member=""), b"[7]", sale("same", 4000))
    first.add(redemption("r4", 9000, **of("ben")), sale("usd", 100, currency="HKD"))
    for number in range(70):
        first.add(sale(f"many-{number}", 800, **of("cleo")))
    first.add(day_over())
    world.take(first.batch(1, 60), first.batch(61))
    # Late, one of them again and the first by its own word, beyond a gap that is filled later.
    second.add(sale("r0", 9900, till_ms=START_MS - 5000), sale("lost", 100))
    second.add(sale("same", 6000, till_ms=START_MS - 9000, **of("ben")), redemption("r9", 10))
    world.take(second.batch(1, 1), second.batch(3))
    forked.add(sale("f1", 100), sale("f2", 200))
    world.take(forked.batch())
    other = Till("h3")
    other.add(sale("f1", 100), sale("f2", 900), sale("f3", 900))
    world.take(other.batch())
    forked.add(sale("after", 300))
    world.take(forked.batch(3))
    world.clock.at_ms += GAP_PATIENCE_MS
    world.intake.tick()
    second.add(CardIssued(**common(card=NUMBER, member="zoe", op="link"), card_kind="phone"))
    world.take(second.batch(2))
    world.clock.at_ms = OPENS_MS + 1000
    with closing(open_ledger(world.path)) as ledger:
        decisions = Decisions(ledger, [world.programme])
        for device, lost_from in (("h2", 6), ("h3", 4)):
            decisions.declare_lost(device, "e1", lost_from, world.clock.at_ms)
        assert decisions.close_day("s1", DAY, world.clock.at_ms) == []
    decided(world)
    first.add(sale("for-yesterday", 3300, till_ms=START_MS + 7))
    first.add(check_in(at_ms=OPENS_MS + DAY_MS))
    world.take(first.batch(len(first.lines) - 1))


def decided(world: World) -> None:
    """Have the hub lend points, two people give some, and a card stopped and allowed again."""
    now_ms = world.clock.at_ms
    said = common(store="hub", card="", member="", at_ms=now_ms)
    stopped = {"stopped": "04ben", "reason": "lost"}
    with closing(open_ledger(world.path)) as ledger:
        for record in (
            lease_offered("L1", 30, at_ms=now_ms),
            lease_offered("L2", 20, at_ms=now_ms),
            adjusted("p1", 700, at_ms=now_ms + 1),
            adjusted("p2", -50, at_ms=now_ms + 2, member="cleo"),
            CardStopped(**said, **stopped),
            CardAllowed(**said, allowed="04ben"),
            CardStopped(**said, **stopped | {"stopped": "04cleo"}),
        ):
            state_as_hub(ledger, [world.programme], record, now_ms)
    till = world.till("h4")
    till.add(lease_spend("L1", 7, 12, at_ms=now_ms + 5), lease_spend("L1", 8, 4, at_ms=now_ms + 6))
    till.add(lease_closed("L2", 20, at_ms=now_ms + 7, ctr_seen=8, ctr_used=9))
    world.take(till.batch())


@pytest.fixture
def world(ledger_url) -> Iterator[World]:
    found = World(ledger_url)
    live_through(found)
    yield found
    found.ledger.close()


def differing(world: World, scratch: Path) -> set[str]:
    with closing(open_ledger(world.path)) as ledger, ledger.engine.snapshot():
        found = rebuild(ledger, [world.programme], scratch, world.clock.at_ms)
    return {name for name, rows in found.items() if rows}


def is_sound(world: World) -> bool:
    return broken(verify(world.ledger, [world.programme], world.clock.at_ms)) == []


def test_a_ledger_that_nobody_damaged_follows_from_its_lines(world, tmp_path):
    assert is_sound(world)
    assert differing(world, tmp_path / "fresh.db") == set()


@pytest.mark.parametrize("seed", range(3))
def test_so_does_one_whose_lines_came_in_any_order(ledger_url, tmp_path, seed):
    rng = random.Random(seed)
    world = World(ledger_url)
    arrivals = []
    for name in ("h1", "h2", "h3"):
        till = world.till(name)
        for number in range(40):
            at_ms = START_MS + rng.randrange(10**6)
            op = f"{name}-{number}" if number % 5 else f"both-{number}"
            member = of(rng.choice(MEMBERS))
            till.add(
                redemption(f"spent-{op}", rng.randrange(60), at_ms=at_ms, **member)
                if rng.random() < 0.3
                else sale(op, rng.randrange(9000), till_ms=at_ms, **member)
            )
        arrivals += [till.batch(first, first + 4) for first in range(1, 41, 5)]
    rng.shuffle(arrivals)
    for arrival in arrivals:
        world.take(arrival)

    assert differing(world, tmp_path / "fresh.db") == set()
    world.ledger.close()


def test_so_does_one_in_which_a_line_had_what_it_waited_for_before_its_device_was_copied(
    ledger_url, tmp_path
):
    world = World(ledger_url)
    till, other, copy = world.till("h1"), world.till("h2"), Till("h1")
    early, late = ({"card": f"phone:{it * 32}", "member": ""} for it in "ab")
    till.add(sale("r1", **early), sale("r2", **late), sale("x2", 700, **early))
    other.add(sale("x2", at_ms=START_MS - 1, till_ms=START_MS - 1))
    other.add(*[check_in(**it | {"member": "anna"}) for it in (early, late)])
    copy.add(sale("x1"))

    world.take(till.batch(), other.batch(1, 2))
    world.take(copy.batch(), other.batch(3))

    verdicts = "SELECT op, code FROM inbox WHERE op <> '' AND status = 'held'"
    held = dict(world.ledger.connection.execute(verdicts).fetchall())
    assert held == {"r2": "unknown_card", "x2": "op_conflict"}
    assert differing(world, tmp_path / "fresh.db") == set()
    world.ledger.close()


def unguarded(world: World, *statements: str) -> None:
    """Do what the database would keep anybody from doing to transfers."""
    database = world.ledger.connection
    if isinstance(world.ledger.engine, SqliteEngine):
        triggers = database.execute(
            "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'"
        ).fetchall()
        before = [f"DROP TRIGGER {name}" for name, _ in triggers]
        after = [made_by for _, made_by in triggers]
    else:
        before = ["ALTER TABLE transfer DISABLE TRIGGER USER"]
        after = ["ALTER TABLE transfer ENABLE TRIGGER USER"]
    for statement in (*before, *statements, *after):
        database.execute(statement)


ANNA = "(SELECT id FROM member WHERE token = 'anna')"
LINE_OF_R3 = "(SELECT id FROM inbox WHERE op = 'r3' AND status = 'posted')"

DAMAGE: dict[str, tuple[set[str], tuple[str, ...]]] = {
    "a balance": ({"balances"}, ("UPDATE account SET balance = 77 WHERE owner = 'anna'",)),
    "a house's balance": (
        {"balances"},
        ("UPDATE account SET balance = 0 WHERE kind = 'points_issued'",),
    ),
    "a member's tier and debt": (
        {"members"},
        ("UPDATE member SET tier = 'gold', debt = 5 WHERE token = 'anna'",),
    ),
    "a lot": ({"lots"}, ("UPDATE lot SET remaining = 0 WHERE op = 'r1'",)),
    "a lot that went": (
        {"lots", "uses"},
        ("DELETE FROM lot_use WHERE op = 'r3'", "DELETE FROM lot WHERE op = 'r3'"),
    ),
    "a use": ({"uses"}, ("UPDATE lot_use SET points = points + 1 WHERE by_op = 'r2'",)),
    "a transfer": ({"transfers"}, (f"UPDATE transfer SET amount = 1 WHERE line = {LINE_OF_R3}",)),
    "a transfer that went": ({"transfers"}, (f"DELETE FROM transfer WHERE line = {LINE_OF_R3}",)),
    "all transfers": ({"transfers"}, ("DELETE FROM transfer",)),
    "a kept state": ({"kept_states"}, ("UPDATE kept_state SET state = '[]'",)),
    "a card": ({"cards"}, ("UPDATE card SET counter = 99 WHERE uid = '04AA'",)),
    "a card that went": (
        {"cards", "card_writes"},
        ("DELETE FROM card_write WHERE card = '04AA'", "DELETE FROM card WHERE uid = '04AA'"),
    ),
    "a card's write": ({"card_writes"}, ("UPDATE card_write SET op = 'another'",)),
    "what a card holds": (
        {"balances", "members"},
        (
            "UPDATE account SET balance = balance + 1 WHERE kind = 'escrow'",
            "UPDATE member SET leases = '' WHERE token = 'anna'",
        ),
    ),
    "a stopped card": ({"hotlist"}, ("DELETE FROM hotlist WHERE card = '04cleo'",)),
    "a close": ({"closes"}, ("DELETE FROM day_close",)),
    "a verdict": (
        {"lines"},
        ("UPDATE inbox SET status = 'held', code = 'currency' WHERE op = 'r1'",),
    ),
    "whose a line is": ({"lines"}, (f"UPDATE inbox SET member = {ANNA} WHERE op = 'r3'",)),
    "a stranger": (
        {"members"},
        (
            "INSERT INTO account VALUES (9001, 'eve', 'member_points', 'point', 0)",
            "INSERT INTO member (id, token, account, tier, qualifying, debt, version)"
            " VALUES (9001, 'eve', 9001, 'gold', 0, 0, 0)",
            "INSERT INTO hold SELECT 'forged', 9001, id, 'ref', 'mug', 1, 1, 1, 1, 'active'"
            " FROM device WHERE name = 'h1'",
        ),
    ),
}


def run(*words: object) -> int:
    return ledger_command.main([str(it) for it in words])


@pytest.fixture
def command(world, tmp_path) -> Callable[..., int]:
    (tmp_path / "programme.toml").write_text(PROGRAMME)
    told = ("--db", world.path, "--programme", tmp_path / "programme.toml")
    return lambda *words: run("rebuild", *told, *words)


def a_backup(world: World, tmp_path: Path) -> Path:
    """Return where a backup is to go, or for a server one that is there."""
    path = tmp_path / "backup"
    if is_on_server(world.path):
        path.write_bytes(b"PGDMP and what pg_dump writes; tests/hub/test_drills.py has a real one")
    return path


@pytest.mark.parametrize("what", DAMAGE)
def test_what_somebody_damaged_is_found_and_put_right(world, tmp_path, command, capsys, what):
    damaged, statements = DAMAGE[what]
    right = digest(world.ledger)
    unguarded(world, *statements)

    seen = differing(world, tmp_path / "fresh.db")
    only_looked = command()
    still_there = differing(world, tmp_path / "again.db")
    put_right = command("--replace", "--backup", a_backup(world, tmp_path))

    assert seen == still_there == damaged
    assert (only_looked, put_right) == (1, 0)
    assert {it.split(":")[0].replace(" ", "_") for it in told(capsys, "put right")} == damaged
    assert differing(world, tmp_path / "at last.db") == set()
    assert is_sound(world)
    assert digest(world.ledger) == right


def told(capsys: pytest.CaptureFixture[str], words: str) -> list[str]:
    return [it for it in capsys.readouterr().out.splitlines() if it.endswith(words)]


def test_every_table_that_follows_from_the_lines_is_damaged_above():
    assert set().union(*[damaged for damaged, _ in DAMAGE.values()]) == {it.name for it in DERIVED}


def test_after_the_repair_a_hub_posts_on_and_transfers_stay_as_they_are(
    world, tmp_path, command, ledger_url
):
    unguarded(world, "DELETE FROM transfer", "UPDATE account SET balance = 0")
    command("--replace", "--backup", a_backup(world, tmp_path))
    till = Till("h1")
    till.lines, till.heads = sent_by(world, "h1")

    till.add(sale("next", 1000, till_ms=OPENS_MS + DAY_MS))
    world.clock.at_ms = OPENS_MS + DAY_MS
    (receipt,) = world.take(till.batch(len(till.lines)))

    assert receipt.upto_seq == len(till.lines)
    assert is_sound(world)
    with pytest.raises(Exception, match="a transfer never"):
        world.ledger.connection.execute("UPDATE transfer SET amount = 1")


def sent_by(world: World, device: str) -> tuple[list[bytes], list[bytes]]:
    rows = world.ledger.connection.execute(
        "SELECT line, inbox.head FROM inbox JOIN chain ON chain.id = inbox.chain"
        " JOIN device ON device.id = chain.device WHERE name = ? ORDER BY inbox.seq",
        (device,),
    ).fetchall()
    return [bytes(line) for line, _ in rows], [bytes(32), *[bytes(head) for _, head in rows]]


def test_a_line_that_was_changed_is_nothing_to_rebuild_from(world, command, capsys):
    world.ledger.connection.execute("UPDATE inbox SET line = ? WHERE op = 'r1'", (b"[]",))

    assert command() == 1
    assert "not those that their heads stand for" in capsys.readouterr().err


def test_other_rules_than_those_that_posted_are_seen(world, tmp_path):
    dearer = parse(PROGRAMME.replace("points = 1\n", "points = 2\n", 1), source="tests")
    with closing(open_ledger(world.path)) as ledger, ledger.engine.snapshot():
        found = rebuild(ledger, [dearer], tmp_path / "fresh.db", world.clock.at_ms)

    assert found["balances"]
    assert found["lots"]


def test_nothing_is_replaced_without_a_backup(world, tmp_path, command, capsys):
    world.ledger.connection.execute("UPDATE account SET balance = 77 WHERE owner = 'anna'")
    (tmp_path / "notes.txt").write_text("no backup")

    assert command("--replace") == 1
    assert "wanted --backup FILE" in capsys.readouterr().err
    assert command("--replace", "--backup", tmp_path / "notes.txt") == 1
    assert world.balance("anna") == 77


def test_a_fault_of_an_older_program_posts_when_the_ledger_is_rebuilt(tmp_path):
    world = World(tmp_path)
    till = Till("h1")
    world.ledger.add_device("s1", "h1", "k1", SECRET, "password-of-h1")
    till.add(sale("r1", 5000))
    world.refuse_op("r1")
    world.take(till.batch())
    assert world.status(1)[:2] == ("held", "fault")
    world.ledger.connection.execute("DROP TRIGGER refuse")
    (tmp_path / "programme.toml").write_text(PROGRAMME)
    told = ("--db", world.path, "--programme", tmp_path / "programme.toml")

    assert run("rebuild", *told, "--replace", "--backup", tmp_path / "backup.db") == 0

    assert world.status(1) == ("posted", "")
    assert world.balance("anna") == 50
    assert is_sound(world)
    world.ledger.close()


SMALL_FILES = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (65_536, 65_536))
from hub.commands.ledger import main
sys.exit(main(sys.argv[1:]))
"""


def test_it_is_made_beside_the_ledger_and_leaves_nothing_when_the_disk_is_full(tmp_path):
    (tmp_path / "of-the-ledger").mkdir()
    world = World(tmp_path / "of-the-ledger")
    (tmp_path / "programme.toml").write_text(PROGRAMME)
    words = ["rebuild", "--db", str(world.path), "--programme", str(tmp_path / "programme.toml")]

    ran = subprocess.run(
        [sys.executable, "-c", SMALL_FILES, *words], capture_output=True, text=True, check=False
    )

    world.ledger.close()
    told = " ".join(ran.stderr.split())
    assert ran.returncode == 1
    assert f"revisit ledger: {world.path.parent}/.rebuild-" in told
    assert "Traceback" not in told
    assert [it.name for it in world.path.parent.iterdir()] == ["ledger.db"]


def test_it_is_made_where_a_person_says_and_is_gone_afterwards(world, tmp_path, command, capsys):
    (tmp_path / "work").mkdir()

    refused = command("--work", tmp_path / "absent")
    done = command("--work", tmp_path / "work")

    assert (refused, done) == (1, 0)
    assert "absent: No such file or directory, a folder to write to wanted" in " ".join(
        capsys.readouterr().err.split()
    )
    assert list((tmp_path / "work").iterdir()) == []
