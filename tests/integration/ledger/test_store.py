"""What the ledger's store keeps of loans, postings and parties, and gives back as it was."""

from dataclasses import replace

import pytest
from ledger.api import views
from ledger.domain.events import AllowanceState, Answered, LoanState, PartyState
from ledger.domain.grant import Post
from ledger.store import reads
from ledger.wire.heard import to_command

from .turning import NOW, Books

pytestmark = pytest.mark.stack


async def test_a_loan_is_loaded_as_it_was_saved(books: Books) -> None:
    row = books.loan(
        "LN-1",
        guarantor_id="G-1",
        unearned_interest="12.34",
        deferred_income="5.00",
        charged_off_principal="50.00",
        charged_off_tax="0.01",
        as_of="2026-10-31",
        expiry="2027-01-01",
        rate="12.5",
        days_past_due="120",
        oldest_unpaid_due="2026-07-03",
        instalment="99.50",
        sanctioner="u-1",
        sanction_level="2",
        fraud="true",
    )

    states = await books.turn(row)

    assert await books.held("LN-1") == without_history(states["LN-1"])


async def test_an_unknown_key_has_an_empty_state(books: Books) -> None:
    assert await books.held("LN-1") == LoanState()
    assert await books.held("C-1", "party") == PartyState()
    assert await books.held("USD", "allowance") == AllowanceState()


async def test_a_posting_is_loaded_as_it_was_saved_over_two_turns_and_within_one(
    books: Books,
) -> None:
    await books.turn(books.loan("LN-1", charged_off_principal="50.00"))

    states = await books.turn(
        books.grant("LN-1"),
        books.loan("LN-2"),
        books.grant("LN-2", 1, amount_minor=300),
        books.grant("LN-2", 2, amount_minor=400),
    )

    decided = {name: state.loan for name, state in states.items() if isinstance(state, LoanState)}
    assert await books.held_loan("LN-1") == decided["LN-1"]
    assert await books.held_loan("LN-2") == decided["LN-2"]


async def test_what_was_answered_is_known_whatever_the_loan(books: Books) -> None:
    posted, refused = books.grant("LN-1"), books.grant("LN-9")
    await books.turn(books.loan("LN-1"), posted)
    await books.turn(refused)
    loan = await books.held_loan("LN-1")
    first, second = (to_command(message, LoanState(), now=NOW) for _, message in (posted, refused))
    assert isinstance(first, Post)
    assert isinstance(second, Post)

    again = await books.load(posted, refused)
    stolen = await books.load(books.grant("LN-9", grant_id=first.grant_id))

    answered = Answered(first.grant_id, first.case_id, posted=True)
    said_no = Answered(second.grant_id, second.case_id, posted=False)
    assert again[posted[0]] == LoanState(loan, frozenset({answered}))
    assert again[refused[0]] == LoanState(None, frozenset({said_no}))
    assert stolen[refused[0]] == LoanState(None, frozenset({answered}))


async def test_a_repeated_turn_writes_nothing(books: Books) -> None:
    grant = books.grant("LN-1")
    await books.turn(books.loan("LN-1"), grant)

    await books.turn(grant)

    assert books.statements == 0


async def test_a_party_is_kept_and_changed(books: Books) -> None:
    await books.turn(books.party("C-1", given_name="Ada", family_name="Lovelace"))

    states = await books.turn(
        books.party("C-1", given_name="Ada", family_name="Lovelace", email="ada@example.org")
    )

    assert await books.held("C-1", "party") == states["C-1"]
    assert isinstance(states["C-1"], PartyState)
    assert states["C-1"].version == 2


async def test_a_burst_takes_one_statement_a_table(books: Books) -> None:
    ids = [f"LN-{number}" for number in range(2_000)]

    await books.turn(*(books.loan(loan_id) for loan_id in ids))
    openings_loans_journal_lines = books.statements
    await books.turn(*(books.grant(loan_id) for loan_id in ids[:500]))
    loans_lots_journal_lines = books.statements

    assert (openings_loans_journal_lines, loans_lots_journal_lines) == (4, 4)


async def test_the_report_counts_each_loss_once_and_the_books_balance(books: Books) -> None:
    await books.turn(
        books.loan("LN-1", charged_off_fees="50.00"),
        books.grant("LN-1"),
        books.loan("LN-2"),
        books.grant("LN-2", 1, amount_minor=300),
        books.grant("LN-2", 2, amount_minor=400),
        books.loan("LN-3", currency="JPY", principal="298116", interest="0"),
    )

    amounts, cases = await reads.written_off(books, [books.tenant])
    balances, journals = await reads.trial_balance(books, [books.tenant])
    told = views.report(amounts, cases, balances, journals=journals)

    assert told["written_off"] == {
        "USD": {
            "cases": 3,
            "principal": "906.30",
            "interest": "100.70",
            "fees": "50.00",
            "penalties": "0.00",
            "tax": "0.00",
        }
    }
    assert told["trial_balance"] == {"JPY": "0", "USD": "0.00"}
    assert told["journals"] == 6
    assert await reads.written_off(books, ["nobody"]) == ([], [])


async def test_journals_are_shown_with_their_lines(books: Books) -> None:
    grant = books.grant("LN-1")
    await books.turn(books.loan("LN-1"), grant)
    case_id = grant[1].case_id
    assert case_id is not None

    [journal] = views.journals(*await reads.journals_of_case(books, books.tenant, case_id))
    opened, posted = views.journals(*await reads.journals_of_loan(books, books.tenant, "LN-1"))
    foreign = await reads.journals_of_case(books, "nobody", case_id)

    assert (journal["loan_id"], journal["kind"]) == ("LN-1", "POST")
    assert [opened["kind"], posted["kind"]] == ["OPENING", "POST"]
    assert journal["lines"][0] == {
        "book": "BNK",
        "code": "6200",
        "component": "principal",
        "debit": "900.00",
        "credit": "0.00",
    }
    assert foreign == ([], [])


async def test_loans_are_listed_page_by_page(books: Books) -> None:
    await books.turn(*(books.loan(loan_id) for loan_id in ("LN-1", "LN-2", "LN-3")))

    first = await reads.loans(books, books.tenant, after="", limit=2)
    rest = await reads.loans(books, books.tenant, after="LN-2", limit=2)

    assert [row["loan_id"] for row in first] == ["LN-1", "LN-2"]
    assert [views.summary(row)["outstanding"] for row in rest] == ["1000.00"]


def without_history(state: object) -> LoanState:
    """Give a state as it is loaded where the past does not matter."""
    assert isinstance(state, LoanState)
    return replace(state, history=None, answered=frozenset(), taken=frozenset())
