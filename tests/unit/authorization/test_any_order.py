"""What holds whatever is heard, however often, in whichever order the topics arrive."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from authorization.domain.events import (
    AuthorizationGranted,
    AuthorizationRequested,
    GrantRecalled,
)
from authorization.domain.terms import Approver
from hypothesis import given
from hypothesis import strategies as st

PEOPLE = ("ann", "bob", "cid", "dot", "eva")

stories = st.sampled_from(["posted", "not posted", "withdrawn", "bad reference"])
approvals = st.sampled_from(["policy", "reference"])


@st.composite
def merged[T](draw: st.DrawFn, *sequences: Sequence[T]) -> list[T]:
    """Interleave sequences; each keeps its order."""
    left = [list(sequence) for sequence in sequences if sequence]
    found: list[T] = []
    while left:
        first = draw(st.sampled_from(left))
        found.append(first.pop(0))
        left = [sequence for sequence in left if sequence]
    return found


def topics(words: Any, case: UUID, story: str, approval: str) -> tuple[list[Any], ...]:
    """Tell what the topics of case, documents and ledger say of one case."""
    number = f"APPR-2026-00{case.int}" if approval == "reference" else None
    bad = "APPR-2026-999" if story == "bad reference" else number
    terms = replace(
        words.terms,
        scope="PARTIAL",
        amount_minor=1_000,
        reason="SMALL_BALANCE",
        approval_reference=bad,
    )
    named = {"case": case}
    asked = ([words.review(terms, **named)], [words.verification(terms, **named)])
    match story:
        case "posted":
            end, books = words.closing("COMPLETE", **named), [words.posting(terms, **named)]
        case "not posted":
            end, books = words.closing("REFUSED", **named), [words.refusal(**named)]
        case "withdrawn":
            end, books = words.closing("WITHDRAWN", **named), []
        case _:
            end, books = words.closing("REFUSED", **named), []
    return [*asked[0], end], asked[1], books


def issues(words: Any) -> list[Any]:
    return [words.issue(reference=f"APPR-2026-00{number}") for number in (1, 2)]


def heard(scene: Any, words: Any, order: Sequence[Any]) -> tuple[Any, set[UUID]]:
    """Give the loan after all of it, and the grants that were told."""
    scene.hear(*issues(words))
    events = [event for command in order for event in scene.hear(command)]
    grants = {event.grant_id for event in events if isinstance(event, AuthorizationGranted)}
    return scene.loan, grants


@given(data=st.data(), first=stories, second=stories, one=approvals, other=approvals)
def test_topics_in_any_order_lead_to_the_same_state_and_grants(
    new_scene: Any, words: Any, data: st.DataObject, **drawn: str
) -> None:
    told = [
        topics(words, words.case, drawn["first"], drawn["one"]),
        topics(words, words.other_case, drawn["second"], drawn["other"]),
    ]
    straight = [
        command
        for [reviewed, closed], verified, booked in told
        for command in (reviewed, *verified, *booked, closed)
    ]
    shuffled = data.draw(merged(*([*one, *other] for one, other in zip(*told, strict=True))))

    (expected, all_grants), (found, grants) = (
        heard(new_scene(), words, order) for order in (straight, shuffled)
    )

    assert found == expected
    assert grants <= all_grants, "no order grants what the straight one does not"


@given(data=st.data(), story=stories, approval=approvals)
def test_the_same_fact_twice_changes_nothing(
    new_scene: Any, words: Any, data: st.DataObject, story: str, approval: str
) -> None:
    order = data.draw(merged(*topics(words, words.case, story, approval)))
    scene = new_scene()
    scene.hear(*issues(words))

    for place, command in enumerate(order):
        scene.hear(command)
        for again in order[: place + 1]:
            assert scene.hear(again) == ()


@given(data=st.data(), cents=st.lists(st.integers(1, 60_000_000), min_size=2, max_size=5))
def test_splitting_never_lowers_the_level(
    new_scene: Any, words: Any, data: st.DataObject, cents: list[int]
) -> None:
    whole, split = new_scene(), new_scene()
    together = replace(words.terms, amount_minor=sum(cents))
    whole.hear(words.review(together))
    [asked, _] = whole.hear(words.verification(together))
    parts = [replace(words.terms, scope="PARTIAL", amount_minor=part) for part in cents]
    told = [
        [
            words.review(part, case=UUID(int=place)),
            words.verification(part, case=UUID(int=place)),
            *([words.posting(part, case=UUID(int=place))] if data.draw(st.booleans()) else []),
        ]
        for place, part in enumerate(parts, start=1)
    ]

    events = [event for command in data.draw(merged(*told)) for event in split.hear(command)]

    needs = [event.case.need for event in events if isinstance(event, AuthorizationRequested)]
    assert len(needs) == len(cents)
    assert max(need.level for need in needs) >= asked.case.need.level
    assert max(need.people for need in needs) >= asked.case.need.people


approvers = st.lists(
    st.builds(Approver, st.sampled_from(PEOPLE), st.integers(1, 5)), min_size=1, max_size=3
)
persons = st.tuples(
    st.sampled_from(PEOPLE), st.integers(0, 5), st.sampled_from(["authorizer", "back_office"])
)


@given(
    parts=st.tuples(*[st.sampled_from([*PEOPLE, None])] * 4),
    amount=st.integers(1, 200_000_000),
    by_reference=st.booleans(),
    register=approvers,
    callers=st.lists(persons, max_size=12),
    is_review_late=st.booleans(),
)
def test_nobody_who_had_a_part_in_a_case_is_among_its_approvers(
    new_scene: Any, words: Any, **drawn: Any
) -> None:
    maker, sanctioner, reviewer, agent = drawn["parts"]
    terms = replace(
        words.named if drawn["by_reference"] else words.terms,
        amount_minor=drawn["amount"],
        maker=maker or "u-17",
        sanctioner=sanctioner,
    )
    scene = new_scene()
    issue = {"amount_max_minor": 10**9, "approvers": tuple(drawn["register"])}
    scene.hear(words.issue(**issue))
    facts = [words.review(terms, reviewer=reviewer), words.verification(terms, agent=agent)]
    if drawn["is_review_late"]:
        facts.reverse()
    events = [event for fact in facts for event in scene.hear(fact)]
    needs = [event.case.need for event in events if isinstance(event, AuthorizationRequested)]

    for name, level, role in drawn["callers"]:
        waiting = [task for task in scene.loan.tasks.values() if task.closed_at is None]
        for task in waiting:
            person = words.person(name, level=level, role=role)
            events += scene.hear(words.complete(task, person))

    for granted in (event for event in events if isinstance(event, AuthorizationGranted)):
        assert {approver.id for approver in granted.approvers}.isdisjoint(drawn["parts"])
        assert all(need.is_met_by(granted.approvers) for need in needs)


@given(data=st.data(), approval=approvals)
def test_what_is_posted_has_one_grant_here_in_any_order(
    new_scene: Any, words: Any, data: st.DataObject, approval: str
) -> None:
    """A store that went back hears its inputs again, each by itself."""
    order = data.draw(merged(*topics(words, words.case, "posted", approval)))
    scene = new_scene()
    scene.hear(*issues(words))

    events = [event for command in (*order, *order) for event in scene.hear(command)]

    known = [e for e in events if isinstance(e, AuthorizationGranted | GrantRecalled)]
    assert [event.grant_id for event in known] == [words.grant_id()]
    assert known[0].terms_hash
