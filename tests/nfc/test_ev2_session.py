"""EV2 authentication and messaging: every number that NXP's AN12196 prints."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.nfc import desfire
from device.nfc.desfire import Mode
from device.nfc.ev2_session import COMMANDS_MAX, Ev2Authentication, Ev2Session, session_keys
from device.nfc.reader import AuthenticationFailed, CardGone, DeviceError

KEY = bytes(16)

# AN12196 rev. 1.8, tables 14 (key 0), 20 (key 3): E(RndB), RndA, our proof, the card's, TI.
FIRST = [
    (
        "a04c124213c186f22399d33ac2a30215",
        "13c5db8a5930439fc3def9a4c675360f",
        "35c3e05a752e0144bac0de51c1f22c56b34408a23d8aea266cab947ea8e0118d",
        "3fa64db5446d1f34cd6ea311167f5e4985b89690c04a05f17fa7ab2f08120663",
        "9d00c4df",
    ),
    (
        "b875ceb0e66a6c5cd00898dc371f92d1",
        "b98f4c50cf1c2e084fd150e33992b048",
        "ff0306e47dfbc50087c4d8a78e88e62de1e8be457aa477c707e2f0874916a8b1",
        "0cc9a8094a8eea683ecaac5c7bf20584206d0608d477110fc6b3d5d3f65c3a6a",
        "7614281a",
    ),
]

# Tables 14, 20 and 24: RndA, RndB and the two session keys.
KEYS = [
    (
        "13c5db8a5930439fc3def9a4c675360f",
        "b9e2fc789b64bf237cccaa20ec7e6e48",
        "1309c877509e5a215007ff0ed19ca564",
        "4c6626f5e72ea694202139295c7a7fc7",
    ),
    (
        "b98f4c50cf1c2e084fd150e33992b048",
        "91517975190dcea6104948efa3085c1b",
        "7a93d6571e4b180fca6ac90c9a7488d4",
        "fc4af159b62e549b5812394cab1918cc",
    ),
    (
        "60be759eda560250ac57cddc11743cf6",
        "6924e8d09722659a2e7dec68e66312b8",
        "4cf3cb41a22583a61e89b158d252fc53",
        "5529860b2fc5fb6154b7f28361d30bf9",
    ),
]


def session(keys: int, transaction: str, commands: int) -> Ev2Session:
    _, _, encipher_key, mac_key = (bytes.fromhex(it) for it in KEYS[keys])
    return Ev2Session(encipher_key, mac_key, bytes.fromhex(transaction), commands)


@pytest.mark.parametrize(("challenge", "random_a", "proof", "answer", "transaction"), FIRST)
def test_an_authentication_is_that_of_the_application_note(
    challenge, random_a, proof, answer, transaction
):
    authentication = Ev2Authentication(KEY, bytes.fromhex(random_a))

    said = authentication.answer_challenge(bytes.fromhex(challenge))
    begun = authentication.finish(bytes.fromhex(answer))

    assert said.hex() == proof
    assert (begun.transaction.hex(), begun.commands) == (transaction, 0)


def test_another_key_is_proved_within_the_transaction():
    # Table 24.
    before = session(0, "7614281a", 2)
    authentication = Ev2Authentication(
        KEY, bytes.fromhex("60be759eda560250ac57cddc11743cf6"), within=before
    )

    said = authentication.answer_challenge(bytes.fromhex("a6a2b3c572d06c097bb8db70463e22dc"))
    begun = authentication.finish(bytes.fromhex("b888349c24b315eab5b589e279c8263e"))

    assert said.hex() == "be7d45753f2cab85f34bc60ce58b940763fe969658a532df6d95ea2773f6e991"
    assert (begun.transaction.hex(), begun.commands) == ("7614281a", 2)


@pytest.mark.parametrize(("random_a", "random_b", "encipher_key", "mac_key"), KEYS)
def test_session_keys_are_those_of_the_application_note(random_a, random_b, encipher_key, mac_key):
    found = session_keys(KEY, bytes.fromhex(random_a), bytes.fromhex(random_b))

    assert [it.hex() for it in found] == [encipher_key, mac_key]


def test_file_settings_travel_enciphered():
    # Table 19.
    told = session(0, "9d00c4df", 1)
    settings = bytes.fromhex("4000e0c1f121200000430000430000")

    sealed = told.seal(desfire.CHANGE_FILE_SETTINGS, b"\x02", settings, Mode.FULL)

    assert sealed.hex() == "0261b6d97903566e84c3ae5274467e89ead799b7c1a0ef7a04"
    assert told.open(desfire.OK, bytes.fromhex("57bff87b1241e93d"), Mode.FULL) == b""


def test_data_that_fills_its_blocks_gets_another_for_the_padding():
    # Table 18; its step 4 prints another length than the command has that it then sends.
    told = session(0, "9d00c4df", 0)
    data = bytes.fromhex(
        "0051d1014d550463686f6f73652e75726c2e636f6d2f6e7461673432343f653d"
        "3030303030303030303030303030303030303030303030303030303030303030"
        "26633d3030303030303030303030303030303000000000000000000000000000"
        "0000000000000000000000000000000000000000000000000000000000000000"
    )
    header = bytes.fromhex("02000000800000")

    sealed = told.seal(desfire.WRITE_NTAG_DATA, header, data, Mode.FULL)

    assert len(sealed) == 7 + 144 + 8
    assert sealed.hex().endswith("bef0fd971ff532c3a802af745660f2b4d1d9a8499661ebf3")
    assert told.open(desfire.OK, bytes.fromhex("fc222e5f7a542452"), Mode.FULL) == b""


def test_a_key_other_than_the_sessions_is_mixed_with_the_old_one():
    # Table 26.
    told = session(2, "7614281a", 2)

    sealed = told.seal_key(2, bytes.fromhex("f3847d627727ed3bc9c4cc050489b966"), 1, old=KEY)

    assert sealed.hex() == (
        "022cf362b7bf4311ff3be1daa295e8c68de09050560d19b9e16c2393ae9cd1fac75d0ce20bcd1d06e6"
    )
    assert told.open(desfire.OK, bytes.fromhex("203bb55d1089d587"), Mode.FULL) == b""


def test_the_sessions_own_key_travels_as_it_is():
    # Table 27.
    told = session(2, "7614281a", 3)

    sealed = told.seal_key(0, bytes.fromhex("5004bf991f408672b1ef00f08f9e8647"), 1, old=None)

    assert sealed.hex() == (
        "00c0eb4deefeddf0b513a03a95a75491818580503190d4d05053ff75668a01d6fda6610234bded6432"
    )


def test_an_enciphered_answer_is_opened():
    # Table 29: the UID of a card that hides it.
    told = Ev2Session(
        bytes.fromhex("2b4d963c014dc36f24f69a50a394f875"),
        bytes.fromhex("379d32130ce61705dd5fd8c36b95d764"),
        bytes.fromhex("df055522"),
    )

    sealed = told.seal(0x51, b"", b"", Mode.FULL)
    answer = bytes.fromhex("70756055688505b52a5e26e59e329cd6595f672298ea41b7")

    assert sealed.hex() == "8e2c155adda99be3"
    assert told.open(desfire.OK, answer, Mode.FULL).hex() == "04958caa5c5e80"


@pytest.mark.parametrize("bit", [0, 13, 63])
def test_an_answer_with_a_wrong_bit_is_no_answer(bit):
    told = session(0, "9d00c4df", 1)
    answer = bytearray.fromhex("57bff87b1241e93d")
    answer[bit // 8] ^= 1 << bit % 8

    with pytest.raises(CardGone, match="MAC of an answer is wrong"):
        told.open(desfire.OK, bytes(answer), Mode.MAC)


def test_an_answer_counts_once():
    told = session(0, "9d00c4df", 1)
    answer = bytes.fromhex("57bff87b1241e93d")
    told.open(desfire.OK, answer, Mode.MAC)

    with pytest.raises(CardGone, match="MAC of an answer is wrong"):
        told.open(desfire.OK, answer, Mode.MAC)


def test_a_card_that_only_repeats_us_has_proved_nothing():
    challenge, random_a, _, answer, _ = (bytes.fromhex(it) for it in FIRST[0])
    authentication = Ev2Authentication(KEY, random_a[::-1])
    authentication.answer_challenge(challenge)

    with pytest.raises(AuthenticationFailed, match="does not prove"):
        authentication.finish(answer)


def test_a_session_ends_before_its_counter_turns_over():
    told = session(0, "9d00c4df", COMMANDS_MAX)

    with pytest.raises(CardGone, match="at most 65535"):
        told.seal(desfire.GET_VALUE, b"\x01", b"", Mode.MAC)


@given(st.binary(max_size=64), st.sampled_from(Mode), st.integers(0, 255))
def test_whatever_a_card_answers_is_data_or_a_device_error(body, mode, status):
    told = session(0, "9d00c4df", 0)
    authentication = Ev2Authentication(KEY, KEY)

    for listen in (
        lambda: told.open(status, body, mode),
        lambda: authentication.answer_challenge(body),
        lambda: authentication.finish(body),
    ):
        try:
            assert listen() is not None
        except DeviceError:
            continue
