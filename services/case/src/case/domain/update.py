"""The loan update: done by posting where the ledger is the loan system.

Else by the core banking system that the ledger instructs, or by a person.
"""

from collections.abc import Iterator
from datetime import datetime
from uuid import uuid5

from mesh.tasks import Task, TaskClosed, TaskOpened, TaskRefused, add_business_days

from case.domain import closing
from case.domain.case import Case, LoanFile
from case.domain.commands import CompleteTask
from case.domain.events import Event, LoanUpdateConfirmed
from case.domain.evolve import evolve
from case.domain.money import to_minor
from case.domain.policy import Policy

TASK = "loan update"
QUEUE = "LOAN-OPS"
CORE_REFERENCE_LENGTH_MAX = 64
"""What core systems call a booking is shorter; more would be a remark."""


def begin(file: LoanFile, case: Case, *, now: datetime, policy: Policy) -> Iterator[Event]:
    """Confirm what was posted, wait for the core that books it, or have a person key it in."""
    posting = case.posting
    if posting is None or case.confirmed or case.is_closed or file.open_task(case.case_id, TASK):
        return
    if case.waits_for_core:
        return
    product = case.terms.product if case.terms else ""
    if posting.instructed or policy.mode(product) == "OWN":
        yield LoanUpdateConfirmed(
            case_id=case.case_id, at=now, posting=posting, core_reference=case.core_reference
        )
        return
    yield TaskOpened(
        Task(
            task_id=uuid5(case.case_id, TASK),
            case_id=case.case_id,
            task=TASK,
            queue=QUEUE,
            role="loan_agent",
            barred=frozenset(approver.id for approver in posting.approvers),
            opened_at=now,
            due_at=add_business_days(now, policy.loan_update_days),
        )
    )


def complete(
    file: LoanFile, case: Case, command: CompleteTask, *, now: datetime, policy: Policy
) -> Iterator[Event]:
    """Hear that the loan system shows the posting: its balance must be the posted one."""
    posting = case.posting
    assert posting is not None, "the task opens at posting"
    reference = (command.core_reference or "").strip()
    if not 0 < len(reference) <= CORE_REFERENCE_LENGTH_MAX:
        yield TaskRefused("INVALID_FIELDS", "core_reference: missing or too long")
        return
    balance = to_minor(command.new_balance or "", posting.currency)
    if not isinstance(balance, int):
        yield TaskRefused("INVALID_FIELDS", "new_balance: a decimal number is needed")
        return
    if balance != posting.balance_after_minor:
        yield TaskRefused("BALANCE_MISMATCH", "new_balance: not what was posted")
        return
    told = (
        TaskClosed(command.task_id, "confirmed", command.by.id, now),
        LoanUpdateConfirmed(
            case_id=case.case_id, at=now, posting=posting, core_reference=reference
        ),
    )
    for event in told:
        yield event
        file = evolve(file, event)
    yield from closing.when_complete(file, file.cases[case.case_id], now=now, policy=policy)
