"""Who a device is: names that can stand in a topic, and secrets that never show."""

import pytest

from device.mqtt.identity import Broker, Identity
from loyalty.chain import ZERO_HEAD, EnvelopeError
from loyalty.key_wrap import NotWrappedForUs, wrap

SECRET = b"s" * 32
OLD, NEW = b"o" * 32, b"n" * 32


@pytest.mark.parametrize(
    ("store", "device", "secrets"),
    [
        ("s/1", "h1", {"k1": SECRET}),
        ("s1", "", {"k1": SECRET}),
        ("s1", "h1", {"k 1": SECRET}),
        ("s1", "h1", {}),
        ("s1", "h1", {"k1": SECRET, "k2": SECRET, "k3": SECRET}),
        ("s1", "h1", {"k1": SECRET, "k2": b"short"}),
    ],
)
def test_an_identity_that_could_not_work_is_refused(
    store: str, device: str, secrets: dict[str, bytes]
) -> None:
    with pytest.raises(ValueError):
        Identity(store=store, device=device, secrets=secrets)


def test_secrets_and_passwords_do_not_show() -> None:
    identity = Identity(store="s1", device="h1", secrets={"k1": SECRET})
    broker = Broker(host="hub", port=1883, password="open-sesame")

    assert "sss" not in repr(identity)
    assert "open-sesame" not in repr(broker)


def test_what_one_device_sealed_another_refuses() -> None:
    one = Identity(store="s1", device="h1", secrets={"k1": SECRET})
    other = Identity(store="s1", device="h2", secrets={"k1": SECRET})
    envelope = one.seal("ask", epoch="e1", first_seq=0, prev=ZERO_HEAD, lines=[b"[]"])

    with pytest.raises(EnvelopeError, match="for device h1, h2 wanted"):
        other.unseal(envelope)

    assert one.unseal(envelope) == ("ask", "e1", [b"[]"])


@pytest.mark.parametrize("secret", [OLD, NEW])
def test_a_key_is_unwrapped_with_either_secret_while_one_replaces_the_other(secret):
    identity = Identity(store="s1", device="h1", secrets={"k1": OLD, "k2": NEW})

    assert identity.unwrap("r-1", wrap(secret, "r-1", bytes(16))) == bytes(16)


def test_a_key_for_another_device_is_not_unwrapped():
    identity = Identity(store="s1", device="h1", secrets={"k1": OLD, "k2": NEW})

    with pytest.raises(NotWrappedForUs):
        identity.unwrap("r-1", wrap(b"another device's", "r-1", bytes(16)))
