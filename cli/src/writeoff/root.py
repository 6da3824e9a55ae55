"""The root of the command line: global options anywhere, trouble told without a traceback."""

from typing import Any, override

import typer
from typer.core import TyperGroup

from writeoff.exits import Trouble
from writeoff.session import Session

WITH_VALUE = ("--as", "--tenant", "--stack-dir")
FLAGS = ("--json",)

EVERYWHERE = "Every verb also takes --as NAME, --tenant T, --stack-dir DIR and --json, anywhere."


class Root(TyperGroup):
    """Takes the global options before, between and after the verbs, as people write them."""

    @override
    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the arguments with the global options moved to the front."""
        return super().parse_args(ctx, hoisted(args))

    @override
    def invoke(self, ctx: Any) -> Any:
        """Run the verb; what a person can put right is said in a sentence."""
        try:
            return super().invoke(ctx)
        except Trouble as trouble:
            found = ctx.find_object(Session)
            (found or Session()).show_trouble(trouble)
            raise typer.Exit(int(trouble.exit_code)) from None


def hoisted(args: list[str]) -> list[str]:
    """Return the arguments with global options first; what follows `--` stays where it is."""
    front: list[str] = []
    rest: list[str] = []
    left = list(args)
    while left:
        arg = left.pop(0)
        if arg == "--":
            return [*front, *rest, arg, *left]
        if arg in FLAGS or arg.split("=", 1)[0] in WITH_VALUE:
            front.append(arg)
            if arg in WITH_VALUE and left:
                front.append(left.pop(0))
        else:
            rest.append(arg)
    return [*front, *rest]


def session_of(ctx: typer.Context) -> Session:
    """Return the session that the global options made."""
    session = ctx.find_object(Session)
    assert session is not None, "the root's callback makes it"
    return session
