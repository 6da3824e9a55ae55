"""Whether what is at hand meets a requirement: the first basis that holds, or none yet."""

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta

from documents.domain.file import Document, LoanFile, Requirement, Supplied, Verifying
from documents.domain.policy import Policy

SHA256 = re.compile(r"[0-9a-f]{64}", re.IGNORECASE)

AHEAD = timedelta(days=1)
"""East of UTC the day begins earlier: a paper may be dated on tomorrow's date."""


def meet(
    case: Verifying,
    file: LoanFile,
    *,
    today: date,
    policy: Policy,
    supplied: Iterable[Supplied] = (),
) -> tuple[Requirement, ...]:
    """Give those open requirements of a case that are met now, as met."""
    found: list[Requirement] = []
    attested = _is_attested(case, file, today, policy)
    for requirement in case.requirements:
        if requirement.state != "OPEN":
            continue
        if (seen := _verified(requirement, case, file, today, policy)) is not None:
            found.append(replace(requirement, state="MET", basis="VERIFIED", sha256=seen.sha256))
        elif (paper := _supplied(requirement, supplied, today, policy)) is not None:
            found.append(replace(requirement, state="MET", basis="SUPPLIED", sha256=paper.sha256))
        elif attested:
            found.append(replace(requirement, state="MET", basis="ATTESTED"))
    return tuple(found)


def is_good(document: str, dated: date, *, today: date, policy: Policy) -> bool:
    """Say whether a document of this date still counts today."""
    if dated > today + AHEAD:
        return False
    return document in policy.ageless or (today - dated).days <= policy.age_days_max


def is_sha256(text: str) -> bool:
    """Say whether a text has the form of a SHA-256."""
    return SHA256.fullmatch(text) is not None


def _verified(
    requirement: Requirement, case: Verifying, file: LoanFile, today: date, policy: Policy
) -> Document | None:
    """Find a document of the loan that an agent, not the case's maker, vouched for."""
    for seen in file.documents.values():
        if (
            seen.document == requirement.document
            and seen.agent != case.maker
            and is_good(seen.document, seen.dated, today=today, policy=policy)
            and (seen.document not in policy.by_legal_code or seen.legal_code == case.legal_code)
        ):
            return seen
    return None


def _supplied(
    requirement: Requirement, supplied: Iterable[Supplied], today: date, policy: Policy
) -> Supplied | None:
    """Find a document that came with the request, from a source that is believed for it."""
    for paper in supplied:
        if (
            paper.document == requirement.document
            and paper.source in policy.trusted[paper.document]
            and is_sha256(paper.sha256)
            and is_good(paper.document, paper.dated, today=today, policy=policy)
        ):
            return paper
    return None


def _is_attested(case: Verifying, file: LoanFile, today: date, policy: Policy) -> bool:
    """Say whether the reference that the case names stands in for its documents."""
    if case.approval_reference is None or case.reason in policy.attestable_but_reasons:
        return False
    reference = file.references.get(case.approval_reference)
    return reference is not None and reference.attests and today <= reference.expires
