"""A posting in the making: a loan's figures as they move, and the lines that say so."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from fractions import Fraction
from uuid import UUID

from ledger.domain.clock import growth
from ledger.domain.loan import Interest, Loan, Lot, LotKind, Sums, net
from ledger.domain.money import NOTHING, PLACE, Component, Components
from ledger.domain.policy import CONTRA, MEMO, RECEIVABLE, Book, NonAccrual, Policy
from ledger.domain.posting import Line


class Draft:
    """Lives inside one call that makes an entry; nobody outside sees it change."""

    def __init__(self, loan: Loan, policy: Policy, *, day: date, entry_id: UUID) -> None:
        """Begin with the loan as it is, and its interest grown to the day."""
        self.policy = policy
        self.day = day
        self.entry_id = entry_id
        self.fraud = loan.particulars.fraud
        self.status = loan.status
        self.bnk, self.co, self.cust = loan.bnk, loan.co, loan.cust
        self.unearned_minor = loan.unearned_minor
        self.deferred_minor = loan.deferred_minor
        self.memo_minor = loan.memo_minor
        self.overpaid_minor = loan.overpaid_minor
        self.recovered = loan.recovered
        self.charged_off, self.written_off = loan.sums.charged_off, loan.sums.written_off
        self.booked_bnk_minor = loan.interest.booked_bnk_minor
        self.booked_cust_minor = loan.interest.booked_cust_minor
        self.earned_bnk, self.earned_cust = _grown(loan, policy, day)
        self.lines: list[Line] = []
        self._loan = loan
        self._lots = list(loan.lots)

    @property
    def outstanding(self) -> Components:
        """Give what the bank's book holds, net of unearned interest."""
        return net(self.bnk, self.unearned_minor)

    @property
    def customer(self) -> Components:
        """Give what the customer owes, net of unearned interest."""
        return net(self.cust, self.unearned_minor)

    @property
    def claim(self) -> Components:
        """Give what left the bank's book and did not come back."""
        return self.charged_off + self.written_off - self.recovered

    def debit(self, code: str, amount_minor: int, component: Component | None = None) -> None:
        """Debit a code of the bank's book that holds nothing of the loan."""
        if amount_minor:
            self.lines.append(Line(Book.BNK, code, amount_minor, 0, component))

    def credit(self, code: str, amount_minor: int, component: Component | None = None) -> None:
        """Credit a code of the bank's book that holds nothing of the loan."""
        if amount_minor:
            self.lines.append(Line(Book.BNK, code, 0, amount_minor, component))

    def bnk_up(self, parts: Components) -> None:
        """Debit the receivables."""
        self.bnk += parts
        for component, part in parts:
            if part:
                code = self.policy.bnk(RECEIVABLE[PLACE[component]])
                self.lines.append(Line(Book.BNK, code, part, 0, component, holds=True))

    def bnk_down(self, parts: Components) -> None:
        """Credit the receivables."""
        self.bnk -= parts
        for component, part in parts:
            if part:
                code = self.policy.bnk(RECEIVABLE[PLACE[component]])
                self.lines.append(Line(Book.BNK, code, 0, part, component, holds=True))

    def co_up(self, parts: Components) -> None:
        """Debit what was charged off and is still owed."""
        self.co += parts
        self._memo_up(Book.CO, parts)

    def co_down(self, parts: Components) -> None:
        """Credit what was charged off and is still owed."""
        self.co -= parts
        self._memo_down(Book.CO, parts)

    def cust_up(self, parts: Components) -> None:
        """Debit what the customer owes."""
        self.cust += parts
        self._memo_up(Book.CUST, parts)

    def cust_down(self, parts: Components) -> None:
        """Credit what the customer owes."""
        self.cust -= parts
        self._memo_down(Book.CUST, parts)

    def _memo_up(self, book: Book, parts: Components) -> None:
        for component, part in parts:
            if part:
                code = self.policy.code(book, MEMO[PLACE[component]])
                self.lines.append(Line(book, code, part, 0, component, holds=True))
        if total := parts.total:
            self.lines.append(Line(book, self.policy.code(book, CONTRA), 0, total))

    def _memo_down(self, book: Book, parts: Components) -> None:
        if total := parts.total:
            self.lines.append(Line(book, self.policy.code(book, CONTRA), total, 0))
        for component, part in parts:
            if part:
                code = self.policy.code(book, MEMO[PLACE[component]])
                self.lines.append(Line(book, code, 0, part, component, holds=True))

    def add_lots(self, kind: LotKind, parts: Components, accounts: Sequence[str]) -> None:
        """Let parts stand as charged or written off, on the accounts debited, by component."""
        for component, part in parts:
            if part:
                account = accounts[PLACE[component]]
                self._lots.append(self._lot(kind, component, part, account))
                self.debit(account, part, component)
        self._stand(kind, parts)

    def finalise_lots(self, accounts: Sequence[str]) -> None:
        """Make write-off lots of the charge-off lots that stand; what is the same code stays."""
        for place, lot in enumerate(self._lots):
            if lot.kind is LotKind.CHARGE_OFF and lot.standing_minor:
                part, account = lot.standing_minor, accounts[PLACE[lot.component]]
                self._lots[place] = self._lot(LotKind.WRITE_OFF, lot.component, part, account)
                if account != lot.account:
                    self.debit(account, part, lot.component)
                    self.credit(lot.account, part, lot.component)
        final = self.charged_off
        self._stand(LotKind.CHARGE_OFF, NOTHING - final)
        self._stand(LotKind.WRITE_OFF, final)

    def use_lots(self, kind: LotKind, component: Component, part: int) -> int:
        """Use lots up, the newest first, crediting their accounts; give what no lot covers."""
        left = part
        for place in range(len(self._lots) - 1, -1, -1):
            lot = self._lots[place]
            if left and lot.kind is kind and lot.component is component and lot.standing_minor:
                used = min(left, lot.standing_minor)
                self._lots[place] = replace(lot, standing_minor=lot.standing_minor - used)
                self.credit(lot.account, used, component)
                left -= used
        self._stand(kind, NOTHING.plus(component, left - part))
        return left

    def loan_after(
        self,
        *,
        last_transaction: date | None = None,
        last_accrue: date | None = None,
        last_charge_off: date | None = None,
    ) -> Loan:
        """Give the loan as this posting leaves it, one more; of the dates those that it moved."""
        loan, lots = self._loan, tuple(self._lots)
        return Loan(
            particulars=loan.particulars,
            row_hash=loan.row_hash,
            status=self.status,
            bnk=self.bnk,
            co=self.co,
            cust=self.cust,
            unearned_minor=self.unearned_minor,
            deferred_minor=self.deferred_minor,
            memo_minor=self.memo_minor,
            overpaid_minor=self.overpaid_minor,
            recovered=self.recovered,
            lots=lots,
            interest=Interest(
                earned_bnk=self.earned_bnk,
                earned_cust=self.earned_cust,
                booked_bnk_minor=self.booked_bnk_minor,
                booked_cust_minor=self.booked_cust_minor,
                grown_to=self.day,
            ),
            last_transaction=last_transaction or loan.last_transaction,
            last_accrue=last_accrue or loan.last_accrue,
            last_charge_off=last_charge_off or loan.last_charge_off,
            arrivals=loan.arrivals + 1,
            version=loan.version + 1,
            sums=Sums(lots, self.charged_off, self.written_off),
        )

    def _lot(self, kind: LotKind, component: Component, part: int, account: str) -> Lot:
        return Lot(
            kind=kind,
            component=component,
            account=account,
            standing_minor=part,
            made_on=self.day,
            entry_id=self.entry_id,
        )

    def _stand(self, kind: LotKind, parts: Components) -> None:
        if kind is LotKind.CHARGE_OFF:
            self.charged_off += parts
        else:
            self.written_off += parts


def _grown(loan: Loan, policy: Policy, day: date) -> tuple[Fraction, Fraction]:
    """Let a loan earn up to the day, on the principal that it has had since it last grew."""
    interest, what = loan.interest, loan.particulars
    since = interest.grown_to or what.accrued_to
    if since == day or what.rate == "0":
        return interest.earned_bnk, interest.earned_cust
    grown = growth(what.rate, since, day, policy.day_count)
    cust = grown * loan.cust.principal
    if policy.non_accrual is NonAccrual.CHARGE_OFF and loan.off().total > 0:
        return interest.earned_bnk, interest.earned_cust + cust
    same = loan.bnk.principal == loan.cust.principal
    bnk = cust if same else grown * loan.bnk.principal
    return interest.earned_bnk + bnk, interest.earned_cust + cust
