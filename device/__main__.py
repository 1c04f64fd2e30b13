"""`python -m device`: what `revisit kiosk` and `revisit handheld` run."""

import sys

from device.commands.terminal import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
