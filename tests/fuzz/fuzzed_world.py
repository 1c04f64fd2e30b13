"""A hub with honest devices, what they have sent, and whether anything of it has changed."""

import hashlib
import random
from pathlib import Path

from hub.ledger.tables import METADATA
from hub.offline_keys import OfflineKeys
from hub.posting.intake import Arrival
from loyalty.asks import AskAccount, AskRedeem, Hello
from loyalty.programme import parse
from tests.fuzz.rogue import Rogue
from tests.hub.hub_world import PROGRAMME, SECRET, START_MS, Till, World, check_in, redemption, sale

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
    found = World(where, [programme], keys)
    found.programme = programme
    return found


def honest_messages(world: World) -> list[Arrival]:
    """Have two devices send all sorts of messages, and return them."""
    tills = [world.till("h1"), world.till("h2")]
    messages: list[Arrival] = []
    for number, till in enumerate(tills):
        whose = {"member": f"member-{number}", "card": f"04AA0{number}"}
        for place in range(30):
            till.add(sale(f"{till.name}:{place}", 1_000 * place, **whose))
        till.add(redemption(f"{till.name}:spent", **whose), check_in(**whose), b"rubbish")
        card = {"card": whose["card"], "member": whose["member"], "ctr_seen": -1}
        messages += [till.batch(1, 3), till.batch(4, 20), till.batch(21)]
        stands = {"last_seq": 33, "settled_seq": 20, "incarnation": "", "rules": 3}
        messages.append(till.ask(Hello(ref=f"{till.name}-q0", hub_ms=START_MS, **stands)))
        messages.append(till.ask(AskAccount(ref=f"{till.name}-q1", **card)))
        messages.append(till.ask(AskRedeem(ref=f"{till.name}-q2", offer="mug", **card)))
    world.intake.take(messages)
    return messages


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
