"""The runner runs MicroPython and nothing else."""

import pytest

from tests.micropython_runner import ROOT, needs_micropython, run_micropython

pytestmark = needs_micropython


def test_the_interpreter_is_micropython():
    script = "import sys\nprint(sys.implementation.name, sys.implementation.version[:2])"

    told = run_micropython(script, path=[ROOT])

    assert told == "micropython (1, 29)\n"


def test_a_script_that_fails_fails_the_test():
    with pytest.raises(AssertionError, match="no module named 'dataclasses'"):
        run_micropython("import dataclasses", path=[ROOT])
