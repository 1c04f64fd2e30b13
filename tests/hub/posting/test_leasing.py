"""A card that can carry points gets some to spend without the hub, and never twice the same."""

import pytest

from hub.ledger.verify import broken, verify
from hub.posting.leasing import OFFERED_MAX, WRITES_UNSTATED_MAX
from hub.posting.offline_keys import credit_key
from loyalty.asks import AskAccount, AskRedeem
from loyalty.key_wrap import unwrap
from loyalty.leases import Lease, certificate, read_certificate
from loyalty.receipts import LeaseGranted, RedeemGranted, Refusal
from tests.hub.hub_world import START_MS, redemption, sale
from tests.hub.lease_world import (
    ANNA,
    KEYS,
    LEASE_MS,
    OFFLINE,
    PUBLIC_KEY,
    SECRET,
    UID,
    LeaseWorld,
    carried,
    issued,
    lease_closed,
    lease_spend,
)


@pytest.fixture
def world(ledger_url):
    found = LeaseWorld(ledger_url)
    yield found
    found.ledger.close()


def is_whole(world: LeaseWorld) -> bool:
    return not broken(verify(world.ledger, [world.programme], world.clock.now_ms()))


def refused(answer: object) -> str:
    assert isinstance(answer, Refusal)
    return answer.reason


def test_a_lease_is_signed_for_its_card_and_set_aside(world):
    granted = world.ask_lease()

    assert isinstance(granted, LeaseGranted)
    lease = Lease(
        id=granted.lease,
        uid=bytes.fromhex(UID),
        points=granted.points,
        expires_s=granted.expires_s,
        counter=granted.counter,
    )
    data = certificate(lease, bytes.fromhex(granted.signature))
    assert read_certificate(data, bytes.fromhex(UID), PUBLIC_KEY) == lease
    assert (lease.points, lease.counter) == (60, 0)
    assert lease.expires_s == (world.clock.at_ms + LEASE_MS) // 1000
    assert (world.balance("anna"), world.escrow()) == (40, 60)
    assert is_whole(world)


def test_the_cards_credit_key_is_for_the_asking_device_alone(world):
    granted = world.ask_lease()

    key = unwrap(SECRET, "q1", granted.credit_key)

    assert key == credit_key(KEYS.credit_master, bytes.fromhex(UID))


def test_asking_twice_is_asking_once(world):
    first = world.ask_lease()
    world.clock.at_ms += 1000

    assert world.ask_lease() == first
    assert world.escrow() == 60


def test_an_ask_that_names_another_card_under_a_used_name_gets_nothing(world):
    world.ask_lease()

    assert refused(world.ask_lease(card="04ffffffffffff")) == "no_lease"


def test_a_lease_leaves_what_is_reserved(world):
    asked = AskRedeem(ref="q0", **ANNA, ctr_seen=0, offer="mug")
    (granted,) = world.take(world.h1.ask(asked))

    lease = world.ask_lease()

    assert isinstance(granted, RedeemGranted)
    assert lease.points == 50
    assert is_whole(world)


def test_a_till_whose_clock_is_ahead_does_not_spoil_a_lease(world):
    ahead_ms = world.clock.at_ms + 200_000
    other = world.till("h2")
    other.add(sale("r2", 1_000, **ANNA, at_ms=ahead_ms, till_ms=ahead_ms))
    world.happen(world.h1, redemption("r3", 90, **ANNA))
    world.take(other.batch())

    granted = world.ask_lease()

    assert granted.points == 20
    assert world.escrow() == 20
    assert is_whole(world)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"card": "04000000000000"}, "unknown_card"),
        ({"member": "ben"}, "no_lease"),
        ({"ctr_seen": -1}, "no_lease"),
        ({"ctr_seen": WRITES_UNSTATED_MAX + 1}, "no_lease"),
        ({"ctr_seen": 2**32 - 1}, "no_lease"),
    ],
)
def test_an_ask_that_cannot_be_true_gets_nothing(world, changes, reason):
    assert refused(world.ask_lease(**changes)) == reason
    assert world.escrow() == 0


def test_a_card_that_shows_less_than_was_written_gets_nothing(world):
    world.happen(world.h1, carried("L0", counter=5))

    assert refused(world.ask_lease(ctr_seen=4)) == "no_lease"


@pytest.mark.parametrize("kind", ["ntag424", "classic1k", "ntag215"])
def test_a_card_that_cannot_carry_value_gets_none(world, kind):
    world.happen(world.h1, issued(kind, card="04bbbbbbbbbbbb"))

    assert refused(world.ask_lease(card="04bbbbbbbbbbbb")) == "no_lease"


def test_a_card_whose_number_no_certificate_can_hold_gets_none(world):
    world.happen(world.h1, issued(card="04XY"), issued(card="04A1B2C3D4E5F6"))

    reasons = [refused(world.ask_lease(card=it)) for it in ("04XY", "04A1B2C3D4E5F6")]

    assert reasons == ["no_lease", "no_lease"]


def test_where_the_programme_offers_no_lease_nobody_gets_one(ledger_url):
    world = LeaseWorld(ledger_url, offline=OFFLINE.replace("lease_points = 60", ""))

    assert refused(world.ask_lease()) == "no_lease"
    world.ledger.close()


def test_who_has_nothing_gets_nothing(world):
    world.happen(world.h1, redemption("r2", 100, **ANNA))

    assert refused(world.ask_lease()) == "no_lease"


def test_a_lease_that_never_reached_its_card_is_free_when_the_card_is_back(world):
    world.ask_lease()

    again = world.ask_lease("q2")

    assert again.points == 60
    assert world.lease_statuses() == ["closed", "offered"]
    assert (world.balance("anna"), world.escrow()) == (40, 60)
    assert is_whole(world)


def test_a_lease_that_was_carried_stays_in_escrow_until_lines_tell(world):
    granted = world.ask_lease()
    world.happen(world.h1, carried(granted.lease))

    again = world.ask_lease("q2", ctr_seen=3)

    assert again.points == 40
    assert world.lease_statuses() == ["closing", "offered"]
    assert (world.balance("anna"), world.escrow()) == (0, 100)


def test_a_lease_of_a_card_that_was_written_since_may_have_been_spent(world):
    world.ask_lease()

    again = world.ask_lease("q2", ctr_seen=1)

    assert again.points == 40
    assert world.lease_statuses() == ["closing", "offered"]


def test_the_answer_to_a_lease_that_is_over_is_not_given_again(world):
    world.ask_lease()
    world.ask_lease("q2")

    assert refused(world.ask_lease("q1")) == "no_lease"


def test_one_device_cannot_have_everybodys_points_wait(world):
    for number in range(OFFERED_MAX):
        uid = f"04{number:012x}"
        whose = {"card": uid, "member": f"m{number}"}
        world.happen(world.h1, issued(**whose), sale(f"s{number}", 1_000, **whose))
        assert isinstance(world.ask_lease(f"q{number}", **whose), LeaseGranted)

    assert refused(world.ask_lease("more")) == "too_many_asks"


def test_what_lines_tell_moves_a_lease_on(world):
    lease = world.ask_lease().lease
    statuses = world.lease_statuses()

    for stated in (
        carried(lease),
        lease_spend(lease, 2, 20, **ANNA),
        lease_closed(lease, 30, **ANNA, ctr_used=4, op=f"lease:{lease}:close"),
        lease_spend(lease, 3, 10, **ANNA),
    ):
        world.happen(world.h1, stated)
        statuses += world.lease_statuses()

    assert statuses == ["offered", "carried", "carried", "closing", "closed"]
    assert (world.balance("anna"), world.escrow()) == (70, 0)
    assert is_whole(world)


def test_a_card_that_shows_its_lease_carries_it(world):
    lease = world.ask_lease().lease
    shown = AskAccount(ref="q2", **ANNA, ctr_seen=1, lease=lease, lease_left_points=60)

    world.take(world.h1.ask(shown))

    assert world.lease_statuses() == ["carried"]


@pytest.mark.parametrize("changes", [{"card": "04ffffffffffff"}, {"touch": "unknown"}])
def test_what_nobody_can_vouch_for_does_not_close_a_lease(world, changes):
    lease = world.ask_lease().lease

    world.happen(world.h1, lease_closed(lease, 60, **{**ANNA, **changes}))

    assert world.lease_statuses() == ["offered"]
    assert world.escrow() == 60


def test_another_members_card_cannot_close_a_lease(world):
    lease = world.ask_lease().lease
    other = {"card": "04bbbbbbbbbbbb", "member": "ben"}

    world.happen(world.h1, issued(**other), lease_closed(lease, 60, **other))

    assert (world.lease_statuses(), world.escrow()) == (["offered"], 60)
    assert world.balance("ben") == 0


def test_a_stopped_card_gets_none(world):
    world.ledger.connection.execute("UPDATE card SET status = 'blocked' WHERE uid = ?", (UID,))
    world.intake._books.forget()

    assert refused(world.ask_lease()) == "no_lease"


def test_a_day_without_the_hub_ends_with_what_it_would_have_with_it(world):
    lease = world.ask_lease().lease
    world.happen(world.h1, carried(lease))
    away = world.till("h2")
    for number, points in ((2, 15), (3, 25)):
        away.add(lease_spend(lease, number, points, **ANNA, at_ms=START_MS + 1000 * number))
    world.clock.at_ms += 60_000

    closed = lease_closed(lease, 20, **ANNA, ctr_used=4, op=f"lease:{lease}:close")
    world.happen(world.h1, closed)
    between = (world.balance("anna"), world.escrow())
    world.take(away.batch())

    assert between == (60, 40)
    assert (world.balance("anna"), world.escrow()) == (60, 0)
    assert world.cases() == []
    assert is_whole(world)
