"""A run's mixed requests: most can be carried out, some need people, some must be refused. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from random import Random

from writeoff.demo import recipes
from writeoff.demo.portfolio import Loan
from writeoff.demo.recipes import FOREIGN_TENANT, Ask, Draw, Recipe


@dataclass(frozen=True, slots=True)
class Share:
    """How many of a hundred requests are made so, and of which loans."""

    recipe: Recipe
    share: int
    wants: str = "usual"
    """usual, small, closed or middle."""


SHARES = (
    Share(recipes.approved, 42),
    Share(recipes.deceased, 2),
    Share(recipes.partial, 6),
    Share(recipes.small, 9, "small"),
    Share(recipes.with_papers, 10),
    Share(recipes.bare, 5),
    Share(recipes.at_law, 4),
    Share(recipes.unclear, 4),
    Share(recipes.unknown_loan, 3),
    Share(recipes.too_much, 4),
    Share(recipes.closed, 3, "closed"),
    Share(recipes.no_such_reference, 2),
    Share(recipes.others_reference, 1),
    Share(recipes.low_level, 2, "middle"),
    Share(recipes.future, 1),
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
