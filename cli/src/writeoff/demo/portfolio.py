"""A seeded portfolio of loans: persons and businesses, products, currencies, arrears. Pure."""

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from writeoff.demo.names import BUSINESS_KINDS, BUSINESS_NAMES, FAMILY_NAMES, GIVEN_NAMES
from writeoff.door import Json
from writeoff.money import decimals_of, minor_written


@dataclass(frozen=True, slots=True)
class Product:
    """What is lent, to whom, in which currency and size."""

    name: str
    segment: str
    currency: str
    share: int
    """Of a hundred loans."""
    low: int
    high: int
    """Principal in whole units of the currency; small sums are more frequent than large ones."""
    months: int


PRODUCTS = (
    Product("PERSONAL_LOAN", "PERSONAL", "USD", 22, 400, 30_000, 48),
    Product("CREDIT_LINE", "PERSONAL", "USD", 10, 200, 15_000, 60),
    Product("AUTO_LOAN", "PERSONAL", "USD", 10, 3_000, 45_000, 60),
    Product("PERSONAL_LOAN", "PERSONAL", "EUR", 10, 400, 25_000, 48),
    Product("MORTGAGE", "PERSONAL", "EUR", 3, 60_000, 400_000, 240),
    Product("ASSET_PAYGO", "PERSONAL", "KES", 12, 4_000, 60_000, 24),
    Product("PERSONAL_LOAN", "PERSONAL", "JPY", 6, 80_000, 4_000_000, 48),
    Product("BUSINESS_TERM_LOAN", "BUSINESS", "USD", 11, 5_000, 600_000, 84),
    Product("BUSINESS_CREDIT_LINE", "BUSINESS", "EUR", 6, 3_000, 200_000, 60),
    Product("EQUIPMENT_LOAN", "BUSINESS", "EUR", 4, 10_000, 300_000, 60),
    Product("BUSINESS_TERM_LOAN", "BUSINESS", "KWD", 4, 1_000, 150_000, 60),
    Product("COMMERCIAL_MORTGAGE", "BUSINESS", "USD", 2, 150_000, 6_000_000, 180),
)

ARREARS = ((55, 0, 0), (15, 1, 29), (8, 30, 59), (6, 60, 89), (6, 90, 179), (10, 180, 720))
"""Of a hundred loans so many are between these days past due."""

CLOSED_PER_100 = 6
SMALL_PER_100 = 8
"""Loans of which only a residual is left, small enough to be written off by policy."""

SMALL_MAX = {"USD": 90, "EUR": 80, "KES": 9_000, "JPY": 12_000, "KWD": 25}
"""In whole units: less than 100 US dollars."""

NO_MAIL_PER_100 = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Loan:
    """A loan and its customer, as a core banking system would hand them over."""

    loan_id: str
    customer_id: str
    names: tuple[tuple[str, str], ...]
    email: str | None
    product: Product
    balances_minor: tuple[tuple[str, int], ...]
    opened: date
    days_past_due: int
    status: str
    is_small: bool

    @property
    def outstanding_minor(self) -> int:
        """All that is owed."""
        return sum(minor for _, minor in self.balances_minor)

    def to_row(self, *, today: date) -> Json:
        """Return the row that the ledger's door takes."""
        currency = self.product.currency
        return {
            "loan_id": self.loan_id,
            "customer_id": self.customer_id,
            **dict(self.names),
            "email": self.email,
            "product": self.product.name,
            "segment": self.product.segment,
            "currency": currency,
            **{name: minor_written(minor, currency) for name, minor in self.balances_minor},
            "unearned_interest": minor_written(0, currency),
            "opened": self.opened.isoformat(),
            "expiry": (self.opened + timedelta(days=self.product.months * 30)).isoformat(),
            "status": self.status,
            "days_past_due": self.days_past_due,
            "sanctioner": "sanctions-desk",
            "sanction_level": 1,
        }


def portfolio(*, seed: int, number: int, loans: int, today: date) -> tuple[Loan, ...]:
    """Make loans: the same for the same seed, number and day."""
    random = Random(f"{seed}/{number}")  # noqa: S311 (no secret)
    prefix = f"LN-{seed}{chr(ord('A') + number % 26)}"
    return tuple(_loan(random, f"{prefix}-{place:05d}", today) for place in range(1, loans + 1))


def _loan(random: Random, loan_id: str, today: date) -> Loan:
    (product,) = random.choices(PRODUCTS, [each.share for each in PRODUCTS])
    ((_, low, high),) = random.choices(ARREARS, [share for share, _, _ in ARREARS])
    is_closed = random.randrange(100) < CLOSED_PER_100
    is_small = not is_closed and random.randrange(100) < SMALL_PER_100
    days_past_due = 0 if is_closed else random.randint(low, high)
    age_days = days_past_due + random.randint(90, product.months * 20)
    customer_id = loan_id.replace("LN-", "P-")
    names = _names(random, product)
    return Loan(
        loan_id=loan_id,
        customer_id=customer_id,
        names=names,
        email=_email(random, names, customer_id),
        product=product,
        balances_minor=_balances(
            random, product, is_closed=is_closed, is_small=is_small, days_past_due=days_past_due
        ),
        opened=today - timedelta(days=age_days),
        days_past_due=days_past_due,
        status="CLOSED_OBLIGATIONS_MET" if is_closed else "ACTIVE",
        is_small=is_small,
    )


def _balances(
    random: Random, product: Product, *, is_closed: bool, is_small: bool, days_past_due: int
) -> tuple[tuple[str, int], ...]:
    """Make what is owed: interest and fees grow with the days past due."""
    unit = 10 ** decimals_of(product.currency)
    if is_closed:
        principal = interest = fees = penalties = 0
    elif is_small:
        principal = random.randint(unit, SMALL_MAX[product.currency] * unit)
        interest = fees = penalties = 0
    else:
        # The product of two draws: many small loans, few large ones.
        spread = (product.high - product.low) * unit
        share = random.randrange(1000) * random.randrange(1000)
        principal = product.low * unit + spread * share // 1_000_000 + random.randrange(unit)
        interest = principal * random.randint(6, 18) * days_past_due // 36_500
        fees = random.randint(5, 60) * unit if days_past_due >= 30 else 0
        penalties = principal // 200 if days_past_due >= 90 else 0
    return (
        ("principal", principal),
        ("interest", interest),
        ("fees", fees),
        ("penalties", penalties),
        ("tax", 0),
    )


def _names(random: Random, product: Product) -> tuple[tuple[str, str], ...]:
    if product.segment == "BUSINESS":
        name = f"{random.choice(BUSINESS_NAMES)} {random.choice(BUSINESS_KINDS)}"
        return (("business_name", name),)
    return (
        ("given_name", random.choice(GIVEN_NAMES)),
        ("family_name", random.choice(FAMILY_NAMES)),
    )


def _email(random: Random, names: tuple[tuple[str, str], ...], customer_id: str) -> str | None:
    if random.randrange(100) < NO_MAIL_PER_100:
        return None
    words = "".join(c for c in names[0][1].lower() if c.isascii() and c.isalnum())
    return f"{words}.{customer_id.lower()}@example.com"
