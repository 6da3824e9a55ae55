"""Random lives of a loan: the ledger against a second reading of the page, and what is always true.

LIVES=10000 lives instead of the usual number; each has up to 40 commands.
"""

import os
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any
from uuid import UUID, uuid5

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from ledger.domain.answering import fold, needs_history
from ledger.domain.ask import Ask
from ledger.domain.asked import read
from ledger.domain.decide import decide, evolve
from ledger.domain.events import AskRefused, LoanState, Posted
from ledger.domain.history import History
from ledger.domain.loan import Interest, Loan, LotKind
from ledger.domain.money import Components
from ledger.domain.policy import Book
from ledger.domain.posting import mirrored, summed
from ledger.domain.written import from_json, to_json

from .lives import DAY, POLICIES, as_written, loan_of, loans, policy_of
from .reading import C
from .reading_rules import No, Reading

LIVES = int(os.environ.get("LIVES", "200"))
NOW = datetime(2030, 1, 1, tzinfo=UTC)
NAMES = UUID(int=7)
LATE = st.sampled_from([0, 0, 0, 0, 1, 2, 5, 12])
"""How many days before the last one a command is dated."""
SHARE = st.sampled_from([1, 3, 10, 10, 33, 33, 50, 99, 100, 101])
"""Hundredths of what there is."""
REASON = st.sampled_from([None, None, "A", "B", "D"])
CAUSE = st.sampled_from(["ERROR"] * 7 + ["HOPE", None])
WAY = st.sampled_from(["full", *["amount", "percent", "components"] * 3])
WHAT = st.sampled_from(["charge_off", "write_off"])
PAYMENT = st.sampled_from(["repay", "repay", "refund", "goodwill_credit"])
SELDOM = st.sampled_from([*[False] * 11, True])


class Lives(RuleBasedStateMachine):
    """One loan, asked for anything; each step is compared with the second reading."""

    @initialize(policy=POLICIES, loan=loans())
    def begin(self, policy: dict[str, Any], loan: dict[str, Any]) -> None:
        self.policy = policy_of(policy)
        self.opened = loan_of(loan, self.policy)
        self.state = LoanState(self.opened, history=History(self.opened))
        self.reading = Reading(policy, loan)
        self.today = DAY + timedelta(12)
        self.steps = 0
        self.moved: Counter[tuple[Book, str]] = Counter()
        self.held: Counter[tuple[Book, str]] = Counter()
        """Of lines that move what the loan holds."""

    @property
    def loan(self) -> Loan:
        assert self.state.loan is not None
        return self.state.loan

    # --- commands -----------------------------------------------------------------------------

    @rule(days=st.integers(1, 40))
    def wait(self, days: int) -> None:
        self.today += timedelta(days)

    @rule(late=LATE, way=WAY, share=SHARE, reason=REASON)
    def charge_off(self, late: int, way: str, share: int, reason: str | None) -> None:
        taken = self.take(way, share, self.loan.outstanding)
        self.ask("charge_off", late, taken | ({"reason": reason} if reason else {}))

    @rule(late=LATE, way=WAY, share=SHARE, reason=REASON, seldom=SELDOM)
    def write_off(self, late: int, way: str, share: int, reason: str | None, seldom: bool) -> None:
        way = "full" if seldom else way
        taken = self.take(way, share, self.loan.outstanding)
        self.ask("write_off", late, taken | ({"reason": reason} if reason else {}))

    @rule(late=LATE, way=WAY, share=SHARE, cause=CAUSE)
    def remove(self, late: int, way: str, share: int, cause: str | None) -> None:
        taken = self.take(way, share, self.loan.off(LotKind.CHARGE_OFF))
        self.ask("remove_charge_off", late, taken | ({"cause": cause} if cause else {}))

    @rule(late=LATE, name=PAYMENT, share=SHARE, of=st.sampled_from(["bnk", "co", "cust"]))
    def pay(self, late: int, name: str, share: int, of: str) -> None:
        owed = {"bnk": self.loan.outstanding, "co": self.loan.co, "cust": self.loan.customer}[of]
        self.ask(name, late, {"amount": max(1, owed.total * share // 100)})

    @rule(late=LATE, name=PAYMENT, share=SHARE, odd=st.sampled_from([0, 0, 0, 1]))
    def pay_in_portions(self, late: int, name: str, share: int, odd: int) -> None:
        book = self.loan.outstanding if self.loan.outstanding.total else self.loan.co
        most = map(min, book.minor, self.loan.customer.minor)
        portions = {c: n * share // 100 for c, n in zip(C, most, strict=True) if n * share // 100}
        if portions:
            fields = {"amount": sum(portions.values()) + odd, "portions": portions}
            self.ask(name, late, fields)

    @rule(late=LATE, named=st.sampled_from([None, 0, 1]), seldom=SELDOM)
    def pay_off(self, late: int, named: int | None, seldom: bool) -> None:
        owed = self.loan.customer.total
        if seldom:
            self.ask("pay_off", late, {} if named is None else {"amount": max(1, owed - named)})

    @rule(late=LATE, share=SHARE)
    def recover(self, late: int, share: int) -> None:
        self.ask("recover", late, {"amount": max(1, self.loan.claim.total * share // 100)})

    @rule(late=LATE, share=SHARE)
    def credit_balance_refund(self, late: int, share: int) -> None:
        over = self.loan.overpaid_minor
        self.ask("credit_balance_refund", late, {"amount": max(1, over * share // 100)})

    @rule(late=LATE, days=st.integers(0, 40))
    def accrue(self, late: int, days: int) -> None:
        self.today += timedelta(days)
        self.ask("accrue", late, {})

    @rule(what=WHAT, cause=CAUSE)
    def undo(self, what: str, cause: str | None) -> None:
        self.ask("undo", 0, {"what": what} | ({"cause": cause} if cause else {}))

    @rule(back=st.integers(0, 8), cause=CAUSE)
    def reverse(self, back: int, cause: str | None) -> None:
        assert self.state.history is not None
        named = [each.tx for each in self.state.history.transactions]
        tx = named[-1 - back % len(named)] if named else "none"
        self.ask("reverse", 0, {"of": tx} | ({"cause": cause} if cause else {}))

    @rule(share=SHARE, seldom=SELDOM)
    def refinance(self, share: int, seldom: bool) -> None:
        if share == 101 and seldom:
            self.ask("refinance", 0, {"new_loan": "N", "rate": "1"})

    def take(self, way: str, share: int, room: Components) -> dict[str, Any]:
        match way:
            case "full":
                return {"full": True}
            case "amount":
                return {"amount": max(1, room.total * share // 100)}
            case "percent":
                return {"percent": Fraction(min(share, 100), 3)}
            case _:
                parts = {c: n * share // 100 for c, n in zip(C, room.minor, strict=True)}
                return {"components": {c: n for c, n in parts.items() if n} or {"tax": 1}}

    # --- both are asked, and compared ---------------------------------------------------------

    def ask(self, name: str, late: int, fields: dict[str, Any]) -> None:
        if "percent" in fields:
            text = f"{float(fields['percent']):.4f}"
            fields = fields | {"percent": Fraction(text)}
        self.steps += 1
        day, tx = self.today - timedelta(late), f"T{self.steps}"
        asked = read(name, as_written(fields), decimals=2)
        ask = Ask(
            name=name,
            asked=asked,
            value_date=day,
            today=NOW.date(),
            tx=tx,
            transaction_id=uuid5(NAMES, f"transaction/{tx}"),
            entry_id=uuid5(NAMES, f"entry/{tx}"),
        )
        try:
            must: Any = self.reading.ask(fields | {"command": name, "date": day, "tx": tx})
        except No as no:
            must = no.args[0]
        before = self.state
        [event] = decide(before, ask, now=NOW, policy=self.policy)
        if isinstance(event, AskRefused):
            assert event.refusal.code == must
            assert evolve(before, event) == before
            return
        assert isinstance(event, Posted)
        said = [
            (
                entry.tx,
                entry.kind.value,
                {(b.value, c): list(s) for (b, c), s in summed(entry.lines).items()},
            )
            for entry in event.entries
        ]
        assert said == must
        self.look_at_entries(before, event, ask)
        after = evolve(before, event)
        assert isinstance(after, LoanState)
        self.state = after
        self.look_at_loan()

    def look_at_entries(self, before: LoanState, event: Posted, ask: Ask) -> None:
        assert before.loan is not None
        if not needs_history(before.loan, ask):
            alone = decide(replace(before, history=None), ask, now=NOW, policy=self.policy)
            assert alone == (replace(event, history=None),)
        assert len({entry.entry_id for entry in event.entries}) == len(event.entries)
        assert event.entry in event.entries
        for entry in event.entries:
            if entry.asked is not None:
                assert from_json(entry.command, to_json(entry.asked)) == entry.asked
            for line in entry.lines:
                n = line.debit_minor - line.credit_minor
                self.moved[line.book, line.code] += n
                if line.holds:
                    assert line.component is not None
                    self.held[line.book, line.code] += n
        reversed_lines = [e.lines for e in event.entries if e.kind == "REVERSE"]
        assert all(mirrored(mirrored(lines)) == lines for lines in reversed_lines)

    def look_at_loan(self) -> None:
        loan, s = self.loan, self.reading.now()
        assert (loan.status.value, loan.charged_off_flag) == (s["status"], self.reading.flag(s))
        for name, held in (("BNK", loan.bnk), ("CO", loan.co), ("CUST", loan.cust)):
            assert dict(zip(C, held.minor, strict=True)) == s[name]
        assert [
            {
                "kind": x.kind.value.lower(),
                "c": x.component.value,
                "code": x.account,
                "left": x.standing_minor,
            }
            for x in loan.lots
        ] == s["lots"]
        assert dict(zip(C, loan.recovered.minor, strict=True)) == s["recovered"]
        assert (loan.memo_minor, loan.overpaid_minor) == (s["memo"], s["over"])
        assert (loan.unearned_minor, loan.deferred_minor) == (s["unearned"], s["deferred"])
        assert loan.interest == Interest(
            earned_bnk=s["E"]["BNK"],
            earned_cust=s["E"]["CUST"],
            booked_bnk_minor=s["B"]["BNK"],
            booked_cust_minor=s["B"]["CUST"],
            grown_to=loan.interest.grown_to,
        )
        assert loan.co == loan.claim + Components(interest=loan.memo_minor)
        self.look_at_history()
        self.look_at_codes()

    def look_at_history(self) -> None:
        history = self.state.history
        assert history is not None
        folded = fold(history.opened, history.standing(), self.policy)
        kept = replace(folded, version=self.loan.version, arrivals=self.loan.arrivals)
        assert kept == self.loan
        assert self.loan.arrivals == len(history.transactions)
        assert [each.arrival for each in history.transactions] == [
            number + 1 for number in range(len(history.transactions))
        ]

    def look_at_codes(self) -> None:
        """What was posted since the opening adds up to the balances."""
        loan, began, held = self.loan, self.opened, Counter[tuple[Book, str]]()
        for book, role, parts in (
            (Book.BNK, "RECEIVABLE_{}", loan.bnk - began.bnk),
            (Book.CO, "{}", loan.co - began.co),
            (Book.CUST, "{}", loan.cust - began.cust),
        ):
            for component, n in parts:
                held[book, self.policy.code(book, role.format(component.name))] += n
        assert +self.held == +held
        assert -self.held == -held
        over, unearned, deferred, memo = (
            self.moved[Book.BNK, self.policy.bnk(role)]
            for role in ("OVERPAYMENT", "UNEARNED_INTEREST", "DEFERRED_INCOME", "MEMO_INTEREST")
        )
        assert over == -loan.overpaid_minor
        assert unearned == began.unearned_minor - loan.unearned_minor
        assert deferred == began.deferred_minor - loan.deferred_minor
        assert memo <= 0


Lives.TestCase.settings = settings(
    max_examples=LIVES,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
TestLives = Lives.TestCase
