"""Books whose postings other systems book too, and whose months end."""

from uuid import uuid5

import asyncpg
from contracts.records import common, core
from ledger.core.route import Routes
from ledger.core.service import Instructed
from ledger.monthend.clocks import Clocks
from ledger.monthend.service import MonthEnds
from ledger.monthend.settings import own_clocks
from ledger.store.core import Instructions
from ledger.store.monthend import Months
from mesh.people import Person
from mesh.service import NAMESPACE, Answer, Key, Message, Outgoing

from .turning import Books

ROUTES = """
version = "1"
mode = "OWN"
not_instructed = ["accrue"]
[[special]]
product = "AUTO_LOAN"
mode = "CORE"
core = "vault"
[[special]]
product = "MORTGAGE"
mode = "MANUAL"
"""
NOBODY = uuid5(NAMESPACE, "nobody")
BEN = Person("ben", frozenset({"loan_agent"}))


class Bank(Books):
    """All that the ledger's process wraps around its books."""

    def __init__(self, connection: asyncpg.Connection, *, policy: str | None = None) -> None:
        super().__init__(connection, policy=policy)
        ending = MonthEnds(self.service, clocks=Clocks.parse(own_clocks()), months=Months())
        routes = Routes.parse(ROUTES)
        wrapped = Instructed(ending, route_of=routes.of, instructions=Instructions())
        self.store = self.service = wrapped  # pyright: ignore[reportAttributeAccessIssue]

    @property
    def answers(self) -> list[Answer]:
        """What callers of the last turn were told."""
        return [said for said in self.said if isinstance(said, Answer)]

    def on(self, topic: str) -> list[object]:
        """What the last turn said on a topic."""
        said = [each for each in self.said if isinstance(each, Outgoing)]
        return [each.record for each in said if each.topic == topic]

    def booked(
        self, loan_id: str, instruction_id: str, minor: int, *, by: str = "vault", ref: str = "V-1"
    ) -> tuple[Key, Message]:
        """Have a core say that it booked an amount."""
        record = core.PostingBooked(
            meta=self._meta(loan_id),
            request_id=f"r-{next(self._numbers)}",
            instruction_id=instruction_id,
            amount=common.Money(amount_minor=minor, currency="USD"),
            core_reference=ref,
        )
        return self._heard("PostingBooked", record, loan_id, by)

    def rejected(self, loan_id: str, instruction_id: str) -> tuple[Key, Message]:
        """Have the core say that it did not."""
        record = core.PostingRejected(
            meta=self._meta(loan_id),
            request_id=f"r-{next(self._numbers)}",
            instruction_id=instruction_id,
            code="NO_LOAN",
            message="no such loan here",
        )
        return self._heard("PostingRejected", record, loan_id, "vault")

    def task(self, kind: str, loan_id: str, task_id: str, **fields: str) -> tuple[Key, Message]:
        """Have a person do something to a task."""
        body = {"task_id": task_id} | fields
        key, message = self.message(kind, body, Key(self.tenant, loan_id, "core"))
        message.by = BEN
        return key, message

    def _meta(self, loan_id: str) -> common.Meta:
        return common.Meta(
            event_id=str(NOBODY),
            tenant=self.tenant,
            loan_id=loan_id,
            occurred_at=0,
            correlation_id=str(NOBODY),
            causation_id=str(NOBODY),
            actor=common.Actor(role="core", id="vault"),
        )

    def month(self, kind: str, month: str) -> tuple[Key, Message]:
        """Ask something of a month."""
        return self.message(kind, {"month": month}, Key(self.tenant, month, "month_end"))

    def close_loan(self, loan_id: str, month: str) -> tuple[Key, Message]:
        """Have a loan gone through."""
        return self.message("CloseLoan", {"month": month}, Key(self.tenant, loan_id))

    def notice(self, loan_id: str, kind: str, received: str) -> tuple[Key, Message]:
        """Tell the bank something."""
        body = {"kind": kind, "received": received}
        return self.message("TellNotice", body, Key(self.tenant, loan_id, "clock"))

    def valuation(self, loan_id: str, valued_on: str, value: str) -> tuple[Key, Message]:
        """Tell what collateral is worth, which costs nothing to sell."""
        body = {"valued_on": valued_on, "value": value, "cost": "0", "is_assured": False}
        return self.message("TellValuation", body, Key(self.tenant, loan_id, "clock"))

    def re_age(self, loan_id: str, reaged_on: str, oldest_unpaid: str) -> tuple[Key, Message]:
        """Tell that the loan system re-aged a loan."""
        body = {"reaged_on": reaged_on, "oldest_unpaid": oldest_unpaid}
        return self.message("TellReaging", body, Key(self.tenant, loan_id, "clock"))

    def _heard(self, kind: str, record: object, loan_id: str, by: str) -> tuple[Key, Message]:
        _, message = self.message(kind, record, Key(self.tenant, loan_id, "core"))
        message.source = by
        return self.service.key_of(message), message
