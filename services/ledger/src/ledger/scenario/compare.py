"""What differs between what a step must lead to and what it led to, in words."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from ledger.domain.money import Components, decimal_text
from ledger.domain.policy import Book
from ledger.domain.posting import Entry, summed
from ledger.scenario.desk import Answer
from ledger.scenario.expected import ExpectedEntry, ExpectedLoan, Sums
from ledger.scenario.file import Step
from ledger.scenario.view import View


class Comparison:
    """Compares in a currency of so many decimals."""

    def __init__(self, decimals: int) -> None:
        """Say money with these decimals."""
        self._decimals = decimals

    def answer(self, step: Step, answer: Answer) -> Iterator[str]:
        """Tell how an answer differs from what is expected of the step."""
        refused = answer.refusal.code if answer.refusal else None
        if refused != step.refused:
            why = f"refused {refused} ({answer.refusal.message})" if answer.refusal else "accepted"
            yield f"{why}, expected {f'refused {step.refused}' if step.refused else 'accepted'}"
        if answer.repeated != step.repeated:
            yield "answered before" if answer.repeated else "expected to be answered before"
        yield from self._entries(step, answer.entries)

    def _entries(self, step: Step, entries: Sequence[tuple[str | None, Entry]]) -> Iterator[str]:
        if len(entries) != len(step.entries):
            yield f"{len(entries)} entries, expected {len(step.entries)}"
        own = entries[0][0] if entries else None
        for number, (said, must) in enumerate(zip(entries, step.entries, strict=False), start=1):
            loan, entry = said
            for difference in self._entry(loan if loan != own else None, entry, must, own=own):
                yield f"entry {number}: {difference}"

    def _entry(
        self, loan: str | None, entry: Entry, must: ExpectedEntry, *, own: str | None
    ) -> Iterator[str]:
        if entry.tx != must.tx:
            yield f"tx {entry.tx}, expected {must.tx}"
        if entry.kind != must.kind:
            yield f"kind {entry.kind}, expected {must.kind}"
        if loan != (must.loan if must.loan != own else None):
            yield f"loan {loan or own}, expected {must.loan or own}"
        is_sums: Sums = {(book.value, code): s for (book, code), s in summed(entry.lines).items()}
        for book, code in sorted(is_sums.keys() | must.sums.keys()):
            sides, expected = is_sums.get((book, code)), must.sums.get((book, code))
            if sides != expected:
                yield f"{book} {code} {self._sides(sides)}, expected {self._sides(expected)}"

    def _sides(self, sides: tuple[int, int] | None) -> str:
        if sides is None:
            return "no line"
        debit, credit = (decimal_text(side, self._decimals) for side in sides)
        return f"debit {debit} credit {credit}"

    def loan(
        self, loan_id: str, must: ExpectedLoan, before: View | None, after: View | None
    ) -> Iterator[str]:
        """Tell how a loan differs from what it must be after a step."""
        if after is None:
            yield f"{loan_id}: no such loan"
            return
        texts = {"status": after.status, "charged_off": after.charged_off}
        for name, text in must.texts.items():
            if texts[name] != text:
                yield f"{loan_id}.{name} {texts[name]}, expected {text}"
        amounts = {
            **after.amounts,
            "previous_balance": before.outstanding_minor if before else 0,
            "new_balance": after.outstanding_minor,
        }
        for name, amount_minor in must.amounts.items():
            if amounts[name] != amount_minor:
                yield self._amount(f"{loan_id}.{name}", amounts[name], amount_minor)
        for book, parts in must.books.items():
            yield from self._parts(f"{loan_id}.{book}", after.books[book], parts)

    def _parts(self, place: str, parts: Components, must: Components) -> Iterator[str]:
        for (component, part), (_, expected) in zip(parts, must, strict=True):
            if part != expected:
                yield self._amount(f"{place}.{component}", part, expected)

    def allowance(self, balance_minor: int, must_minor: int) -> Iterator[str]:
        """Tell how the allowance differs."""
        if balance_minor != must_minor:
            yield self._amount("allowance", balance_minor, must_minor)

    def final(self, moved: Counter[str], must: Mapping[str, int]) -> Iterator[str]:
        """Tell how the movement of a book over the whole file differs."""
        for code in sorted(moved.keys() | must.keys()):
            if moved[code] != must.get(code, 0):
                yield self._amount(code, moved[code], must.get(code, 0))

    def _amount(self, place: str, is_minor: int, must_minor: int) -> str:
        shown = (decimal_text(amount, self._decimals) for amount in (is_minor, must_minor))
        return "{} {}, expected {}".format(place, *shown)


def movement(entries: Sequence[Entry]) -> Mapping[Book, Counter[str]]:
    """Add up what entries move, by book and code, debit positive."""
    moved: Mapping[Book, Counter[str]] = {book: Counter() for book in Book}
    for entry in entries:
        for line in entry.lines:
            moved[line.book][line.code] += line.debit_minor - line.credit_minor
    return moved
