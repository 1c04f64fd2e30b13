"""Deliberate bugs: the tests that should see them do."""

import pytest

from tests.campaign import IS_CAMPAIGN
from tests.mutation.mutants import MUTANTS, Edit, Mutant
from tests.mutation.planting import Stale, is_caught

PLANTED = [it for it in MUTANTS if it.is_quick or IS_CAMPAIGN]


@pytest.mark.campaign
@pytest.mark.parametrize("mutant", PLANTED, ids=lambda it: it.name)
def test_a_deliberate_bug_is_caught(mutant, tmp_path):
    assert is_caught(mutant, tmp_path)


def test_a_mutant_whose_source_has_changed_is_no_catch(tmp_path):
    changed = Mutant(
        name="gone",
        edits=(Edit("device/records/journal.py", "no such line", ""),),
        tests=("tests",),
    )

    with pytest.raises(Stale, match="0 times, once wanted"):
        is_caught(changed, tmp_path)


def test_a_mutant_that_no_test_can_load_is_no_catch(tmp_path):
    broken = Mutant(
        name="syntax",
        edits=(Edit("loyalty/units.py", "EXPONENTS = {", "EXPONENTS = ="),),
        tests=("tests/loyalty/test_units.py",),
    )

    with pytest.raises(Stale, match="do not run"):
        is_caught(broken, tmp_path)
