"""Grants of write-offs as authorization says them, and a ledger's database to post them into."""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from uuid import UUID, uuid4, uuid5

import asyncpg
from contracts.records import authorization, common
from contracts.types import from_date
from ledger.domain.grant import Terms, terms_hash
from mesh.migrations import migrate
from mesh.service import NAMESPACE, micros

from stack import Env

TOPIC = "writeoff.authorization.v1"

VALID = timedelta(days=30)


def case_of(tenant: str, loan_id: str) -> UUID:
    """Name the case that a grant is for."""
    return uuid5(NAMESPACE, f"bench/case/{tenant}/{loan_id}")


def grant(
    tenant: str, loan_id: str, *, amount_minor: int, asked: date
) -> authorization.AuthorizationGranted:
    """Grant the write-off of all that is owed, in minor units of USD."""
    case_id, now = case_of(tenant, loan_id), datetime.now(UTC)
    terms = Terms(
        kind="WRITE_OFF",
        scope="FULL",
        amount_minor=amount_minor,
        currency="USD",
        reason="AGED",
        date=asked,
    )
    return authorization.AuthorizationGranted(
        meta=common.Meta(
            event_id=str(uuid5(case_id, "granted")),
            tenant=tenant,
            case_id=str(case_id),
            loan_id=loan_id,
            occurred_at=micros(now),
            correlation_id=str(case_id),
            causation_id=str(case_id),
            actor=common.Actor(role="authorizer", id="l4-deb"),
        ),
        terms=_terms(terms, loan_id),
        grant_id=str(uuid5(case_id, "grant")),
        row="L3",
        level=3,
        approvers=[],
        amount_max_minor=amount_minor,
        expires_at=micros(now + VALID),
        matrix_version="1",
        terms_hash=terms_hash(tenant, loan_id, terms),
    )


@asynccontextmanager
async def ledger_database(
    env: Env, *, tell: Callable[[str], None] = lambda _: None
) -> AsyncGenerator[str]:
    """Make a ledger's database, give its address, and drop it when it is left."""
    name = f"bench_{uuid4().hex[:12]}"
    admin = await asyncpg.connect(env.admin_dsn())
    try:
        await admin.execute(f"CREATE ROLE {name}")
        await admin.execute(f"CREATE DATABASE {name}")
        dsn = env.admin_dsn(name)
        folder = Path(str(files("ledger") / "migrations"))
        await migrate(dsn, folders=[("ledger", folder)], tell=tell)
        yield dsn
    finally:
        await admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        await admin.execute(f"DROP ROLE {name}")
        await admin.close()


def _terms(terms: Terms, loan_id: str) -> common.Terms:
    return common.Terms(
        case_number=f"WO-{loan_id}",
        customer_id=f"C-{loan_id}",
        product="PERSONAL_LOAN",
        segment="PERSONAL",
        kind="WRITE_OFF",
        scope="FULL",
        amount=common.Money(amount_minor=terms.amount_minor, currency=terms.currency),
        usd_rate="1",
        reason=terms.reason,
        date=from_date(terms.date),
        channel="TOPIC",
        source="lending",
        maker="ana",
        litigation="N",
        fraud=False,
        related_party=False,
        collection_ceases=False,
        outstanding_minor=terms.amount_minor,
        charged_off_minor=0,
    )
