"""Loads and saves what the ledger decides on: one statement a table, however many loans."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from mesh.service import Change, Key, Message, Reader, Transaction

from ledger.domain.decide import AllowanceState, Event, LoanState, PartyState, State
from ledger.domain.history import History
from ledger.domain.loan import Loan
from ledger.domain.policy import Book, Method, Policy
from ledger.store import journal, loading, rows, saving
from ledger.wants import Wants


@dataclass(frozen=True, slots=True)
class Store:
    """The ledger's tables, as the lanes read and write them."""

    policy_of: Callable[[Message], Policy]
    wants: Callable[[Message], Wants]

    async def load(
        self, reader: Reader, wanted: Mapping[Key, Sequence[Message]]
    ) -> dict[Key, State]:
        """Give a state for every key; of loans with what their messages want to know."""
        states: dict[Key, State] = {}
        of_kind: dict[str, dict[Key, Sequence[Message]]] = {}
        for key, messages in wanted.items():
            of_kind.setdefault(key.kind, {})[key] = messages
        if parties := of_kind.get("party"):
            states |= await _parties(reader, list(parties))
        if allowances := of_kind.get("allowance"):
            states |= await self._allowances(reader, allowances)
        if loans := of_kind.get("loan"):
            states |= await self._loans(reader, loans)
        return states

    async def save(self, tx: Transaction, changes: Sequence[Change[State, Event]]) -> None:
        """Keep loans and lots as they are now, and add what was posted or refused."""
        await saving.loans(tx, changes)
        await saving.parties(tx, changes)
        await saving.entries(tx, changes)
        await saving.answers(tx, changes)
        await saving.allowances(tx, self._moves(changes))

    async def _loans(
        self, reader: Reader, wanted: Mapping[Key, Sequence[Message]]
    ) -> dict[Key, State]:
        answered = await loading.answered(reader, wanted)
        held = await loading.loans(reader, wanted)
        wants = {key: [self.wants(m) for m in messages] for key, messages in wanted.items()}
        changing = {key: loan for key, loan in held.items() if _needs_history(loan, wants[key])}
        past: Mapping[Key, History] = {}
        if changing:
            policies = {key: self.policy_of(wanted[key][0]) for key in changing}
            past = await loading.histories(reader, changing, policy_of=policies.__getitem__)
        taken = await self._taken(reader, wants)
        return {
            key: LoanState(held.get(key), answered.get(key, frozenset()), past.get(key), taken[key])
            for key in wanted
        }

    async def _taken(
        self, reader: Reader, wants: Mapping[Key, Iterable[Wants]]
    ) -> dict[Key, frozenset[str]]:
        """Say for each key which of the new loan ids that its messages want are taken."""
        asked = {
            key: {Key(key.tenant, want.new_loan) for want in each if want.new_loan}
            for key, each in wants.items()
        }
        names = set[Key]().union(*asked.values())
        found = await loading.taken(reader, names) if names else set[Key]()
        return {key: frozenset(name.id for name in each & found) for key, each in asked.items()}

    async def _allowances(
        self, reader: Reader, wanted: Mapping[Key, Sequence[Message]]
    ) -> dict[Key, State]:
        codes = {
            key: self.policy_of(messages[0]).code(Book.BNK, "ALLOWANCE")
            for key, messages in wanted.items()
            if messages
        }
        found = await loading.allowances(reader, codes)
        return {key: AllowanceState(found.get(key, 0)) for key in wanted}

    def _moves(self, changes: Sequence[Change[State, Event]]) -> Counter[tuple[str, str, str, int]]:
        """Add up what entries move on the accounts of allowances."""
        moves = Counter[tuple[str, str, str, int]]()
        codes: dict[int, frozenset[str]] = {}
        for change in changes:
            for told in change.told:
                policy = self.policy_of(told.message)
                if id(policy) not in codes:
                    codes[id(policy)] = _allowance_codes(policy)
                if not codes[id(policy)]:
                    continue
                for entry in journal.entries(told.event):
                    for line in entry.lines:
                        if line.code in codes[id(policy)] and line.book is Book.BNK:
                            place = (change.key.tenant, entry.currency, line.code, change.lane)
                            moves[place] += line.credit_minor - line.debit_minor
        return moves


def _needs_history(loan: Loan, wants: Sequence[Wants]) -> bool:
    """Say whether a message changes the past: of the loan, or of what was heard before it."""
    latest = loan.last_date
    for want in wants:
        if want.takes_away:
            return True
        if want.value_date is None:
            continue
        if latest is not None and want.value_date < latest:
            return True
        latest = want.value_date
    return False


def _allowance_codes(policy: Policy) -> frozenset[str]:
    """Give the accounts of the allowance in any edition of a policy that has one."""
    editions = (each for each in policy.editions() if each.method is Method.ALLOWANCE)
    return frozenset(each.code(Book.BNK, "ALLOWANCE") for each in editions)


async def _parties(reader: Reader, keys: Sequence[Key]) -> dict[Key, State]:
    found = await reader.fetch(loading.PARTIES, *loading.columns(keys))
    states: dict[Key, State] = dict.fromkeys(keys, PartyState())
    for row in found:
        key = Key(row["tenant"], row["party_id"], "party")
        states[key] = PartyState(rows.to_party(row), row["version"])
    return states
