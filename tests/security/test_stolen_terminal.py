"""Who has a terminal, with its secret and its card keys: what that is worth until it is revoked.

That its keys count no card up is in tests/nfc/test_card_leases.py.
"""

from contextlib import closing

import pytest

from hub.ledger.ledger import open_ledger
from loyalty.asks import AskRedeem, CancelRedeem
from loyalty.leases import Lease, NoCertificate, certificate, read_certificate, signature_of
from loyalty.receipts import LineStatus, RedeemGranted, Refusal
from loyalty.record import Record
from loyalty.records import HUB_KINDS
from loyalty.signatures import public_key_of
from tests.hub.hub_world import (
    SECRET,
    START_MS,
    World,
    adjusted,
    lease_lapsed,
    lease_offered,
    redemption,
    sale,
    state_as_hub,
)
from tests.loyalty.line_samples import narrowest, widest

HUB_SEED = bytes(range(60, 92))
UID = bytes.fromhex("04A1B2C3D4E5F6")


@pytest.fixture
def world(ledger_url):
    """A hub with an honest device h1, at which Anna has 100 points, and the stolen one, h9."""
    found = World(ledger_url)
    found.honest, found.stolen = found.till("h1"), found.till("h9")
    found.honest.add(sale("r1", 10_000))
    found.take(found.honest.batch())
    yield found
    found.ledger.close()


def grant(world: World) -> RedeemGranted:
    asked = AskRedeem(ref="q1", card="04AA", member="anna", ctr_seen=-1, offer="mug")
    (granted,) = world.take(world.honest.ask(asked))
    assert isinstance(granted, RedeemGranted)
    return granted


def test_it_states_sales_until_it_is_revoked_and_none_after(world):
    world.stolen.add(sale("x1", 5_000), sale("x2", 5_000))
    world.take(world.stolen.batch(1, 1))

    with closing(open_ledger(world.path)) as elsewhere:
        elsewhere.revoke_device("h9", START_MS)
    replies = world.take(world.stolen.batch(2))

    assert (replies, world.balance("anna")) == ([], 150)
    assert world.intake.counts["dropped_unknown_device"] == 1


def test_what_it_stated_is_found_by_its_name(world):
    world.stolen.add(sale("x1", 5_000))
    world.take(world.stolen.batch())

    named = world.value(
        "SELECT device.name FROM transfer JOIN inbox ON inbox.id = transfer.line"
        " JOIN chain ON chain.id = inbox.chain JOIN device ON device.id = chain.device"
        " WHERE inbox.op = 'x1'"
    )

    assert named == "h9"


@pytest.mark.parametrize("sample", [narrowest, widest])
def test_it_cannot_state_what_is_the_hubs_to_decide(world, sample):
    world.stolen.add(*[sample(it) for it in sorted(HUB_KINDS)])

    (receipt,) = world.take(world.stolen.batch())

    wanted = [LineStatus(n, "rejected", "hub_only") for n in range(1, len(HUB_KINDS) + 1)]
    assert receipt.exceptions == tuple(wanted)
    assert set(world.cases()) == {"hub_only"}
    assert world.balance("anna") == 100
    assert world.value("SELECT count(*) FROM day_close") == 0


def test_it_can_neither_undo_nor_prevent_what_the_hub_decides(world):
    decided = [adjusted("p1", -30), lease_offered("L1", 20), lease_lapsed("L1", at_ms=START_MS + 9)]
    decide(world, *decided[:2])
    said = [sale(it.op, 500, till_ms=START_MS - 60_000) for it in decided]
    world.stolen.add(*said, sale(f"adjust:{said[0].op}", 500))

    (receipt,) = world.take(world.stolen.batch())
    lent = world.balance("anna")
    decide(world, decided[2])

    assert [it.code for it in receipt.exceptions] == ["hub_only"] * 3
    assert set(world.cases()) == {"hub_only"}
    assert (lent, world.balance("anna")) == (100 - 30 - 20 + 5, 100 - 30 + 5)


def decide(world: World, *decided: Record) -> None:
    """Have the hub state what it decided."""
    with closing(open_ledger(world.path)) as elsewhere:
        for it in decided:
            state_as_hub(elsewhere, [world.programme], it, it.at_ms)


def test_it_cannot_sign_a_lease(world):
    wanted = Lease(id="00" * 8, uid=UID, points=1_000, expires_s=2_000_000_000, counter=3)
    public = public_key_of(HUB_SEED)
    for own_key in (SECRET, public, bytes(32)):  # what a terminal has
        forged = certificate(wanted, signature_of(wanted, own_key))

        with pytest.raises(NoCertificate, match="has not signed"):
            read_certificate(forged, UID, public)


def test_it_cannot_raise_move_or_prolong_a_lease_that_the_hub_signed(world):
    wanted = Lease(id="00" * 8, uid=UID, points=50, expires_s=2_000_000_000, counter=3)
    public, signature = public_key_of(HUB_SEED), signature_of(wanted, HUB_SEED)
    other = bytes.fromhex("04A1B2C3D4E5F7")
    altered = [
        Lease(id=wanted.id, uid=UID, points=51, expires_s=wanted.expires_s, counter=3),
        Lease(id=wanted.id, uid=UID, points=50, expires_s=wanted.expires_s + 1, counter=3),
        Lease(id=wanted.id, uid=UID, points=50, expires_s=wanted.expires_s, counter=4),
    ]

    assert read_certificate(certificate(wanted, signature), UID, public) == wanted
    for it in altered:
        with pytest.raises(NoCertificate, match="has not signed"):
            read_certificate(certificate(it, signature), UID, public)
    with pytest.raises(NoCertificate, match="certificate of card"):
        read_certificate(certificate(wanted, signature), other, public)


def test_it_cannot_release_what_the_hub_reserved_for_another_device(world):
    granted = grant(world)

    (refused,) = world.take(world.stolen.ask(CancelRedeem(ref="q1", auth=granted.auth)))

    assert refused == Refusal(ref="q1", reason="unknown_grant")
    assert world.value("SELECT status FROM hold") == "active"


def test_a_spend_that_it_makes_up_is_a_debt_and_a_case(world):
    world.stolen.add(redemption("x1", 5_000))

    world.take(world.stolen.batch())

    assert (world.balance("anna"), world.cases()) == (-4_900, ["overdrawn"])


def test_a_grant_that_it_makes_up_is_a_case(world):
    world.stolen.add(redemption("x1", 50, auth="made-up", granted_ms=START_MS))

    world.take(world.stolen.batch())

    assert world.cases() == ["unknown_grant"]


def test_an_operation_that_it_states_in_anothers_place_is_a_case_with_both_lines(world):
    world.stolen.add(sale("r1", 1, at_ms=START_MS - 1, till_ms=START_MS - 1))

    world.take(world.stolen.batch())

    assert world.cases() == ["op_conflict"]
    assert world.value("SELECT count(*) FROM inbox WHERE op = 'r1'") == 2


def test_what_it_dates_ahead_does_not_count_yet(world):
    world.stolen.add(sale("x1", at_ms=START_MS + 3_600_000, till_ms=START_MS + 3_600_000))

    world.take(world.stolen.batch())

    assert (world.balance("anna"), world.cases()) == (100, ["future_clock"])
