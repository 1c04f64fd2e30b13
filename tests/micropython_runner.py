"""Runs a script under real MicroPython, as tests of portable code do beside CPython."""

import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
RUN_MAX_S = 60

# PyPI's wheel exists for this platform only; on it, a missing one is a failure.
needs_micropython = pytest.mark.skipif(
    (platform.system(), platform.machine()) != ("Linux", "x86_64"),
    reason="PyPI has MicroPython for x86-64 Linux only",
)


def run_micropython(script: str, *, path: list[Path]) -> str:
    """Return what `script` prints under MicroPython, importing from the directories of `path`.

    Fails the test with the interpreter's own words where the script does not end well.
    """
    interpreter = Path(sys.executable).parent / "micropython"
    search = ":".join([".frozen", *(str(it) for it in path)])
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / "script.py"
        file.write_text(script)
        ended = subprocess.run(
            [interpreter, file],
            env={**os.environ, "MICROPYPATH": search},
            capture_output=True,
            text=True,
            timeout=RUN_MAX_S,
            check=False,
        )
    # A traceback goes to standard output.
    said = ended.stdout[-2000:] + ended.stderr[-2000:]
    assert ended.returncode == 0, f"MicroPython ended with {ended.returncode}: {said}"
    return ended.stdout
