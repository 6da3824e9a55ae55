"""What the rules on a loan look at, and how they are asked."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ledger.domain.ask import Ask
from ledger.domain.command import Asked
from ledger.domain.history import History, Transaction
from ledger.domain.loan import Loan
from ledger.domain.policy import Policy


@dataclass(frozen=True, slots=True)
class Situation:
    """What the rules on a loan look at."""

    loan: Loan
    asked: Asked
    policy: Policy
    ask: Ask | None = None
    """None in a replay: there it is no longer asked whether it may be, only whether it can."""
    history: History | None = None
    """There when something is taken away."""
    gone: Transaction | None = None
    """What would be taken away, if there is such a thing."""
    taken: frozenset[str] = frozenset()
    """Ids of loans that exist, as far as the command names new ones."""

    @property
    def now(self) -> Ask:
        """Give what is asked for now; there is none in a replay."""
        assert self.ask is not None
        return self.ask

    @property
    def past(self) -> History:
        """Give the history; it is there when something is taken away."""
        assert self.history is not None
        return self.history


type Rule = tuple[str, Callable[[Situation], bool]]


def broken(rules: Sequence[Rule], situation: Situation) -> str | None:
    """Give the code of the first rule that forbids; none when it may go on."""
    for code, holds in rules:
        if holds(situation):
            return code
    return None
