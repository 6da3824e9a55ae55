"""Running a scenario at a desk: a line for each step that is not as its file says."""

from collections.abc import AsyncIterator

from ledger.domain.posting import Entry
from ledger.scenario.compare import Comparison, movement
from ledger.scenario.desk import Desk
from ledger.scenario.expected import FileWrong
from ledger.scenario.file import Scenario


async def run(scenario: Scenario, desk: Desk) -> AsyncIterator[str]:
    """Take the steps in order, whatever came of those before; tell each that differs.

    Raises FileWrong when a name is taken twice: only now is it known what is accepted.
    """
    comparison = Comparison(scenario.decimals)
    entries: list[Entry] = []
    names: set[str] = set()
    for step in scenario.steps:
        before = {loan_id: await desk.view(loan_id) for loan_id in step.after}
        answer = await desk.answer(step)
        if answer.entries:
            if step.tx in names:
                raise FileWrong(f"{step.name}: the name {step.tx} is taken twice")
            names.add(step.tx)
        entries += [entry for _, entry in answer.entries]
        differences = list(comparison.answer(step, answer))
        for loan_id, must in step.after.items():
            after = await desk.view(loan_id)
            differences += comparison.loan(loan_id, must, before[loan_id], after)
        if step.allowance_after_minor is not None:
            balance_minor = await desk.allowance()
            differences += comparison.allowance(balance_minor, step.allowance_after_minor)
        if differences:
            yield f"{step.name}: {'; '.join(differences)}"
    moved = movement(entries)
    for book, must in scenario.final.items():
        if differences := list(comparison.final(moved[book], must)):
            yield f"final {book}: {'; '.join(differences)}"
