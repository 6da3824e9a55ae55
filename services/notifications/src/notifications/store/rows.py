"""A notice as a row and back. Which columns are filled follows from where it stands."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from typing import Any

import orjson
from mesh.service import Key

from notifications.domain.notices import (
    Content,
    Failed,
    Held,
    Notice,
    Party,
    PartyFile,
    Pending,
    Proof,
    Sent,
    Standing,
    Suppressed,
)

STANDING: dict[str, Any] = dict.fromkeys(
    (
        "state",
        "channel",
        "try_at",
        "tries",
        "outages",
        "rule",
        "code",
        "provider_id",
        "text_sha256",
        "address_sha256",
        "template_version",
        "sent_at",
    )
)
"""The columns that tell where a notice stands, in the order of the statement."""


def from_notice(notice: Notice) -> tuple[Any, ...]:
    """Flatten a notice, in the order of the statement, lane and loan left out."""
    content = orjson.dumps(notice.content).decode()
    return (
        notice.notice_id,
        notice.posting_id,
        notice.case_id,
        notice.notice,
        notice.recipient,
        notice.deadline,
        content,
        notice.attempts,
        *(STANDING | _from_standing(notice.standing)).values(),
    )


def to_notice(row: Mapping[str, Any]) -> Notice:
    """Read a row."""
    content = orjson.loads(row["content"])
    return Notice(
        notice_id=row["notice_id"],
        posting_id=row["posting_id"],
        case_id=row["case_id"],
        notice=row["notice"],
        recipient=row["recipient"],
        deadline=row["deadline"],
        content=Content(**content | {"date": date.fromisoformat(content["date"])}),
        attempts=row["attempts"],
        standing=_to_standing(row),
    )


def to_party(row: Mapping[str, Any]) -> Party | None:
    """Read a party's columns; none: it was erased."""
    if row["is_erased"]:
        return None
    return Party(
        party_id=row["recipient"] if "recipient" in row else row["party_id"],
        given_name=row["given_name"],
        family_name=row["family_name"],
        business_name=row["business_name"],
        email=row["email"],
        locale=row["locale"],
    )


def from_party(key: Key, file: PartyFile) -> tuple[Any, ...]:
    """Flatten a party; of one that was erased only its version stays."""
    party = file.party
    personal = (
        (party.given_name, party.family_name, party.business_name, party.email, party.locale)
        if party
        else (None,) * 5
    )
    return (key.tenant, key.id, *file.version, party is None, *personal)


def _from_standing(standing: Standing) -> dict[str, Any]:
    match standing:
        case Pending():
            return {
                "state": "PENDING",
                "channel": standing.channel,
                "try_at": standing.try_at,
                "tries": standing.tries,
                "outages": standing.outages,
                "code": standing.code,
            }
        case Held():
            return {"state": "HELD", "rule": standing.rule, "try_at": standing.remind_at}
        case Suppressed():
            return {"state": "SUPPRESSED", "rule": standing.rule}
        case Failed():
            return {"state": "FAILED", "code": standing.code}
        case Sent(proof, at):
            return {"state": "SENT", "sent_at": at, **asdict(proof)}


def _to_standing(row: Mapping[str, Any]) -> Standing:
    match row["state"]:
        case "PENDING":
            return Pending(
                row["channel"],
                row["try_at"],
                tries=row["tries"],
                outages=row["outages"],
                code=row["code"],
            )
        case "HELD":
            return Held(row["rule"], row["try_at"])
        case "SUPPRESSED":
            return Suppressed(row["rule"])
        case "FAILED":
            return Failed(row["code"])
        case _:
            proof = Proof(
                channel=row["channel"],
                provider_id=row["provider_id"],
                text_sha256=row["text_sha256"],
                address_sha256=row["address_sha256"],
                template_version=row["template_version"],
            )
            return Sent(proof, row["sent_at"])
