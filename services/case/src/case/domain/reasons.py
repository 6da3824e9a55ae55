"""Reasons as data, and the way from free text to one of them."""

import re
from dataclasses import dataclass

NO_HIT = "UNCOLLECTIBLE"
"""What a text is taken for that names no reason; a person then reviews."""


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason's code, the words that hint at it, and whose loans it is for (none: anybody's)."""

    code: str
    words: tuple[str, ...]
    segment: str | None = None

    def fits(self, segment: str) -> bool:
        """Say whether loans of the segment may have this reason."""
        return self.segment in (None, segment)

    def hits(self, text: str) -> bool:
        """Say whether a word of the text, in lower case, begins as one of ours."""
        return any(re.search(rf"\b{re.escape(word)}", text) for word in self.words)


REASONS = (
    Reason("FRAUD", ("fraud", "forged", "identity theft")),
    Reason("BANKRUPTCY", ("bankrupt", "chapter 7", "chapter 13", "insolven")),
    Reason("DECEASED", ("deceased", "death", "estate")),
    Reason("WINDING_UP", ("winding", "liquidat", "dissol"), segment="BUSINESS"),
    Reason("REPOSSESSION_FAILED", ("reposs", "product lost")),
    Reason("COLLATERAL_SHORTFALL", ("shortfall", "deficiency")),
    Reason("SETTLEMENT", ("settle", "compromise")),
    Reason("STATUTE_BARRED", ("limitation", "time-barred")),
    Reason("SKIP", ("untraceable", "abscond", "skip")),
    Reason("SMALL_BALANCE", ("small balance", "residual")),
    Reason("AGED", ("aged", "past due")),
    Reason("UNCOLLECTIBLE", ("uncollectible", "exhausted", "unrecoverable")),
)
"""In the order in which free text is matched."""

BY_CODE = {reason.code: reason for reason in REASONS}


def match(text: str, *, segment: str) -> Reason | None:
    """Find the reason that a text names, by its code or else by the first word that hits."""
    by_code = BY_CODE.get(text.strip().upper())
    if by_code:
        return by_code
    lower = text.lower()
    return next((r for r in REASONS if r.fits(segment) and r.hits(lower)), None)
