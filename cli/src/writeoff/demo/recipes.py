"""What an upstream asks for, by recipe: with and without approval, well and badly. Pure."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from hashlib import sha256
from random import Random

from writeoff.demo.portfolio import Loan
from writeoff.money import minor_written

SOURCE = "lending"
TENANT = "demo"
FOREIGN_TENANT = "sba"
"""One that the source may not speak for."""

UNKNOWN = "unknown loan"
"""The recipe whose loan nobody imports: it is looked for for a while before it is refused."""

REFERENCE_DAYS = 90

TOP_APPROVERS = (("l5-eve", 5), ("l4-deb", 4))
LOW_APPROVERS = (("l1-amy", 1),)

REASONS = ("UNCOLLECTIBLE", "AGED", "BANKRUPTCY", "Uncollectible - all means exhausted")


@dataclass(frozen=True, slots=True)
class Paper:
    """A document that comes with a request."""

    document: str
    source: str

    def sha256(self, request_id: str) -> str:
        """Return a hash that stands for the document's bytes."""
        return sha256(f"{request_id}/{self.document}".encode()).hexdigest()


PAPERS = (
    Paper("COLLECTION_LOG", "collections"),
    Paper("FINAL_DEMAND", "collections"),
    Paper("FINANCIAL_STATEMENTS", "auditor"),
    Paper("VALUATION", "valuer"),
    Paper("RECOVERY_OPINION", "legal"),
    Paper("STAFF_ACCOUNTABILITY_REVIEW", "audit"),
)
"""All that an uncollectible loan of any kind may need, from whom it is believed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """A register's entry."""

    reference: str
    loan_id: str
    amount_minor: int
    currency: str
    approvers: tuple[tuple[str, int], ...] = TOP_APPROVERS

    def to_row(self, *, today: date) -> dict[str, object]:
        """Return what authorization's door takes."""
        return {
            "reference": self.reference,
            "loan_id": self.loan_id,
            "kind": "WRITE_OFF",
            "amount": minor_written(self.amount_minor, self.currency),
            "currency": self.currency,
            "reasons": [],
            "approvers": [{"id": name, "level": level} for name, level in self.approvers],
            "issued": today.isoformat(),
            "expires": (today + timedelta(days=REFERENCE_DAYS)).isoformat(),
            "attests_documents": True,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One request as an upstream makes it, and the approval that lies behind it, if any."""

    recipe: str
    request_id: str
    loan_id: str
    tenant: str = TENANT
    currency: str
    amount_minor: int | None = None
    scope: str = "FULL"
    reason: str = "UNCOLLECTIBLE"
    date: date
    litigation: str = "N"
    legal_code: str | None = None
    approval_reference: str | None = None
    papers: tuple[Paper, ...] = ()
    notes: str | None = None
    approval: Approval | None = None


@dataclass(frozen=True, slots=True)
class Draw:
    """What a recipe may use: a loan of its own, its place in the run, and chance."""

    loan: Loan
    other: Loan
    number: str
    random: Random
    today: date

    def ask(self, recipe: str) -> Ask:
        """Return a plain request for all of the loan."""
        return Ask(
            recipe=recipe,
            request_id=f"WO-{self.number}",
            loan_id=self.loan.loan_id,
            currency=self.loan.product.currency,
            date=self.today - timedelta(days=self.random.randint(0, 20)),
        )

    def approval(self, **changes: object) -> Approval:
        """Return a register's entry that covers it."""
        approval = Approval(
            reference=f"APPR-{self.today.year}-{self.number}",
            loan_id=self.loan.loan_id,
            amount_minor=self.loan.outstanding_minor,
            currency=self.loan.product.currency,
        )
        return replace(approval, **changes)


type Recipe = Callable[[Draw], Ask]


def approved(draw: Draw, **changes: object) -> Ask:
    """Ask for all of it, approved beforehand."""
    approval = draw.approval()
    ask = draw.ask("approved beforehand")
    told = {
        "reason": draw.random.choice(REASONS),
        "approval": approval,
        "approval_reference": approval.reference,
    }
    return replace(ask, **told | changes)


def deceased(draw: Draw) -> Ask:
    """Ask for a customer who died."""
    return replace(approved(draw, reason="DECEASED"), recipe="customer deceased, no letter")


def partial(draw: Draw) -> Ask:
    """Ask for a part of it."""
    amount_minor = max(draw.loan.outstanding_minor * draw.random.randint(20, 80) // 100, 1)
    ask = approved(draw, scope="PARTIAL", amount_minor=amount_minor)
    return replace(ask, recipe="a part of it, approved")


def small(draw: Draw) -> Ask:
    """Ask for a residual that policy lets go."""
    return replace(draw.ask("small balance, by policy"), reason="SMALL_BALANCE")


def with_papers(draw: Draw) -> Ask:
    """Supply every document, and leave the decision to authorizers."""
    return replace(draw.ask("with documents, to authorize"), papers=PAPERS)


def bare(draw: Draw) -> Ask:
    """Supply nothing."""
    return replace(draw.ask("nothing supplied"), reason="AGED")


def at_law(draw: Draw) -> Ask:
    """Ask during a lawsuit."""
    ask = approved(draw, reason="UNCOLLECTIBLE", litigation="L", legal_code="11")
    return replace(ask, recipe="under litigation, to review")


def unclear(draw: Draw) -> Ask:
    """Give a reason in words that no policy knows."""
    ask = approved(draw, reason="customer moved away, no contact")
    return replace(ask, recipe="reason in free words, to review")


def unknown_loan(draw: Draw) -> Ask:
    """Ask for a loan that nobody knows."""
    return replace(draw.ask(UNKNOWN), loan_id=f"LN-NONE-{draw.number}")


def too_much(draw: Draw) -> Ask:
    """Ask for one minor unit above the balance."""
    return approved(draw, recipe="above the balance", amount_minor=draw.loan.outstanding_minor + 1)


def closed(draw: Draw) -> Ask:
    """Ask for a loan that is paid."""
    return replace(draw.ask("closed loan"), papers=PAPERS)


def no_such_reference(draw: Draw) -> Ask:
    """Name an approval that nobody gave."""
    return approved(draw, recipe="unknown reference", approval=None)


def others_reference(draw: Draw) -> Ask:
    """Name the approval of another loan."""
    return approved(
        draw, recipe="another loan's reference", approval=draw.approval(loan_id=draw.other.loan_id)
    )


def low_level(draw: Draw) -> Ask:
    """Name an approval by too low a level."""
    approval = draw.approval(approvers=LOW_APPROVERS)
    return approved(draw, recipe="approved by too low a level", approval=approval)


def future(draw: Draw) -> Ask:
    """Ask for a day to come."""
    return approved(draw, recipe="dated tomorrow", date=draw.today + timedelta(days=3))
