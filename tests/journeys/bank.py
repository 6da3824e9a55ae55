"""A bank at the doors: its loans, its approvals, and people who work on its tasks."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import uuid4

import httpx

import stack

from .waiting import eventually

type Json = dict[str, Any]

SERVICES = ("case", "documents", "authorization", "ledger", "notifications")

TOP = (("l5-eve", 5), ("l4-deb", 4))
"""Two whose approval suffices for any amount."""

PAGE = 1_000
"""The most that a door tells at once."""

AUDITOR = "otto"
"""May see all that the doors tell, and change nothing."""

COMPLETE, REFUSED, DECLINED = "Closed Complete", "Closed Refused", "Closed Declined"


def a_loan(**changes: str) -> Json:
    """Give the row of a person's loan of 60 dollars that nobody else has."""
    number = uuid4().hex[:12]
    return {
        "loan_id": f"L-{number}",
        "customer_id": f"C-{number}",
        "given_name": "Ada",
        "family_name": f"Quill-{number}",
        "email": f"ada.{number}@mail.example",
        "product": "PERSONAL_LOAN",
        "segment": "PERSONAL",
        "currency": "USD",
        "principal": "60.00",
        "interest": "0.00",
        "fees": "0.00",
        "penalties": "0.00",
        "tax": "0.00",
        "unearned_interest": "0.00",
        "opened": "2024-01-15",
        "status": "ACTIVE",
    } | changes


def a_line(loan: Json, **changes: Any) -> Json:
    """Give a request as a file or an agent makes it: all of a loan, which is a small balance."""
    return {
        "request_id": f"R-{uuid4().hex}",
        "loan_id": loan["loan_id"],
        "scope": "FULL",
        "currency": loan["currency"],
        "date": date.today().isoformat(),  # noqa: DTZ011 - a day on the bank's calendar
        "reason": "SMALL_BALANCE",
    } | changes


@dataclass(frozen=True, slots=True)
class Bank:
    """One tenant, as people see it at the doors."""

    env: stack.Env
    tenant: str
    client: httpx.Client

    def ask(
        self,
        method: str,
        service: str,
        path: str,
        *,
        who: str = AUDITOR,
        body: Any = None,
        instance: int = 0,
        headers: dict[str, str] | None = None,
        **params: Any,
    ) -> httpx.Response:
        """Knock at a door and give what is answered, whatever it is."""
        return self.client.request(
            method,
            self.env.services[service][instance] + path,
            headers={
                "Authorization": f"Bearer {self.env.token(who)}",
                "X-Tenant-ID": self.tenant,
                **(headers or {}),
            },
            params=params,
            json=body,
        )

    def get(self, service: str, path: str, **more: Any) -> Json:
        """Read what must be there."""
        answer = self.ask("GET", service, path, **more)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, service: str, path: str, body: Any, *, who: str, **more: Any) -> Json:
        """Do what must be allowed."""
        answer = self.ask("POST", service, path, body=body, who=who, **more)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def lend(self, *loans: Json) -> None:
        """Import loans; done when the case service holds them."""
        rows = [{"line": line, **loan} for line, loan in enumerate(loans, 1)]
        told = self.post("ledger", "/v1/loans/import", {"rows": rows}, who="adele")["results"]
        assert all(row["result"] == "imported" for row in told), told
        asked = {"loans": [loan["loan_id"] for loan in loans]}
        eventually(lambda: self.post("case", "/v1/loans/held", asked, who="adele")["missing"] == [])

    def approve(self, *loans: Json, **changes: Any) -> list[str]:
        """Issue a reference for all of each loan; done when documents holds them."""
        numbers = [f"APPR-2026-{uuid4().int % 10**12:012d}" for _ in loans]
        rows = [
            {
                "line": line,
                "reference": number,
                "loan_id": loan["loan_id"],
                "kind": "WRITE_OFF",
                "amount": loan["principal"],
                "currency": loan["currency"],
                "approvers": [{"id": name, "level": level} for name, level in TOP],
                "attests_documents": True,
            }
            | changes
            for line, (loan, number) in enumerate(zip(loans, numbers, strict=True), 1)
        ]
        told = self.post("authorization", "/v1/references", {"references": rows}, who="adele")
        assert all(row["result"] == "issued" for row in told["results"]), told
        asked = {"references": numbers}
        eventually(
            lambda: (
                self.post("documents", "/v1/references/held", asked, who="adele")["missing"] == []
            )
        )
        return numbers

    def submit(self, *lines: Json, who: str = "ana", channel: str = "AGENT") -> list[Json]:
        """Hand requests in, and give what is answered to each."""
        body = {"requests": list(lines), "channel": channel}
        return self.post("case", "/v1/requests", body, who=who)["results"]

    def cases_of(self, loan_id: str) -> list[Json]:
        """List the cases of a loan, in the order of their opening."""
        return self.get("case", "/v1/cases", loan=loan_id)["cases"]

    def case(self, case_id: str) -> Json:
        """Show all of a case."""
        return self.get("case", f"/v1/cases/{case_id}")

    def closed(self, loan_id: str, *, seconds: float = 60) -> Json:
        """Wait until the one case of a loan is over, and show it."""

        def look() -> Json:
            [case] = self.cases_of(loan_id) or [None]
            assert case, f"no case of {loan_id}"
            assert case["closed_at"], case
            return case

        return eventually(look, seconds=seconds)

    def until_complete(self, *loan_ids: str, seconds: float = 120) -> None:
        """Wait until the one case of each loan is closed complete."""
        wanted = set(loan_ids)

        def look() -> bool:
            states = [case["state"] for case in self.all_cases() if case["loan_id"] in wanted]
            done = states.count(COMPLETE)
            assert done == len(states) == len(wanted), f"{done} of {len(states)} cases complete"
            return True

        eventually(look, seconds=seconds)

    def all_cases(self) -> Iterator[Json]:
        """Go through the tenant's cases, page by page."""
        after: dict[str, str] = {}
        while page := self.get("case", "/v1/cases", limit=PAGE, **after)["cases"]:
            yield from page
            after = {"after": page[-1]["case_id"]}

    def journals(self, case_id: str) -> list[Json]:
        """Show what the ledger booked for a case."""
        return self.get("ledger", "/v1/journals", case_id=case_id)["journals"]

    def notices(self, case_id: str) -> list[Json]:
        """Show whom a case makes us tell."""
        return self.get("notifications", "/v1/notices", case_id=case_id)["notices"]

    def task(self, service: str, case_id: str, *, but: tuple[str, ...] = ()) -> Json:
        """Wait until a service asks for a person, and give what it asks; not those seen before."""

        def look() -> Json | None:
            tasks = self.get(service, "/v1/tasks", case=case_id)["tasks"]
            return next((task for task in tasks if task["task_id"] not in but), None)

        found = eventually(look)
        assert found
        return found

    def work(self, service: str, task: Json, verb: str, *, who: str, **said: Any) -> httpx.Response:
        """Claim, release or complete a task."""
        path = f"/v1/tasks/{task['task_id']}/{verb}"
        return self.ask("POST", service, path, body=said, who=who)
