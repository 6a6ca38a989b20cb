"""The one exception of the lab tools: a message for a person, in one line."""

import sys


class Problem(Exception):
    """Something the user can mend. Its text is one line that names what and where."""


def run(main):
    """Runs a command's main function; a Problem becomes one line on stderr and exit status 2."""
    try:
        sys.exit(main())
    except Problem as problem:
        print(f"error: {problem}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
