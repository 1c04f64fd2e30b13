"""What the hub signs of its ledger, and what whoever kept it can tell by it."""

import csv
import hashlib
from collections.abc import Callable, Iterator
from itertools import groupby
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.commands import ledger as ledger_command
from hub.errors import HubError
from hub.ledger.heads import ChainHead, chain_heads
from hub.ledger.signed_heads import read_signed_heads, signed_heads
from loyalty.signatures import public_key_of
from tests.hub.hub_world import World, redemption, sale

SEED = bytes(range(32))
OTHER_SEED = bytes(range(1, 33))
HEADS = [ChainHead("h1", "e1", 12, "ab" * 32), ChainHead("hub", "i1", 3, "cd" * 32)]


@pytest.fixture
def world(ledger_url) -> Iterator[World]:
    found = World(ledger_url)
    till, other = found.till("h1"), found.till("h2")
    till.add(sale("r1", 9900), redemption("r2", 40))
    other.add(sale("r3", 100), sale("r4", 100), sale("r5", 100))
    found.take(till.batch(), other.batch(1, 1), other.batch(3))
    yield found
    found.ledger.close()


@pytest.fixture
def command(world, tmp_path) -> Callable[..., int]:
    key = tmp_path / "hub.key"
    key.touch(mode=0o600)
    key.write_text(SEED.hex())
    return lambda *words: ledger_command.main([*map(str, words), "--db", str(world.path)])


def test_what_is_signed_can_be_read_back():
    text = signed_heads(SEED, "i1", 1_490_788_800_000, HEADS)

    assert read_signed_heads(text, public_key_of(SEED)) == HEADS


@given(st.data())
def test_no_byte_of_it_can_be_changed(data):
    text = bytearray(signed_heads(SEED, "i1", 1_490_788_800_000, HEADS))
    # What the text says of its signer is believed by nobody.
    name = text.rindex(b"signed ") + len(b"signed ")
    place = data.draw(st.integers(0, len(text) - 2).filter(lambda it: not name <= it < name + 64))
    text[place] ^= data.draw(st.sampled_from((1, 2, 4, 64)))

    with pytest.raises(HubError):
        read_signed_heads(bytes(text), public_key_of(SEED))


@given(st.binary(max_size=200))
def test_nothing_else_is_taken_for_it(text):
    with pytest.raises(HubError):
        read_signed_heads(text, public_key_of(SEED))


def test_another_hubs_signature_is_none():
    with pytest.raises(HubError, match="or changed"):
        read_signed_heads(signed_heads(OTHER_SEED, "i1", 1, HEADS), public_key_of(SEED))


def test_every_chain_is_named_as_far_as_it_is_whole(world):
    found = {(it.device, it.seq) for it in chain_heads(world.ledger)}

    assert found == {("h1", 2), ("h2", 1)}


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ("", "2 chains have every line that was signed"),
        ("DELETE FROM transfer WHERE 1 = 0", "2 chains have every line that was signed"),
        ("UPDATE inbox SET line = 'x' WHERE op = 'r1'", "lines are not those that their heads"),
        ("UPDATE inbox SET head = line WHERE op = 'r2'", "epoch e1: line 2 is not the one signed"),
        ("UPDATE inbox SET seq = 9 WHERE op = 'r3'", "device h2, epoch e1: line 1 is not the one"),
    ],
)
def test_what_was_changed_since_is_told(world, command, tmp_path, capsys, damage, said):
    signed, key = tmp_path / "heads.txt", tmp_path / "hub.key"
    assert command("heads", "--key", key, "--to", signed) == 0
    if damage:
        world.ledger.connection.execute(damage.replace("'x'", "head"))

    status = command("check-heads", signed, "--public-key", public_key_of(SEED).hex())

    assert said in capsys.readouterr().out
    assert status == (0 if "every line" in said else 1)


def test_lines_that_came_since_are_no_offence(world, command, tmp_path):
    signed = tmp_path / "heads.txt"
    command("heads", "--key", tmp_path / "hub.key", "--to", signed)
    more = world.till("h3")
    more.add(sale("r9"))
    world.take(more.batch())

    assert command("check-heads", signed, "--public-key", public_key_of(SEED).hex()) == 0


def test_signed_heads_are_never_overwritten(world, command, tmp_path, capsys):
    (tmp_path / "heads.txt").write_text("yesterday's")

    status = command("heads", "--key", tmp_path / "hub.key", "--to", tmp_path / "heads.txt")

    assert status == 1
    assert "a new file wanted" in capsys.readouterr().err
    assert (tmp_path / "heads.txt").read_text() == "yesterday's"


def heads_by_an_auditor(lines: Path) -> dict[tuple[str, str, int], str]:
    """Return each line's head as whoever has nothing but `lines.csv` works it out."""
    found = {}
    with lines.open(encoding="utf-8-sig", newline="") as file:
        for chain, rows in groupby(csv.DictReader(file), lambda it: (it["device"], it["epoch"])):
            head = bytes(32)
            for number, row in enumerate(rows, 1):
                if int(row["number"]) != number:
                    break  # beyond a gap
                head = hashlib.sha256(head + bytes.fromhex(row["line"])).digest()
                found[(*chain, number)] = head.hex()
    return found


def test_an_auditor_can_check_signed_heads_with_the_exported_lines_alone(world, command, tmp_path):
    command("heads", "--key", tmp_path / "hub.key", "--to", tmp_path / "heads.txt")
    command("export", "--lines", "--to", tmp_path / "figures")

    heads = read_signed_heads((tmp_path / "heads.txt").read_bytes(), public_key_of(SEED))
    worked_out = heads_by_an_auditor(tmp_path / "figures" / "lines.csv")

    assert len(heads) == 2
    assert {it[:3]: it.head for it in heads}.items() <= worked_out.items()
