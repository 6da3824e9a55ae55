"""Books in memory: nothing is kept when the scenario ends."""

from collections.abc import Sequence

from ledger.domain.allowance import allowance_moved
from ledger.domain.ask import Ask
from ledger.domain.events import AllowanceState, Event, LoanState, Posted, Provisioned, State
from ledger.domain.history import History
from ledger.domain.policy import Policy
from ledger.scenario.desk import Known
from ledger.scenario.file import Scenario


class MemoryBooks:
    """One scenario's loans, allowance and ids."""

    def __init__(self, scenario: Scenario) -> None:
        """Open the scenario's loans."""
        self._policy: Policy = scenario.policy
        self._allowance = AllowanceState(scenario.allowance_minor)
        self._known: dict[str, Known] = {}
        self._loans: dict[str, LoanState] = {
            loan_id: LoanState(loan, history=History(loan))
            for loan_id, loan in scenario.loans.items()
        }

    async def loan_ids(self) -> Sequence[str]:
        """Give the ids of all loans."""
        return list(self._loans)

    async def loan(self, loan_id: str, ask: Ask | None) -> LoanState:
        """Give a loan's state, always with its history."""
        return self._loans.get(loan_id, LoanState())

    async def allowance(self) -> AllowanceState:
        """Give the allowance."""
        return self._allowance

    async def known(self, request_id: str) -> Known | None:
        """Give what an id was used for."""
        return self._known.get(request_id)

    async def know(self, request_id: str, known: Known) -> None:
        """Keep what an id was used for."""
        self._known[request_id] = known

    async def take(self, loan_id: str | None, before: State, after: State, event: Event) -> None:
        """Keep what happened; a loan's postings move the allowance too."""
        if isinstance(after, AllowanceState) and isinstance(event, Provisioned):
            self._allowance = after
            return
        assert isinstance(after, LoanState)
        assert loan_id is not None
        self._loans[loan_id] = after
        if isinstance(event, Posted):
            moved = sum(allowance_moved(entry.lines, self._policy) for entry in event.entries)
            self._allowance = AllowanceState(self._allowance.balance_minor + moved)
