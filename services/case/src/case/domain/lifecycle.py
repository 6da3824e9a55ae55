"""The life of a case: a table of places and what leads from one to the next.

Rule one: an event that the table does not list for a place leaves the case where it is. So facts
of different services may come in any order: the furthest decides, what comes late is only noted.
Rule two: from a closed place nothing leads anywhere.
"""

from collections.abc import Mapping
from typing import NamedTuple

from case.domain.events import (
    POSTED,
    ApprovalRecorded,
    AuthorizationDeclined,
    AuthorizationGranted,
    AuthorizationRefused,
    AuthorizationRequested,
    CaseClosed,
    CaseReviewed,
    IntakePassed,
    Outcome,
    PostingRefused,
    VerificationCompleted,
)


class Place(NamedTuple):
    """Where a case stands: state, stage, and what the customer reads of it."""

    state: str
    stage: str
    portal_text: str


INTAKE = Place("New", "Intake", "Received")
CASE_REVIEW = Place("Open", "Case Review", "Received")
DOCUMENT_VERIFICATION = Place("Open", "Document Verification", "Checking documents")
AUTHORIZATION = Place("Open", "Authorization", "Under review")
LOAN_UPDATE = Place("Open", "Loan Update", "Being completed")
CLOSED_COMPLETE = Place("Closed Complete", "Closed Complete", "Completed")
CLOSED_REFUSED = Place("Closed Refused", "Closed Refused", "Not carried out")
CLOSED_DECLINED = Place("Closed Declined", "Closed Declined", "Not carried out")

_TO_LOAN_UPDATE: Mapping[type, Place] = {
    AuthorizationGranted: LOAN_UPDATE,
    **dict.fromkeys(POSTED, LOAN_UPDATE),
    PostingRefused: LOAN_UPDATE,
}
_TO_AUTHORIZATION: Mapping[type, Place] = {
    VerificationCompleted: AUTHORIZATION,
    AuthorizationRequested: AUTHORIZATION,
    ApprovalRecorded: AUTHORIZATION,
    AuthorizationDeclined: AUTHORIZATION,
    AuthorizationRefused: AUTHORIZATION,
    **_TO_LOAN_UPDATE,
}

TABLE: Mapping[Place, Mapping[type, Place]] = {
    INTAKE: {IntakePassed: CASE_REVIEW},
    CASE_REVIEW: {CaseReviewed: DOCUMENT_VERIFICATION},
    DOCUMENT_VERIFICATION: _TO_AUTHORIZATION,
    AUTHORIZATION: _TO_LOAN_UPDATE,
    LOAN_UPDATE: {},
    # ("Rework", "Case Review"): ReworkRequested leads here from AUTHORIZATION and LOAN_UPDATE,
    #     CaseReviewed on to DOCUMENT_VERIFICATION.
    # ("On Hold", stage): CaseHeld leads here from every open place, CaseReleased back to it.
}
"""Place, event → next place. What closes a case stands in CLOSING."""

CLOSING: Mapping[Outcome, Place] = {
    "COMPLETE": CLOSED_COMPLETE,
    "REFUSED": CLOSED_REFUSED,
    "DECLINED": CLOSED_DECLINED,
    # WITHDRAWN: from every place before AuthorizationGranted, by AuthorizationReleased.
}

CLOSED = frozenset(CLOSING.values())


def after(place: Place, event: object) -> Place:
    """Give the place to which an event leads; the same place where it leads nowhere."""
    if place in CLOSED:
        return place
    if isinstance(event, CaseClosed):
        return CLOSING[event.outcome]
    return TABLE[place].get(type(event), place)


def place_named(state: str, stage: str) -> Place:
    """Give the place of a state and stage, as a store keeps them."""
    return _BY_NAME[state, stage]


_BY_NAME = {(place.state, place.stage): place for place in (*TABLE, *CLOSED)}
