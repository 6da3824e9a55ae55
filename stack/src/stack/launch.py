"""Become a program that ends with its parent: `launch.py PARENT SIGNAL WAY PROGRAM ARGUMENT…`.

Run as a script of its own, before anything else is loaded, because code between fork and exec is
not safe in a process that has threads. WAY is `plain`, `namespace` (a user namespace without a
map, for a program that refuses to run as root) or `drop:UID` (become that user).
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1


def main(parent: int, death_signal: int, way: str, argv: list[str]) -> None:
    """Change who we are, tie our life to our parent's, and become the program."""
    if way == "namespace":
        os.unshare(os.CLONE_NEWUSER)
    elif way.startswith("drop:"):
        uid = int(way.removeprefix("drop:"))
        os.setgroups([])
        os.setgid(uid)
        os.setuid(uid)
    # Last: a change of who we are takes the tie away.
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit(1)  # it died before the tie was made
    os.execv(argv[0], argv)  # noqa: S606


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4:])
