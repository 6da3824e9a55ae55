"""Each check finds what it is for, and nothing in a mesh that is well."""

from dataclasses import replace

import pytest
from writeoff.reconcile.checks import differences, not_yet_tried, unquiet
from writeoff.reconcile.facts import (
    POSTED,
    Case,
    Ending,
    Facts,
    Input,
    Journal,
    Keeper,
    Notice,
    Output,
    Overdue,
    Refinance,
    Request,
    TableKey,
    Telling,
)

CLOSED = Case("c1", "WO-1", "demo", "lending", "R1", "Closed Complete")
OPEN = Case("c2", "WO-2", "demo", "file", "R2", "Open")
REFUSED = Case("c3", "WO-3", "demo", "lending", "R3", "Closed Refused")

WELL = Facts(
    sources={"lending": frozenset({"demo"})},
    requests=[
        Request("c1", "lending", "demo", "R1", "c1"),
        Request("c2", "file", "demo", "R2", "c2"),
        Request("c3", "lending", "demo", "R3", "c3"),
        Request("x4", "lending", "sba", "for a tenant that is not the source's", "x4"),
        Request("x5", "door", "demo", "a claim", "c2"),
    ],
    cases=[CLOSED, OPEN, REFUSED],
    keepers=[
        Keeper("authorization", "task", "loan authorization", "c2"),
        Keeper("notifications", "task", "failed or held notice", "c1"),
        Keeper("documents", "timer", "DefermentExpires", "c1"),
    ],
    journals=[Journal("j1", "c1", 0)],
    endings=frozenset({Ending("c1", POSTED), Ending("c1", "Closed Complete")}),
    refinances=[Refinance("t1", "demo", "LN-1", 2_520, 2_520)],
    granted=frozenset({"c1", "c3", "c9"}),
    notices=[
        Notice("n1", "c1", Telling.SENT, ""),
        Notice("n2", "c1", Telling.NOT_YET_TRIED, "held: LEGAL_HOLD"),
    ],
    inputs=[Input("ledger", "writeoff.authorization.v1", 0, 7, 7)],
    outputs=[Output("case", "writeoff.case.v1", 0, 9, 9)],
    table_keys=[
        TableKey("ledger", "writeoff.loans.v1", "demo/L1", b"1", b"1"),
        TableKey("ledger", "writeoff.parties.v1", "demo/P1", None, None),
    ],
)


def test_a_mesh_that_is_well_has_no_difference() -> None:
    assert differences(WELL) == []
    assert unquiet(WELL) == []


def test_notices_that_nobody_was_told_of_yet_are_listed() -> None:
    assert not_yet_tried(WELL) == ["notice n2 of case c1: held: LEGAL_HOLD"]


@pytest.mark.parametrize(
    ("facts", "check", "told"),
    [
        (
            replace(WELL, requests=[*WELL.requests, Request("c9", "lending", "demo", "R9", "c9")]),
            "requests have cases",
            "lending/R9 has no case",
        ),
        (
            replace(WELL, requests=WELL.requests[1:]),
            "requests have cases",
            "WO-1 (c1, Closed Complete) has no request",
        ),
        (
            replace(
                WELL,
                cases=[*WELL.cases, replace(OPEN, case_id="c9")],
                requests=[*WELL.requests, Request("c9", "file", "demo", "R2", "c9")],
                keepers=[*WELL.keepers, Keeper("case", "task", "review", "c9")],
            ),
            "requests have cases",
            "demo/file/R2 has 2 cases",
        ),
        (replace(WELL, keepers=WELL.keepers[1:]), "open cases are kept", "waits for nothing"),
        (
            replace(WELL, keepers=[*WELL.keepers, Keeper("case", "task", "loan update", "c1")]),
            "closed cases are left",
            "case has a task of it: loan update",
        ),
        (
            replace(WELL, keepers=[*WELL.keepers, Keeper("documents", "task", "verify", "c3")]),
            "closed cases are left",
            "documents has a task of it",
        ),
        (
            replace(WELL, keepers=[*WELL.keepers, Keeper("notifications", "parked", "x", "c1")]),
            "closed cases are left",
            "notifications has a parked of it",
        ),
        (
            replace(WELL, journals=[], endings=frozenset()),
            "posted cases have one journal",
            "has 0 journals",
        ),
        (
            replace(WELL, endings=frozenset({Ending("c3", POSTED)})),
            "what was said stands",
            "case c3 was said to be posted, and has no journal",
        ),
        (
            replace(WELL, endings=frozenset({Ending("c3", "Closed Complete")})),
            "what was said stands",
            "WO-3 (c3, Closed Refused) was said to be Closed Complete",
        ),
        (
            replace(WELL, endings=frozenset({Ending("c8", "Closed Declined")})),
            "what was said stands",
            "case c8 was said to be Closed Declined, and is not known any more",
        ),
        (
            replace(WELL, journals=[*WELL.journals, Journal("j2", "c1", 0)]),
            "posted cases have one journal",
            "has 2 journals",
        ),
        (
            replace(WELL, journals=[*WELL.journals, Journal("j2", "c3", 0)]),
            "posted cases have one journal",
            "was not carried out",
        ),
        (
            replace(WELL, journals=[*WELL.journals, Journal("j2", "c9", 0)]),
            "posted cases have one journal",
            "journal of case c9 has no case",
        ),
        (
            replace(WELL, granted=frozenset({"c3"})),
            "what is posted was granted",
            "the journal of case c1 has no grant",
        ),
        (
            replace(WELL, refinances=[Refinance("t1", "demo", "LN-1", 2_520, None)]),
            "refinances are opened",
            "its new loan is not opened, 2520 minor units stand between them",
        ),
        (
            replace(WELL, refinances=[Refinance("t1", "demo", "LN-1", 2_520, 2_500)]),
            "refinances are opened",
            "its new loan differs, 20 minor units stand between them",
        ),
        (
            replace(WELL, journals=[Journal("j1", "c1", -1)]),
            "journals balance",
            "out of balance by -1",
        ),
        (
            replace(WELL, notices=[Notice("n3", "c1", Telling.UNKNOWN, "nobody knows")]),
            "notices are told",
            "nobody knows",
        ),
        (
            replace(WELL, inputs=[Input("ledger", "t", 0, 5, 7)]),
            "inputs are heard",
            "ledger is 2 behind in t[0]",
        ),
        (
            replace(WELL, overdue=[Overdue("case", 2, "LookAgain", 3)]),
            "what is due is heard",
            "case has 3 LookAgain due in lane 2",
        ),
        (
            replace(WELL, outputs=[Output("case", "t", 3, 9, 4)]),
            "outboxes are acknowledged",
            "case has 5 unacknowledged rows for t[3]",
        ),
        (
            replace(WELL, table_keys=[TableKey("case", "t", "k", b"1", b"2")]),
            "tables match",
            "k differs from case's store",
        ),
        (
            replace(WELL, table_keys=[TableKey("case", "t", "k", b"1", None)]),
            "tables match",
            "k is in case's store and not on the topic",
        ),
        (
            replace(WELL, table_keys=[TableKey("case", "t", "k", None, b"1")]),
            "tables match",
            "k is on the topic and not in case's store",
        ),
    ],
)
def test_what_is_wrong_is_found_by_its_check_alone(facts: Facts, check: str, told: str) -> None:
    (found,) = differences(facts)

    assert found.check == check
    assert told in found.what
