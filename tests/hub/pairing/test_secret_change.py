"""A device's next secret: asked for under the one it has, held beside it until it is used."""

import secrets

import pytest

from hub.broker.passwords import is_password
from hub.ledger.queries import device_login
from hub.pairing.secret_change import change_secret
from loyalty.introductions import CHANGE, SecretChange, to_bytes
from loyalty.letters import close_letter
from tests.hub.hub_world import SECRET, World, sale

NEXT = SecretChange(kid="k2", secret=bytes(32), password="q" * 43)


@pytest.fixture
def world(ledger_url):
    found = World(ledger_url)
    found.till("h1")
    yield found
    found.ledger.close()


def a_letter(change: SecretChange = NEXT, secret: bytes = SECRET, device: str = "h1") -> bytes:
    nonce = secrets.token_bytes(12)
    return close_letter(secret, CHANGE, to_bytes(change), about=device.encode(), nonce=nonce)


def kids(world: World) -> list[str]:
    rows = world.ledger.connection.execute("SELECT kid FROM device_secret ORDER BY added")
    return [kid for (kid,) in rows]


def has_password(world: World, password: str) -> bool:
    login = device_login(world.ledger, "h1")
    return is_password(password, login.password_salt, login.password_digest)


def test_both_secrets_hold_and_the_new_password(world):
    assert change_secret(world.ledger, "h1", "k1", a_letter()) == NEXT

    assert kids(world) == ["k1", "k2"]
    assert has_password(world, NEXT.password)


def test_the_older_one_ends_with_the_first_use_of_the_new(world):
    till = world.till("h1")
    change_secret(world.ledger, "h1", "k1", a_letter())
    till.add(sale("r1"), sale("r2"))
    world.intake.take([till.batch(1, 1)])
    held = kids(world)

    till.kid, till.secret = "k2", NEXT.secret
    world.intake.take([till.batch(2, 2)])

    assert held == ["k1", "k2"]
    assert kids(world) == ["k2"]


def test_asked_again_it_says_the_same_and_changes_nothing(world):
    change_secret(world.ledger, "h1", "k1", a_letter())
    salt = device_login(world.ledger, "h1").password_salt

    assert change_secret(world.ledger, "h1", "k1", a_letter()) == NEXT
    assert device_login(world.ledger, "h1").password_salt == salt


def test_another_next_secret_takes_the_place_of_one_that_was_never_used(world):
    other = SecretChange(kid="k2", secret=bytes(range(1, 33)), password="r" * 43)
    change_secret(world.ledger, "h1", "k1", a_letter())

    assert change_secret(world.ledger, "h1", "k1", a_letter(other)) == other
    assert kids(world) == ["k1", "k2"]
    assert has_password(world, other.password)


def test_a_letter_that_was_kept_is_worth_nothing_once_the_new_secret_was_used(world):
    till, kept = world.till("h1"), a_letter()
    change_secret(world.ledger, "h1", "k1", kept)
    till.kid, till.secret = "k2", NEXT.secret
    till.add(sale("r1"))
    world.intake.take([till.batch()])

    assert change_secret(world.ledger, "h1", "k1", kept) is None


@pytest.mark.parametrize(
    ("device", "kid", "letter"),
    [
        ("h2", "k1", a_letter(device="h2")),
        ("h1", "k2", a_letter()),
        ("\0", "k1", a_letter()),
        ("h1", "\0", a_letter()),
        ("h1", "k1", a_letter(secret=bytes(32))),
        ("h1", "k1", a_letter(device="h2")),
        ("h1", "k1", a_letter(SecretChange(kid="k1", secret=bytes(32), password="q" * 43))),
        ("h1", "k1", b""),
        ("h1", "k1", close_letter(SECRET, CHANGE, b"[]", about=b"h1", nonce=bytes(12))),
        ("h1", "k1", close_letter(SECRET, "changed", to_bytes(NEXT), about=b"h1", nonce=bytes(12))),
    ],
)
def test_anybody_else_changes_nothing(world, device, kid, letter):
    assert change_secret(world.ledger, device, kid, letter) is None

    assert kids(world) == ["k1"]
    assert has_password(world, "password-of-h1")


def test_who_was_shut_out_changes_nothing(world):
    world.ledger.revoke_device("h1", 1)

    assert change_secret(world.ledger, "h1", "k1", a_letter()) is None
    assert kids(world) == ["k1"]
