"""Plant every deliberate bug of tests/mutation/mutants.py and say whether a test catches it.

.venv/bin/python scripts/check_mutants.py [WORD …]    only those whose name has a WORD
"""

import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.mutation.mutants import MUTANTS
from tests.mutation.planting import Stale, copy_sources, is_caught, run_tests


def main(words: list[str]) -> int:
    """Print a line for each mutant; return 1 if one is not caught, or fails without a bug."""
    chosen = [it for it in MUTANTS if not words or any(word in it.name for word in words)]
    if not chosen:
        print(f"no bug has {' or '.join(words)} in its name")
        return 1
    failures = 0
    with tempfile.TemporaryDirectory() as folder:
        copy_sources(Path(folder))
        status, output = run_tests(
            Path(folder), *dict.fromkeys(t for it in chosen for t in it.tests)
        )
        if status != 0:
            print(output)
            print("the tests fail without any bug: mend them first")
            return 1
    for mutant in chosen:
        began_s = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            try:
                verdict = "caught" if is_caught(mutant, Path(folder)) else "NOT caught"
            except Stale as error:
                verdict = f"STALE: {error}"
        failures += verdict != "caught"
        print(f"{mutant.name:<50} {verdict} ({time.monotonic() - began_s:.1f} s)", flush=True)
    print(f"{len(chosen) - failures} of {len(chosen)} caught")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
