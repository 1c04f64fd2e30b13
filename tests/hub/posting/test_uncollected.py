"""No garbage is looked for while a group is taken, and then as before."""

import gc

import pytest

from hub.posting.uncollected import uncollected


@pytest.fixture(autouse=True)
def collector_is_on():
    gc.enable()
    yield
    gc.enable()


def test_nothing_is_looked_for_meanwhile():
    with uncollected():
        assert not gc.isenabled()

    assert gc.isenabled()


def test_garbage_is_looked_for_again_after_an_error():
    with pytest.raises(ValueError, match="full"), uncollected():
        raise ValueError("full")

    assert gc.isenabled()


def test_who_switched_it_off_finds_it_off():
    gc.disable()

    with uncollected():
        pass

    assert not gc.isenabled()
