"""`python -m device`: what `revisit kiosk` and `revisit handheld` run."""

import sys

from device.terminal_command import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
