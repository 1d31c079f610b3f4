"""`python -m nodegraph` is the `workbench` command."""

import sys

from nodegraph.cli import main

if __name__ == "__main__":
    sys.exit(main())
