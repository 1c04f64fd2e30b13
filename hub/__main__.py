"""`python -m hub`: the same as `revisit hub`."""

import sys

from hub.commands.hub import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
