"""The timeline: one line for each thing that happened to a case, with where it stood."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from case.domain import lifecycle
from case.domain.case import LoanFile
from case.domain.events import (
    POSTED,
    ApprovalRecorded,
    AuthorizationDeclined,
    AuthorizationGranted,
    AuthorizationRefused,
    AuthorizationRequested,
    CaseClosed,
    CaseOpened,
    CaseReviewed,
    ElsewhereClosed,
    ElsewhereOpened,
    Event,
    LoanUpdateConfirmed,
    NoticesRecorded,
    PostingAcknowledged,
    PostingRefused,
    RequirementsDetermined,
)
from case.domain.evolve import case_of
from case.domain.lifecycle import Place
from case.domain.money import to_text
from mesh import tasks


class Line(NamedTuple):
    """One line of a case's timeline; `seq` rises by one from line to line."""

    case_id: UUID
    seq: int
    what: str
    detail: str
    before: Place
    after: Place


DETAILS: Mapping[type, Callable[[Any], str]] = {
    CaseOpened: lambda e: f"{e.request.channel} {e.request.source} {e.request.request_id}",
    CaseReviewed: lambda e: e.reviewer or "policy",
    RequirementsDetermined: lambda e: ", ".join(e.wanted),
    AuthorizationRequested: lambda e: f"{e.row} L{e.level}",
    ApprovalRecorded: lambda e: f"{e.approver.id} L{e.approver.level}",
    AuthorizationGranted: lambda e: e.row,
    AuthorizationDeclined: lambda e: f"{e.by.id} L{e.by.level}",
    AuthorizationRefused: lambda e: e.code,
    **dict.fromkeys(
        POSTED,
        lambda e: f"{to_text(e.posting.amount_minor, e.posting.currency)} {e.posting.currency}",
    ),
    PostingAcknowledged: lambda e: e.core_reference,
    PostingRefused: lambda e: e.code,
    LoanUpdateConfirmed: lambda e: e.core_reference or "",
    NoticesRecorded: lambda e: ", ".join(e.notices),
    ElsewhereOpened: lambda e: e.task,
    ElsewhereClosed: lambda e: f"{e.task}: {e.result}",
    CaseClosed: lambda e: e.code or e.outcome,
}
"""What is to be known of an event besides its name."""


def lines(before: LoanFile, after: LoanFile, events: Sequence[Event]) -> list[Line | None]:
    """Give each event's line, none for what is of no case. The same numbers as `Case.seq`."""
    seqs = {case_id: case.seq for case_id, case in before.cases.items()}
    places = {case_id: case.place for case_id, case in before.cases.items()}
    found: list[Line | None] = []
    for event in events:
        case_id = case_of(after, event)
        if case_id is None:
            found.append(None)
            continue
        stood = places.get(case_id, lifecycle.INTAKE)
        stands = lifecycle.after(stood, event)
        seq = seqs.get(case_id, 0) + 1
        places[case_id], seqs[case_id] = stands, seq
        what = type(event).__name__
        found.append(Line(case_id, seq, what, _detail(after, event), stood, stands))
    return found


def _detail(file: LoanFile, event: Event) -> str:
    """Say in a few words what the event's name does not."""
    match event:
        case tasks.TaskOpened():
            return f"{event.task.task} in {event.task.queue}"
        case tasks.TaskClosed():
            return f"{file.tasks[event.task_id].task}: {event.result}"
        case tasks.TaskClaimed() | tasks.TaskReleased():
            return file.tasks[event.task_id].task
        case _:
            detail = DETAILS.get(type(event))
            return detail(event) if detail else ""
