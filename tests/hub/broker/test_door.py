"""Who is let in at the door of the embedded broker."""

import pytest

from hub.broker.door import Door
from hub.broker.passwords import password_digest
from hub.errors import LedgerUnavailable
from hub.ledger.queries import DeviceLogin
from loyalty import topics

SALT = bytes(16)
LOGIN = DeviceLogin("s1", SALT, password_digest(SALT, "pw"))
STATE = topics.state("s1", "h1")


def find(name: str) -> DeviceLogin | None:
    return LOGIN if name == "h1" else None


@pytest.mark.parametrize(
    ("user", "password", "client_id", "will", "is_admitted"),
    [
        ("h1", "pw", "h1", None, True),
        ("h1", "pw", "h1", STATE, True),
        ("h1", "wrong", "h1", None, False),
        ("h1", "", "h1", None, False),
        ("h1", None, "h1", None, False),
        ("h1", "pw", "h2", None, False),
        ("h1", "pw", None, None, False),
        ("h2", "pw", "h2", None, False),
        ("", "pw", "", None, False),
        (None, None, "h1", None, False),
        ("h1", "pw", "h1", topics.state("s1", "h2"), False),
        ("h1", "pw", "h1", topics.rx("s1", "h2", "receipt"), False),
        ("h1", "pw", "h1", "", False),
    ],
)
def test_a_device_is_let_in_by_its_password_and_nobody_else(
    user, password, client_id, will, is_admitted
):
    found = Door(find).admit(user=user, password=password, client_id=client_id, will=will)

    assert found == (LOGIN if is_admitted else None)


def test_while_the_device_table_does_not_answer_nobody_comes_in():
    def fail(name: str) -> DeviceLogin | None:
        raise LedgerUnavailable("locked")

    assert Door(fail).admit(user="h1", password="pw", client_id="h1", will=None) is None
