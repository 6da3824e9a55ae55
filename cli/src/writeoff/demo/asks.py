"""A run's mixed requests: most can be carried out, some need people, some must be refused. Pure."""

from collections.abc import Callable, Sequence
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

REASONS = ("UNCOLLECTIBLE", "AGED", "BANKRUPTCY", "Uncollectible - all means exhausted", "DECEASED")


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


def _approved(draw: Draw, **changes: object) -> Ask:
    approval = draw.approval()
    ask = draw.ask("approved beforehand")
    told = {
        "reason": draw.random.choice(REASONS),
        "approval": approval,
        "approval_reference": approval.reference,
    }
    return replace(ask, **told | changes)


def _partial(draw: Draw) -> Ask:
    amount_minor = max(draw.loan.outstanding_minor * draw.random.randint(20, 80) // 100, 1)
    ask = _approved(draw, scope="PARTIAL", amount_minor=amount_minor)
    return replace(ask, recipe="a part of it, approved")


def _small(draw: Draw) -> Ask:
    return replace(draw.ask("small balance, by policy"), reason="SMALL_BALANCE")


def _with_papers(draw: Draw) -> Ask:
    return replace(draw.ask("with documents, to authorize"), papers=PAPERS)


def _bare(draw: Draw) -> Ask:
    return replace(draw.ask("nothing supplied"), reason="AGED")


def _at_law(draw: Draw) -> Ask:
    ask = _approved(draw, reason="UNCOLLECTIBLE", litigation="L", legal_code="11")
    return replace(ask, recipe="under litigation, to review")


def _unclear(draw: Draw) -> Ask:
    ask = _approved(draw, reason="customer moved away, no contact")
    return replace(ask, recipe="reason in free words, to review")


def _unknown_loan(draw: Draw) -> Ask:
    return replace(draw.ask(UNKNOWN), loan_id=f"LN-NONE-{draw.number}")


def _too_much(draw: Draw) -> Ask:
    return _approved(draw, recipe="above the balance", amount_minor=draw.loan.outstanding_minor + 1)


def _closed(draw: Draw) -> Ask:
    return replace(draw.ask("closed loan"), papers=PAPERS)


def _no_such_reference(draw: Draw) -> Ask:
    return _approved(draw, recipe="unknown reference", approval=None)


def _others_reference(draw: Draw) -> Ask:
    return _approved(
        draw, recipe="another loan's reference", approval=draw.approval(loan_id=draw.other.loan_id)
    )


def _low_level(draw: Draw) -> Ask:
    approval = draw.approval(approvers=LOW_APPROVERS)
    return _approved(draw, recipe="approved by too low a level", approval=approval)


def _future(draw: Draw) -> Ask:
    return _approved(draw, recipe="dated tomorrow", date=draw.today + timedelta(days=3))


@dataclass(frozen=True, slots=True)
class Share:
    """How many of a hundred requests are made so, and of which loans."""

    recipe: Recipe
    share: int
    wants: str = "usual"
    """usual, small, closed or middle."""


SHARES = (
    Share(_approved, 44),
    Share(_partial, 6),
    Share(_small, 9, "small"),
    Share(_with_papers, 10),
    Share(_bare, 5),
    Share(_at_law, 4),
    Share(_unclear, 4),
    Share(_unknown_loan, 3),
    Share(_too_much, 4),
    Share(_closed, 3, "closed"),
    Share(_no_such_reference, 2),
    Share(_others_reference, 1),
    Share(_low_level, 2, "middle"),
    Share(_future, 1),
)
"""The rest, two of a hundred, are repeats: the record again, or its id with another amount."""

MIDDLE_MINOR = {"USD": (550_000, 990_000), "EUR": (500_000, 850_000)}
"""Between 5,000 and 10,000 US dollars one L1 suffices for a business, and for a person one L2:
a register that knows the amount only lets such an approval pass, and the case's decision does not.
"""

MIDDLE_SHELF = 20
"""Two of a hundred requests want one; the other loans of that size are for everybody."""


def asks(loans: Sequence[Loan], *, count: int, seed: int, run: int, today: date) -> tuple[Ask, ...]:
    """Make a run's requests, as many as asked for, in the order in which they are published."""
    random = Random(f"{seed}/asks/{run}")  # noqa: S311 (no secret)
    shelves = _shelves(list(loans), random)
    made: list[Ask] = []
    for place, share in enumerate(_spread(count)):
        shelf = shelves[share.wants] or shelves["usual"]
        if not shelf:
            break
        loan = shelf.pop()
        number = f"{seed}{run:03d}{place:05d}"
        draw = Draw(loan, random.choice(loans), number, random, today)
        made.append(share.recipe(draw))
    random.shuffle(made)
    return tuple(_with_repeats(made, count, random))


def _shelves(loans: list[Loan], random: Random) -> dict[str, list[Loan]]:
    """Sort the loans by what they are good for; those longest past due are asked for first."""
    random.shuffle(loans)
    loans.sort(key=lambda loan: loan.days_past_due)
    shelves: dict[str, list[Loan]] = {"usual": [], "small": [], "closed": [], "middle": []}
    for loan in loans:
        if loan.status != "ACTIVE":
            shelves["closed"].append(loan)
        elif loan.is_small:
            shelves["small"].append(loan)
        elif _is_middle(loan) and len(shelves["middle"]) < MIDDLE_SHELF:
            shelves["middle"].append(loan)
        else:
            shelves["usual"].append(loan)
    return shelves


def _is_middle(loan: Loan) -> bool:
    low, high = MIDDLE_MINOR.get(loan.product.currency, (0, 0))
    return loan.product.segment == "PERSONAL" and low <= loan.outstanding_minor <= high


def _spread(count: int) -> list[Share]:
    """Give each recipe its share of so many; the largest recipe takes what rounding leaves."""
    whole = count - _repeats(count)
    total = sum(share.share for share in SHARES)
    spread = [share for share in SHARES for _ in range(whole * share.share // total)]
    return [SHARES[0]] * (whole - len(spread)) + spread


def _repeats(count: int) -> int:
    return count * 2 // 100


def _with_repeats(made: list[Ask], count: int, random: Random) -> list[Ask]:
    """Repeat some, as they were or with another amount; some speak for a foreign tenant."""
    result = list(made)
    for place in range(min(_repeats(count), count - len(made)) if made else 0):
        first = random.choice([ask for ask in made if ask.recipe == "approved beforehand"] or made)
        match place % 5:
            case 0:
                again = replace(first, recipe="the id again, another amount", amount_minor=1)
            case 1:
                again = replace(first, recipe="for a foreign tenant", tenant=FOREIGN_TENANT)
            case _:
                again = replace(first, recipe="the same again")
        result.insert(result.index(first) + 1, again)
    return result
