"""`writeoff demo`: a made-up lender, played live."""

from typing import Annotated

import typer

from writeoff.demo import summary
from writeoff.exits import Exit, Trouble
from writeoff.root import session_of


def demo(  # noqa: PLR0917 (options)
    ctx: typer.Context,
    loans: Annotated[int, typer.Option(min=1, max=100_000, help="of the portfolio")] = 2000,
    requests: Annotated[int, typer.Option(min=1, max=100_000, help="to publish")] = 500,
    seed: Annotated[
        int, typer.Option(min=0, max=9999, help="the same seed makes the same demo")
    ] = 7,
    new: Annotated[bool, typer.Option("--new", help="publish new requests")] = False,
    show_last: Annotated[bool, typer.Option("--show-last", help="only show the last run")] = False,
) -> None:
    """Make a portfolio, import it, publish mixed requests as an upstream, and play the people.

    Where a demo was played already, its table is shown; --new publishes new requests.
    """
    # It needs a serializer that takes a third of a second to import; other verbs start without.
    from writeoff.demo.play import Plan, Play  # noqa: PLC0415

    session = session_of(ctx)
    last = summary.kept(session.directory)
    if last is None and show_last:
        raise Trouble(
            f"no demo was played in {session.directory}",
            next_step="`writeoff demo` plays one",
            exit_code=Exit.FAILED,
        )
    if last is not None and not new:
        session.show(last, lambda out: summary.render(out, last))
        return
    run = last["run"] + 1 if last is not None and last["seed"] == seed else 0
    played = Play(session, Plan(loans=loans, requests=requests, seed=seed, run=run)).perform()
    summary.keep(session.directory, played)
    session.show(played, lambda out: summary.render(out, played))
    if not summary.is_over(played):
        session.note("some cases are not over yet: `writeoff mesh lanes` tells where they are")
        raise typer.Exit(int(Exit.TIME_RAN_OUT))
