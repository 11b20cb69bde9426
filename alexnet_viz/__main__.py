"""The core from a shell: ``python -m alexnet_viz COMMAND``; each command is a file of ``commands/``.

A user's error is one line and exit code 2. Of several photos each that cannot be used is one line; the others are done,
and the exit code is 1.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from alexnet_viz.commands import attribute, classify, fetch, figure, runs, trace, train, units
from alexnet_viz.display import one_line
from alexnet_viz.errors import as_user_error
from alexnet_viz.images.formats import pillow_is_quiet

COMMANDS = (classify, fetch, trace, attribute, units, figure, train, runs)  # in the order of --help


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    pillow_is_quiet()
    try:
        code = options.run(options)
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader, such as `head`, has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except Exception as error:
        known = as_user_error(error)
        if known is None:
            raise
        print(one_line(f"alexnet_viz: {known}"), file=sys.stderr)
        return 2


def _program() -> str:
    """What was typed to come here: the console script of an installed package, or the module."""
    return "alexnet-viz" if Path(sys.argv[0]).name == "alexnet-viz" else "python -m alexnet_viz"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=_program(), description="AlexNet, opened up, from a shell.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in COMMANDS:
        command.add(commands)
    return parser


if __name__ == "__main__":
    sys.exit(main())
