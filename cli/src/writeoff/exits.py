"""What an exit code means, and trouble that a person can do something about."""

from enum import IntEnum


class Exit(IntEnum):
    """The command's answer to a script."""

    OK = 0
    FAILED = 1
    """It differs, or it did not work."""
    USAGE = 2
    """The command line, a mapping or a file is wrong: nothing was sent."""
    REFUSED = 3
    """Some of it was refused, or lines of the file were broken; the rest went on."""
    WAITING = 4
    """Some cases wait for a person."""
    TIME_RAN_OUT = 5
    UNREACHABLE = 6
    """The stack or a service does not answer."""


class Trouble(Exception):
    """The command cannot go on. Said in one sentence, with the next step, without a traceback."""

    def __init__(self, message: str, *, next_step: str, exit_code: Exit = Exit.FAILED) -> None:
        super().__init__(message)
        self.message = message
        self.next_step = next_step
        self.exit_code = exit_code
        self.code = exit_code.name


class Refused(Trouble):
    """A door said no; `code` is the business's own."""

    def __init__(
        self,
        code: str,
        message: str,
        *,
        next_step: str | None = None,
        exit_code: Exit = Exit.REFUSED,
    ) -> None:
        super().__init__(
            message,
            next_step=next_step or f"{code} names the rule: put right what it tells, and try again",
            exit_code=exit_code,
        )
        self.code = code
