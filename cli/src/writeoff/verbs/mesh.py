"""`writeoff mesh`: an operator's look at the lanes, and the repairs of lanes 29."""

from collections.abc import Iterable, Sequence
from typing import Annotated

import httpx
import typer
from rich.console import Console

from writeoff.catalogue import SERVICES
from writeoff.door import Doors, Json
from writeoff.exits import Exit, Refused, Trouble
from writeoff.root import session_of
from writeoff.session import Session
from writeoff.show import pairs, table

app = typer.Typer(help="For operators: lanes, parked messages, repairs.", no_args_is_help=True)

Service = Annotated[str, typer.Argument(metavar="SERVICE", help=", ".join(SERVICES))]
Lane = Annotated[int, typer.Argument(metavar="LANE", min=0)]
TopicName = Annotated[str, typer.Argument(metavar="TOPIC")]
ParkedId = Annotated[str, typer.Argument(metavar="PARKED", help="as `mesh parked` tells it")]
Why = Annotated[str, typer.Option("--why", help="kept with the repair's trace")]


@app.command("lanes")
def lanes(
    ctx: typer.Context,
    service: Annotated[str | None, typer.Argument(metavar="[SERVICE]")] = None,
) -> None:
    """Tell which instance holds which lane, its state, and how far it is behind."""
    session = session_of(ctx)
    rows = [
        {"service": name, "instance": url} | lane
        for name in ([checked(service)] if service else SERVICES)
        for url in session.env.urls(name)
        for lane in _lanes_of(session, url)
    ]
    columns = ("service", "lane", "state", "epoch", "on_the_way", "parked", "unacknowledged", "why")
    shown = [{name: row.get(name) for name in columns} for row in rows]
    session.show({"lanes": rows}, lambda out: _render_rows(out, "lanes", shown))


@app.command("why")
def why(ctx: typer.Context, service: Service, lane: Lane) -> None:
    """Tell who holds a lane, why it stands still, and what it waits for."""
    session = session_of(ctx)
    found: list[Json] = [
        {"inputs": {}, "instance": url} | told
        for url in session.env.urls(checked(service))
        for told in _lanes_of(session, url)
        if told.get("lane") in (lane, None)
    ]

    def render(out: Console) -> None:
        for told in found:
            plain = {k: v for k, v in told.items() if k != "inputs"}
            out.print(pairs(f"{service} lane {lane}", plain))
            _render_rows(out, "inputs", [{"input": k} | v for k, v in told["inputs"].items()])

    session.show({"lane": lane, "instances": found}, render)


@app.command("release")
def release(ctx: typer.Context, service: Service, lane: Lane) -> None:
    """Let the holder give a lane back, so that another instance takes it."""
    _ask_holder(ctx, service, "release", {"lane": lane})


@app.command("hold")
def hold(ctx: typer.Context, service: Service, reason: Why = "") -> None:
    """Hold a service: it stays live and takes in nothing until `go-on`."""
    _ask_all(ctx, service, "hold", {"why": reason})


@app.command("go-on")
def go_on(ctx: typer.Context, service: Service) -> None:
    """Let a held service go on."""
    _ask_all(ctx, service, "go-on", {})


@app.command("begin")
def begin(
    ctx: typer.Context,
    service: Service,
    topic: TopicName,
    partition: Annotated[int, typer.Argument(metavar="PARTITION", min=0)],
    offset: Annotated[int, typer.Option("--at", metavar="OFFSET", min=0, help="from here on")],
) -> None:
    """Hear an input from an offset on, over a hole in its log. What lay in the hole is lost."""
    body: Json = {"topic": topic, "partition": partition, "offset": offset}
    _ask_holder(ctx, service, "begin", body)


@app.command("resay")
def resay(
    ctx: typer.Context,
    service: Service,
    topic: Annotated[str | None, typer.Argument(metavar="[TOPIC]", help="none: all of its")] = None,
) -> None:
    """Say every key of a service's table topics again, as its store has them."""
    _ask_all(ctx, service, "resay", {"topic": topic})


@app.command("parked")
def parked(
    ctx: typer.Context,
    service: Annotated[str | None, typer.Argument(metavar="[SERVICE]")] = None,
) -> None:
    """List the messages that were put aside, and why."""
    session = session_of(ctx)
    rows = [
        {"service": name} | row
        for name in ([checked(service)] if service else SERVICES)
        for row in _parked_of(session, name)
    ]
    columns = ("service", "parked_id", "lane", "case_id", "place", "reason")
    shown = [{name: row[name] for name in columns} for row in rows]
    session.show({"parked": rows}, lambda out: _render_rows(out, f"{len(rows)} parked", shown))


@app.command("replay")
def replay(ctx: typer.Context, service: Service, parked_id: ParkedId) -> None:
    """Hear a parked message again, and in order what waits behind it."""
    _ask_any(ctx, service, "replay", {"parked_id": parked_id})


@app.command("dismiss")
def dismiss(ctx: typer.Context, service: Service, parked_id: ParkedId, reason: Why) -> None:
    """Drop a parked message for good; what waits behind it is heard."""
    _ask_any(ctx, service, "dismiss", {"parked_id": parked_id, "why": reason})


def resay_all(session: Session, service: str, topic: str) -> int:
    """Let every instance say a topic's keys of its lanes again; gives how many were said."""
    answers = [
        _post(session, service, url, "resay", {"topic": topic}) for url in session.env.urls(service)
    ]
    return sum(int(answer["said"]) for answer in answers)


def checked(service: str) -> str:
    """Return the service's name, if it is one."""
    if service in SERVICES:
        return service
    raise Trouble(
        f"no service {service!r}",
        next_step=f"there are {', '.join(SERVICES)}",
        exit_code=Exit.USAGE,
    )


def _ask_any(ctx: typer.Context, service: str, verb: str, body: Json) -> None:
    """Ask whichever instance answers: it is put into the store, for the lane's holder."""
    session = session_of(ctx)
    with session.doors("operator") as doors:
        answer = doors.post(checked(service), f"/v1/mesh/{verb}", body)
    _show_answers(session, f"{verb} {service}", [answer])


def _ask_all(ctx: typer.Context, service: str, verb: str, body: Json) -> None:
    """Ask every instance of a service."""
    session = session_of(ctx)
    urls = session.env.urls(checked(service))
    answers = [{"instance": url} | _post(session, service, url, verb, body) for url in urls]
    _show_answers(session, f"{verb} {service}", answers)


def _ask_holder(ctx: typer.Context, service: str, verb: str, body: Json) -> None:
    """Ask instance after instance until one holds the lane that it is about."""
    session = session_of(ctx)
    refusal: Refused | None = None
    for url in session.env.urls(checked(service)):
        try:
            answer = _post(session, service, url, verb, body)
        except Refused as refused:
            refusal = refused
            continue
        _show_answers(session, f"{verb} {service}", [{"instance": url} | answer])
        return
    assert refusal is not None, "a service has at least one instance"
    raise refusal


def _post(session: Session, service: str, url: str, verb: str, body: Json) -> Json:
    with Doors(session.env, session.person("operator"), None, only=url) as doors:
        return doors.post(service, f"/v1/mesh/{verb}", body)


def _parked_of(session: Session, service: str) -> Sequence[Json]:
    with Doors(session.env, session.person("operator"), None) as doors:
        return doors.get(service, "/v1/mesh/parked")["parked"]


def _lanes_of(session: Session, url: str) -> Iterable[Json]:
    token = session.env.token(session.person("operator"))
    try:
        response = httpx.get(
            f"{url}/lanes", headers={"Authorization": f"Bearer {token}"}, trust_env=False
        )
        response.raise_for_status()
    except httpx.HTTPError as error:
        return [{"state": f"no answer: {error}"}]
    lanes: list[Json] = response.json()
    return lanes


def _render_rows(out: Console, title: str, rows: Sequence[Json]) -> None:
    columns = list(dict.fromkeys(key for row in rows for key in row))
    if not rows:
        out.print(title)
        return
    out.print(table(title, columns, [[row.get(c) for c in columns] for row in rows]))


def _show_answers(session: Session, title: str, answers: Sequence[Json]) -> None:
    session.show({"answers": answers}, lambda out: _render_rows(out, title, answers))
