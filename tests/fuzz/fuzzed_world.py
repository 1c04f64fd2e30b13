"""A hub with honest devices, what they have sent, and whether anything of it has changed."""

import hashlib
import random
from pathlib import Path

from hub.ledger.tables import METADATA
from hub.posting.documents import Document
from hub.posting.intake import Arrival
from hub.posting.offline_keys import OfflineKeys
from loyalty.asks import (
    Ask,
    AskAccount,
    AskCardKeys,
    AskDocument,
    AskLease,
    AskRedeem,
    CancelRedeem,
    Hello,
)
from loyalty.programme import parse
from loyalty.receipts import Refusal
from tests.fuzz.rogue import Rogue
from tests.hub.hub_world import PROGRAMME, SECRET, START_MS, Till, World, check_in, redemption, sale
from tests.hub.lease_world import issued

ROGUE_SECRET = bytes(range(100, 132))
OFFLINE = """
[offline]
lease_points = 60
transaction_points = 50
device_points = 200
identifier_points = 20
"""


def leasing_world(where: Path | str) -> World:
    """Return a hub that gives leases, signs documents and hands out cards' keys."""
    programme = parse(PROGRAMME + OFFLINE, source="fuzz")
    keys = OfflineKeys(signing_seed=bytes(range(32)), credit_master=bytes(range(16)))
    document = Document("programme", programme.version, (PROGRAMME + OFFLINE).encode())
    found = World(where, [programme], keys, document)
    found.programme = programme
    return found


def honest_messages(world: World) -> list[Arrival]:
    """Have two devices send all sorts of messages, and return them."""
    messages: list[Arrival] = []
    for number, till in enumerate([world.till("h1"), world.till("h2")]):
        whose = {"member": f"member-{number}", "card": f"04aa0{number}"}
        till.add(issued(op=f"{till.name}:issued", **whose))
        for place in range(1, 30):
            till.add(sale(f"{till.name}:{place}", 1_000 * place, **whose))
        till.add(redemption(f"{till.name}:spent", **whose), check_in(**whose), b"rubbish")
        said = [till.batch(1, 3), till.batch(4, 20), till.batch(21)]
        world.intake.take(said)
        stands = {"last_seq": 33, "settled_seq": 20, "incarnation": "", "rules": 3}
        said.append(till.ask(Hello(ref=f"{till.name}-q0", hub_ms=START_MS, **stands)))
        said.append(till.ask(AskAccount(ref=f"{till.name}-q1", **whose, ctr_seen=0)))
        said.append(till.ask(AskRedeem(ref=f"{till.name}-q2", **whose, ctr_seen=0, offer="mug")))
        said += [till.ask(it) for it in other_asks(till.name, whose, f"grant-{number + 1}")]
        answers = world.take(*said)
        assert not [it for it in answers if isinstance(it, Refusal)], answers
        messages += said
    return messages


def other_asks(device: str, whose: dict[str, str], grant: str) -> list[Ask]:
    """Return what a device asks beside accounts and grants, and that it gives one back."""
    return [
        CancelRedeem(ref=f"{device}-q3", auth=grant),
        AskLease(ref=f"{device}-q4", **whose, ctr_seen=0),
        AskCardKeys(ref=f"{device}-q5", card="04bb"),
        AskDocument(ref=f"{device}-q6", name="programme", version=0, part=0),
    ]


def rogue_in(world: World, rng: random.Random) -> Rogue:
    """Register the device h9, whose secret is known to the wrong people."""
    world.ledger.add_device("s1", "h9", "k1", ROGUE_SECRET, "password-of-h9")
    return Rogue(rng, "s1", "h9", ROGUE_SECRET)


def good_message(number: int) -> tuple[Till, Arrival]:
    """Return a device of its own and a sale that it sends for the first time."""
    till = Till("h3", epoch=f"good-{number}")
    till.secret = SECRET
    till.add(sale(f"good:{number}", member=f"good-{number}", card=""))
    return till, till.batch()


def everything(world: World) -> str:
    """Return one hash of every row of every table of the ledger."""
    found = hashlib.sha256()
    for name in sorted(METADATA.tables):
        rows = world.ledger.connection.execute(f"SELECT * FROM {name}").fetchall()
        found.update(f"{name} {sorted(map(repr, rows))}\n".encode())
    return found.hexdigest()


def honest_state(world: World) -> list[tuple[object, ...]]:
    """Return what honest members have and what honest devices have stated."""
    found: list[tuple[object, ...]] = []
    for statement in (_MEMBERS, _LOTS, _LINES, _CHAINS):
        found += [tuple(row) for row in world.ledger.connection.execute(statement)]
    return found


_MEMBERS = (
    "SELECT token, tier, qualifying, debt, version, balance FROM member"
    " JOIN account ON account.id = member.account WHERE token LIKE 'member-%' ORDER BY token"
)
_LOTS = (
    "SELECT token, op, leg, earned_ms, expires_ms, remaining FROM lot"
    " JOIN member ON member.id = lot.member WHERE token LIKE 'member-%' ORDER BY token, op, leg"
)
_LINES = (
    "SELECT name, inbox.seq, inbox.head, line, status, code FROM inbox"
    " JOIN chain ON chain.id = inbox.chain JOIN device ON device.id = chain.device"
    " WHERE name IN ('h1', 'h2') ORDER BY name, epoch, inbox.seq"
)
_CHAINS = (
    "SELECT name, chain.seq, head, kept_seq, gap_since_ms, fork_seq FROM chain"
    " JOIN device ON device.id = chain.device WHERE name IN ('h1', 'h2') ORDER BY name, epoch"
)
