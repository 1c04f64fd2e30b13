"""Plants a mutant in a copy of the repository and sees whether its tests find it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.mutation.mutants import Mutant

ROOT = Path(__file__).parents[2]
COPIED = ("loyalty", "device", "hub", "simulators", "tests", "programmes", "scripts")
COPIED_FILES = ("pyproject.toml", "revisit.py")
LEFT_OUT = shutil.ignore_patterns("__pycache__", "golden", "output")
TESTS_MAX_S = 300
TESTS_FAILED = 1  # pytest's own exit code for that; others say that they could not run


class Stale(Exception):
    """The source has changed, or a test of the mutant cannot run: the mutant is to be mended."""


def is_caught(mutant: Mutant, folder: Path) -> bool:
    """Return whether the tests of `mutant` fail once it is planted in a copy in `folder`.

    Raises:
        Stale: it cannot be planted, or its tests do not run.
    """
    copy_sources(folder)
    for edit in mutant.edits:
        path = folder / edit.file
        text = path.read_text()
        found = text.count(edit.sound)
        if found != 1:
            raise Stale(f"{mutant.name}: {edit.file} has its text {found} times, once wanted")
        path.write_text(text.replace(edit.sound, edit.buggy))
    status, output = run_tests(folder, *mutant.tests)
    if status not in (0, TESTS_FAILED):
        raise Stale(f"{mutant.name}: its tests do not run:\n{output}")
    return status == TESTS_FAILED


def copy_sources(folder: Path) -> None:
    """Copy what tests need into the empty `folder`."""
    for name in COPIED:
        shutil.copytree(ROOT / name, folder / name, ignore=LEFT_OUT)
    for name in COPIED_FILES:
        shutil.copy(ROOT / name, folder / name)


def run_tests(folder: Path, *tests: str) -> tuple[int, str]:
    """Run `tests` of the copy in `folder` up to the first failure; return status and output."""
    options = ("-x", "-p", "no:cacheprovider", "-p", "no:xdist", "--hypothesis-profile=unshrunk")
    # An own variable of pytest tells tests that they run below others; these do not.
    known = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, *tests],
        cwd=folder,
        env={**known, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        timeout=TESTS_MAX_S,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr
