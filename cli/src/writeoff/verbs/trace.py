"""`writeoff trace`: one case from topic to topic, as it was said."""

import heapq
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

import typer
from contracts.catalogue import Topic
from mesh.lanes import lane_of
from rich.console import Console

from writeoff.catalogue import source_of, topics
from writeoff.decoding import Decoder
from writeoff.door import Json
from writeoff.identity import case_of_request
from writeoff.logs import Place, Raw, operator_consumer, partitions_of, read
from writeoff.money import minor_written
from writeoff.root import session_of
from writeoff.session import Session
from writeoff.show import amount, table
from writeoff.verbs import cases

SLACK = timedelta(minutes=5)
"""The case's clock and the broker's may differ so far."""

TOLD = (
    "outcome", "code", "state", "stage", "row", "level", "task", "queue", "result", "reference",
    "approval_reference", "notice", "channel", "amount", "balance_after_minor", "reason",
)  # fmt: skip
"""What a line tells of a record, as far as the record has it."""


@dataclass(frozen=True, slots=True)
class Said:
    """A record of the case."""

    raw: Raw
    record: str
    event_id: str
    """By which its effects name it."""
    causation_id: str | None
    body: Mapping[str, Any]


def trace(
    ctx: typer.Context,
    case: cases.Case,
    full: Annotated[bool, typer.Option("--full", help="with every record's body")] = False,
) -> None:
    """Print every message of a case in order: cause before effect, then by time.

    It reads the case's lane, the one partition of each topic, with the operator's read-only user;
    of a refinance the new loan's lane too, where it is told.
    """
    session = session_of(ctx)
    found = cases.find(session, case)
    said = ordered(list(_said_of(session, found)))
    data = {
        "case_id": found["case_id"],
        "tenant": found["tenant"],
        "loan_id": found["loan_id"],
        "lane": _lane(session, found),
        "messages": [_to_json(each) for each in said],
    }
    session.show(data, lambda out: _render(out, data, said, full=full))


def ordered(said: Sequence[Said]) -> list[Said]:
    """Put causes before effects; what neither caused the other goes by the broker's time."""
    by_id: dict[str, int] = {}
    for place in sorted(range(len(said)), key=lambda place: _when(said[place])):
        # A writer may have said a record twice: its effects follow the first.
        by_id.setdefault(said[place].event_id, place)
    effects: dict[int, list[int]] = {}
    causes = [0] * len(said)
    for place, each in enumerate(said):
        cause = by_id.get(each.causation_id or "")
        if cause is not None and cause != place:
            effects.setdefault(cause, []).append(place)
            causes[place] += 1
    ready = [(_when(each), place) for place, each in enumerate(said) if not causes[place]]
    heapq.heapify(ready)
    result: list[Said] = []
    while ready:
        _, place = heapq.heappop(ready)
        result.append(said[place])
        for effect in effects.get(place, ()):
            causes[effect] -= 1
            if not causes[effect]:
                heapq.heappush(ready, (_when(said[effect]), effect))
    assert len(result) == len(said), "nothing causes itself"
    return result


def _when(said: Said) -> tuple[int, str, int]:
    return said.raw.timestamp_ms, said.raw.topic, said.raw.offset


def _said_of(session: Session, case: Json) -> Iterator[Said]:
    case_id, loan_id = str(case["case_id"]), str(case["loan_id"])
    by_name = {topic.name: topic for topic in topics(session.env)}
    decoder = Decoder(session.env)
    with operator_consumer(session.env) as consumer, session.progress("reading topics") as done:
        places = [
            place
            for topic in by_name.values()
            for place in _places(topic, case, lanes=_lanes(session, case), consumer=consumer)
        ]
        for count, raw in enumerate(read(consumer, places)):
            done(count)
            topic = by_name[raw.topic]
            # Looked at before it is decoded: ids lie in the bytes as plain text.
            wanted = (
                raw.key == loan_id.encode()
                if source_of(topic.name)
                else case_id.encode() in (raw.value or b"")
            )
            if wanted and raw.value is not None:
                said = _to_said(raw, topic, decoder)
                if case_id in (said.event_id, *_cases_of(said.body)):
                    yield said


def _places(topic: Topic, case: Json, *, lanes: set[int], consumer: Any) -> Iterable[Place]:
    if source_of(topic.name) is not None:
        # An upstream has its own partitioner, and its request may be days older than the case.
        return [Place(topic.name, each) for each in partitions_of(consumer, topic.name)]
    opened = datetime.fromisoformat(str(case["opened_at"])) - SLACK
    since_ms = int(opened.timestamp() * 1000)
    return [Place(topic.name, lane, since_ms=since_ms) for lane in sorted(lanes)]


def _to_said(raw: Raw, topic: Topic, decoder: Decoder) -> Said:
    assert raw.value is not None
    try:
        record, body = decoder.decode(raw.value)
    except ValueError as error:
        return Said(raw, f"unreadable: {error}", "", None, {})
    meta: Mapping[str, Any] = body.get("meta", {})
    event_id = str(meta.get("event_id"))
    source = source_of(topic.name)
    if source is not None:
        # A request is known by its identity, whatever id its upstream gave it (lanes 16).
        event_id = case_of_request(source, str(meta.get("tenant")), str(body.get("request_id")))
    return Said(raw, record, event_id, str(meta.get("causation_id")), body)


def _cases_of(body: Mapping[str, Any]) -> tuple[str, ...]:
    meta: Mapping[str, Any] = body.get("meta", {})
    return str(meta.get("case_id")), str(meta.get("correlation_id"))


def _lane(session: Session, case: Json) -> int:
    return lane_of(f"{case['tenant']}/{case['loan_id']}", lanes=session.env.lanes)


def _lanes(session: Session, case: Json) -> set[int]:
    """Give every lane in which something of the case is told."""
    new_loan = (case["request"].get("of_kind") or {}).get("new_loan_id")
    told = {lane_of(f"{case['tenant']}/{new_loan}", lanes=session.env.lanes)} if new_loan else set()
    return {_lane(session, case)} | told


def _at(raw: Raw) -> datetime:
    return datetime.fromtimestamp(raw.timestamp_ms / 1000, UTC)


def _to_json(said: Said) -> Json:
    return {
        "topic": said.raw.topic,
        "partition": said.raw.partition,
        "offset": said.raw.offset,
        "at": _at(said.raw).isoformat(timespec="milliseconds"),
        "record": said.record,
        "event_id": said.event_id,
        "causation_id": said.causation_id,
        "body": plain(said.body),
    }


def plain(value: Any) -> Any:
    """Return a record's body as JSON can say it."""
    match value:
        case Mapping():
            return {str(key): plain(each) for key, each in value.items()}
        case list():
            return [plain(each) for each in value]
        case None | bool() | int() | str():
            return value
        case datetime():
            return value.isoformat()
        case UUID():
            return str(value)
        case _:
            return str(value)


def _render(out: Console, data: Json, said: Sequence[Said], *, full: bool) -> None:
    rows = [
        (
            _at(each.raw).strftime("%H:%M:%S.%f")[:-3],
            f"{each.raw.topic}[{each.raw.partition}]@{each.raw.offset}",
            each.record,
            _summary(each.body),
        )
        for each in said
    ]
    title = f"case {data['case_id']} of loan {data['loan_id']}, lane {data['lane']}"
    out.print(table(title, ("time (UTC)", "where", "record", "what"), rows))
    if full:
        for each in said:
            out.rule(each.record)
            out.print_json(data=plain(each.body))


def _summary(body: Mapping[str, Any]) -> str:
    parts: list[str] = []
    for name in TOLD:
        value = body.get(name)
        if isinstance(value, Mapping):
            parts.append(_money(value))
        elif value not in (None, "", []):
            parts.append(str(value))
    terms = body.get("terms")
    if not parts and isinstance(terms, Mapping):
        parts += [str(terms["scope"]), _money(terms["amount"]), str(terms["reason"])]
    return " · ".join(dict.fromkeys(parts))


def _money(value: Mapping[str, Any]) -> str:
    if "amount_minor" not in value:
        return ""
    currency = str(value["currency"])
    return amount(minor_written(int(value["amount_minor"]), currency), currency)
