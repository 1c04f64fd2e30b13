"""Pairing codes in the ledger: one store, one kind, one device, ten minutes, few wrong tries."""

import secrets
from dataclasses import replace

import pytest

from hub.broker.passwords import is_password
from hub.errors import HubError
from hub.ledger.queries import device_login
from hub.pairing.codes import OPEN_MAX, NewCode, NotPaired, Paired, Wanted, introduce, new_code
from loyalty.introductions import INTRODUCTION, Introduction, to_bytes
from loyalty.letters import close_letter
from loyalty.pairing import ID_BYTES, SECRET_BYTES, TRIES_MAX, VALID_MS, shared_key
from tests.hub.hub_world import START_MS, World

KIOSK = Wanted(store="s1", kind="kiosk", name="", made_by="anna")
ME = Introduction(kind="kiosk", secret=bytes(range(32)), password="p" * 43, request="")
OTHER = replace(ME, secret=bytes(32))


def a_code(world: World, wanted: Wanted = KIOSK, now_ms: int = START_MS) -> NewCode:
    random_bytes = secrets.token_bytes(ID_BYTES + SECRET_BYTES)
    return new_code(world.ledger, wanted, random_bytes, now_ms)


def a_letter(code: NewCode, who: Introduction = ME, secret: bytes = b"") -> bytes:
    key = shared_key(code.id, secret or code.secret)
    nonce = secrets.token_bytes(12)
    return close_letter(key, INTRODUCTION, to_bytes(who), about=code.id.encode(), nonce=nonce)


def use(
    world: World, code: NewCode, who: Introduction = ME, now_ms: int = START_MS + 1
) -> Paired | NotPaired | None:
    return introduce(world.ledger, code.id, a_letter(code, who), now_ms)


def reason(found: Paired | NotPaired | None) -> str:
    assert isinstance(found, NotPaired)
    return found.refused.reason


def secrets_of(world: World, name: str) -> list[bytes]:
    rows = world.ledger.connection.execute(
        "SELECT secret FROM device_secret JOIN device ON device.id = device WHERE name = ?", (name,)
    )
    return [bytes(secret) for (secret,) in rows]


def test_a_code_makes_a_device_of_its_store_that_may_log_in(world):
    found = use(world, a_code(world))

    login = device_login(world.ledger, "s1-kiosk-1")
    assert isinstance(found, Paired)
    assert found[1:] == ("s1", "s1-kiosk-1", "k1", ME)
    assert login.store == "s1"
    assert is_password(ME.password, login.password_salt, login.password_digest)
    assert secrets_of(world, "s1-kiosk-1") == [ME.secret]


def test_the_same_device_may_ask_again_as_its_answer_may_be_lost(world):
    code = a_code(world)

    first, second = use(world, code), use(world, code, now_ms=START_MS + VALID_MS - 1)

    assert first == second
    assert world.cases() == []


def test_the_same_device_asking_again_does_not_bring_an_older_secret_back(world):
    code = a_code(world)
    use(world, code)
    world.ledger.add_device("s1", code.name, "k2", bytes(32), "q" * 43)

    use(world, code)

    assert secrets_of(world, code.name)[-1] == bytes(32)
    login = device_login(world.ledger, code.name)
    assert is_password("q" * 43, login.password_salt, login.password_digest)


def test_another_device_is_refused_and_somebody_looks(world):
    code = a_code(world)
    use(world, code)

    found = use(world, code, OTHER)

    assert reason(found) == "another device has used this code"
    assert secrets_of(world, code.name) == [ME.secret]
    assert world.cases() == ["pairing_reused"]


def test_a_code_ends(world):
    code = a_code(world)

    assert reason(use(world, code, now_ms=START_MS + VALID_MS)).startswith("this code has ended")
    assert device_login(world.ledger, code.name) is None


def test_a_code_is_for_one_kind_of_terminal(world):
    found = use(world, a_code(world), replace(ME, kind="handheld"))

    assert reason(found) == "this code is for a kiosk, not for a handheld"


def test_a_code_whose_end_has_come_is_forgotten_with_the_next(world):
    code = a_code(world)

    a_code(world, now_ms=START_MS + VALID_MS)

    assert use(world, code, now_ms=START_MS + VALID_MS) is None
    assert world.value("SELECT shared_key FROM pairing WHERE code = ?", code.id) == b""


def test_nobody_is_told_anything_who_does_not_have_the_code(world):
    code = a_code(world)

    for stranger in ("0" * 8, "", "\0", "x" * 65, "é", "' OR 1=1 --"):
        assert introduce(world.ledger, stranger, a_letter(code), START_MS) is None
    assert introduce(world.ledger, code.id, b"", START_MS) is None
    assert introduce(world.ledger, code.id, a_letter(code, secret=bytes(10)), START_MS) is None


def test_a_letter_for_another_code_is_a_wrong_one(world):
    first, second = a_code(world), a_code(world, replace_name("h2"))

    assert introduce(world.ledger, second.id, a_letter(first), START_MS) is None


def test_a_name_that_another_store_has_by_now_is_not_given(world):
    code = a_code(world, replace_name("h9"))
    world.ledger.add_device("s2", "h9", "k1", bytes(32), "q" * 43)

    found = use(world, code)

    assert reason(found) == "device h9 is of store s2 by now, ask for a code with another name"


def test_no_device_is_called_like_the_hub(world):
    with pytest.raises(HubError, match="'hub' is the name of the hub itself"):
        a_code(world, replace_name("hub"))


def replace_name(name: str) -> Wanted:
    return KIOSK._replace(name=name)


def test_after_a_few_wrong_letters_a_code_is_shut_and_somebody_looks(world):
    code = a_code(world)
    for _ in range(TRIES_MAX - 1):
        introduce(world.ledger, code.id, b"x" * 60, START_MS)
    assert world.cases() == []

    introduce(world.ledger, code.id, b"x" * 60, START_MS)

    assert use(world, code) is None
    assert world.cases() == ["pairing_guessed"]


def test_fewer_wrong_letters_do_not_keep_the_right_one_out(world):
    code = a_code(world)
    for _ in range(TRIES_MAX - 1):
        introduce(world.ledger, code.id, b"x" * 60, START_MS)

    assert isinstance(use(world, code), Paired)


def test_names_are_given_in_turn_also_to_codes_that_wait(world):
    world.ledger.add_device("s1", "s1-kiosk-2", "k1", bytes(32), "pw")

    names = [a_code(world).name, a_code(world, KIOSK._replace(kind="handheld")).name]
    names.append(a_code(world).name)

    assert names == ["s1-kiosk-1", "s1-handheld-1", "s1-kiosk-3"]


def test_a_terminal_that_comes_again_under_its_name_leaves_nothing_to_who_had_it(world):
    world.ledger.add_device("s1", "h1", "k1", bytes(32), "old")
    world.ledger.add_device("s1", "h1", "k2", bytes(32), "old")

    use(world, a_code(world, replace_name("h1")))

    login = device_login(world.ledger, "h1")
    assert secrets_of(world, "h1") == [ME.secret]
    assert not is_password("old", login.password_salt, login.password_digest)


def test_who_is_shut_out_does_not_come_back_by_a_code(world):
    early = a_code(world, replace_name("h1"))
    world.till("h1")
    world.ledger.revoke_device("h1", START_MS)

    assert "was shut out" in reason(use(world, early))
    with pytest.raises(HubError, match="shut out for good"):
        a_code(world, replace_name("h1"))


def test_a_device_does_not_change_its_store(world):
    world.till("h1")

    with pytest.raises(HubError, match="is of store 's1', 's2' wanted"):
        a_code(world, Wanted("s2", "kiosk", "h1", "anna"))


@pytest.mark.parametrize(
    "wanted",
    [
        Wanted("s/1", "kiosk", "", "anna"),
        Wanted("", "kiosk", "", "anna"),
        Wanted("s1", "kiosk", "h#", "anna"),
        Wanted("s1", "fridge", "", "anna"),
        Wanted("s" * 60, "kiosk", "", "anna"),
    ],
)
def test_what_cannot_be_gets_no_code(world, wanted):
    with pytest.raises(HubError):
        a_code(world, wanted)

    assert world.value("SELECT count(*) FROM pairing") == 0


def test_only_so_many_codes_wait_at_a_time(world):
    for _ in range(OPEN_MAX):
        a_code(world)

    with pytest.raises(HubError, match=f"{OPEN_MAX} codes wait"):
        a_code(world)

    assert a_code(world, now_ms=START_MS + VALID_MS).name == "s1-kiosk-1"


def test_an_introduction_that_cannot_be_read_changes_nothing(world):
    code = a_code(world)
    key, about = shared_key(code.id, code.secret), code.id.encode()

    letter = close_letter(key, INTRODUCTION, b"{}", about=about, nonce=bytes(12))

    assert reason(introduce(world.ledger, code.id, letter, START_MS)).startswith("not understood")
    assert isinstance(use(world, code), Paired)
