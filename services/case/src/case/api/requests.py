"""The way in for files and agents: each line becomes a command, and is answered by itself."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from mesh.doors import Command, Doors, Reply, request_message_id
from mesh.people import Person
from mesh.service import Key
from pydantic import ValidationError

from case.api.models import RequestLine, Requests
from case.domain.intake import examine
from case.domain.lifecycle import CLOSED_REFUSED, INTAKE
from case.domain.money import Refusal, to_minor
from case.service import CaseService
from case.store import reads
from case.wire.requests import request_of_body

type Result = dict[str, Any]
type Read = tuple[RequestLine, Mapping[str, Any]]
"""A line, and the body of its command."""


async def submit(
    doors: Doors, service: CaseService, asked: Requests, *, tenant: str, by: Person
) -> list[Result]:
    """Open a case for each line, or only check it; gives a result for each, in order."""
    lines = [read_line(told, asked.channel, place) for place, told in enumerate(asked.requests, 1)]
    good = [line for line in lines if not isinstance(line, dict)]
    if asked.check:
        found = await _check(doors, service, good, tenant=tenant, by=by)
    else:
        replies = await doors.commands([_command(line, tenant=tenant, by=by) for line in good])
        found = [_result(line, reply) for line, reply in zip(good, replies, strict=True)]
    results = iter(found)
    return [line if isinstance(line, dict) else next(results) for line in lines]


def read_line(told: Mapping[str, Any], channel: str, place: int) -> Read | Result:
    """Read one line: what it asks, or what is wrong with it, named by field."""
    told = {"line": place, **told}
    at = {"line": told["line"], "request_id": told.get("request_id")}
    try:
        line = RequestLine.model_validate(told)
    except ValidationError as error:
        wrong = [
            {"field": ".".join(map(str, e["loc"])), "message": e["msg"]}
            for e in error.errors(include_url=False, include_context=False, include_input=False)
        ]
        return _broken(at, "INVALID_FIELDS", wrong)
    amount = None if line.amount is None else to_minor(line.amount, line.currency)
    if isinstance(amount, Refusal):
        field, _, message = amount.message.partition(": ")
        return _broken(at, amount.code, [{"field": field, "message": message}])
    parts = _parts(line)
    if isinstance(parts, Refusal):
        message = parts.message.removeprefix("amount: ")
        return _broken(at, parts.code, [{"field": "components", "message": message}])
    return line, _body(line, channel, amount, parts)


def _parts(line: RequestLine) -> Mapping[str, int] | Refusal | None:
    """Read the amounts by component; those that are left out stay out."""
    if line.components is None:
        return None
    told = line.components.model_dump(exclude_none=True)
    parts: dict[str, int] = {}
    for name, text in told.items():
        minor = to_minor(text, line.currency)
        if isinstance(minor, Refusal):
            return minor
        parts[f"{name}_minor"] = minor
    return parts


def _broken(at: Result, code: str, fields: Sequence[Mapping[str, str]]) -> Result:
    message = "; ".join(f"{wrong['field']}: {wrong['message']}" for wrong in fields)
    return at | {"state": None, "code": code, "message": message, "fields": fields}


OF_KIND = {"transaction_id", "undo", "cause", "new_loan_id", "rate", "percent", "components"}
"""What only some kinds ask for."""


def _body(
    line: RequestLine, channel: str, amount_minor: int | None, parts: Mapping[str, int] | None
) -> Mapping[str, Any]:
    """Make what identity compares: all that is asked, but not in which line of a file.

    What only some kinds ask for is there only if something is asked: other requests stay the same.
    """
    apart = {"line", "request_id", "amount", "maker", "notes", *OF_KIND}
    told = line.model_dump(mode="json", exclude=apart)
    of_kind = line.model_dump(include=OF_KIND - {"components"}, exclude_none=True)
    of_kind |= {} if parts is None else {"components": parts}
    told |= {"of_kind": of_kind} if of_kind else {}
    prepared = f"Prepared by {line.maker}. " if line.maker else ""
    notes = f"{prepared}{line.notes or ''}".strip() or None
    return told | {"channel": channel, "amount_minor": amount_minor, "notes": notes}


def _command(line: Read, *, tenant: str, by: Person) -> Command:
    asked, body = line
    source = body["channel"].lower()
    return Command(
        key=Key(tenant, asked.loan_id),
        kind="OpenCase",
        body=body,
        by=by,
        request_id=asked.request_id,
        source=source,
        case_id=request_message_id(source, tenant, asked.request_id),
    )


def _result(line: Read, reply: Reply) -> Result:
    """Say what became of a line; a case that is not there yet can be looked for by its id."""
    asked, _ = line
    at = {"line": asked.line, "request_id": asked.request_id}
    if not reply.done:
        return at | {
            "case_id": reply.message_id,
            "case_number": None,
            "state": None,
            "message": "accepted: look for the case later",
        }
    names = ("case_id", "case_number", "state", "stage", "waiting", "message")
    told = {name: reply.body[name] for name in names if name in reply.body}
    return at | {"state": None} | told | ({"code": reply.code} if reply.code else {})


async def _check(
    doors: Doors, service: CaseService, lines: Sequence[Read], *, tenant: str, by: Person
) -> list[Result]:
    """Say what would become of each line by itself; sends nothing."""
    if not lines:
        return []
    source = lines[0][1]["channel"].lower()
    ids = [asked.request_id for asked, _ in lines]
    rows = await reads.by_request(doors.reader, tenant, source, ids)
    known = {row["request_id"]: row for row in rows}
    keys = {Key(tenant, asked.loan_id): () for asked, _ in lines}
    files = await service.store.load(doors.reader, keys)
    today = datetime.now(UTC).astimezone(service.policy.zone(tenant)).date()
    results: list[Result] = []
    for asked, body in lines:
        at = {"line": asked.line, "request_id": asked.request_id}
        if asked.request_id in known:
            results.append(at | dict(known[asked.request_id]))
            continue
        found = examine(
            files[Key(tenant, asked.loan_id)],
            request_of_body(body, request_id=asked.request_id, by=by),
            case_id=request_message_id(source, tenant, asked.request_id),
            policy=service.policy,
            today=today,
        )
        if isinstance(found, Refusal):
            refused = {"state": CLOSED_REFUSED.state, "code": found.code, "message": found.message}
            results.append(at | refused)
        else:
            results.append(at | {"state": INTAKE.state})
    return results
