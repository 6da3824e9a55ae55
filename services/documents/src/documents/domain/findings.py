"""What a document agent found: whether it makes sense, and the documents that it gives."""

from datetime import date
from uuid import uuid5

from mesh.tasks import TaskRefused

from documents.domain.events import CompleteTask, Seen
from documents.domain.evidence import is_good, is_sha256
from documents.domain.file import Document, Verifying
from documents.domain.policy import Policy

REJECTIONS = frozenset({"ILLEGIBLE", "WRONG_PARTY", "EXPIRED", "INCOMPLETE", "NOT_AUTHENTIC"})


def refusal_of(
    case: Verifying, command: CompleteTask, *, today: date, policy: Policy
) -> TaskRefused | None:
    """Say why the findings cannot be taken, all or nothing; none if they can."""
    named = [f.document for f in (*command.verified, *command.rejected)]
    if not named and not command.everything:
        return _invalid("name what is verified or rejected, or say all")
    if len(set(named)) < len(named) or (named and command.everything):
        return _invalid("name each document once")
    for document in named:
        if document not in case.wanted:
            return TaskRefused("DOCUMENT_NOT_WANTED", f"{document} is not wanted")
    for returned in command.rejected:
        if returned.code not in REJECTIONS:
            return _invalid(f"a rejection is one of {', '.join(sorted(REJECTIONS))}")
    for seen in command.verified:
        if seen.sha256 is not None and not is_sha256(seen.sha256):
            return _invalid(f"the sha256 of {seen.document} is not 64 hex digits")
        if seen.dated and not is_good(seen.document, seen.dated, today=today, policy=policy):
            return TaskRefused(
                "DOCUMENT_NOT_CURRENT", f"{seen.document} of {seen.dated} does not count today"
            )
    return None


def documents_of(
    case: Verifying, command: CompleteTask, *, today: date, policy: Policy
) -> list[Document]:
    """Give the documents that the agent vouches for."""
    seen = [Seen(d, None, None) for d in case.wanted] if command.everything else command.verified
    return [
        Document(
            document_id=uuid5(command.cause, f"document/{place}"),
            document=found.document,
            sha256=found.sha256,
            dated=found.dated or today,
            agent=command.by.id,
            legal_code=case.legal_code if found.document in policy.by_legal_code else None,
        )
        for place, found in enumerate(seen)
    ]


def _invalid(message: str) -> TaskRefused:
    return TaskRefused("INVALID_FIELDS", message)
