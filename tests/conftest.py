"""What holds for every test: our packages come first, and a slow machine is no failure."""

import sys
from pathlib import Path

from hypothesis import settings

# `tests/device` must not stand in for `device`: pytest puts `tests` on the path before us.
sys.path.insert(0, str(Path(__file__).parent.parent))

# How long an example takes says more about the machine than about the code.
settings.register_profile("revisit", deadline=None)
settings.load_profile("revisit")
