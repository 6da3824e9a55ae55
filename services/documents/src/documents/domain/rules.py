"""Apply the document rules: which documents a case needs, and whether it is a special one."""

from fractions import Fraction

from mesh.currency import DECIMALS

from documents.domain.file import Requirement, Terms
from documents.domain.policy import Policy, Rule


def usd(terms: Terms) -> Fraction | None:
    """Give the amount in US dollars, exactly; none: there is no rate."""
    if terms.usd_rate is None:
        return None
    units = Fraction(terms.amount_minor, 10 ** DECIMALS.get(terms.currency, 2))
    return units * terms.usd_rate


def required(terms: Terms, policy: Policy) -> tuple[Requirement, ...]:
    """Give what the rules ask, in their order, each document once; what the mesh makes is met."""
    amount_usd = usd(terms)
    secured = terms.product in policy.secured
    asked: dict[str, Requirement] = {}
    for rule in policy.rules:
        if rule.document not in asked and _fits(
            rule, terms, amount_usd=amount_usd, secured=secured
        ):
            asked[rule.document] = (
                Requirement(rule.document, rule.rule, "MET", "MADE")
                if rule.document in policy.made
                else Requirement(rule.document, rule.rule)
            )
    return tuple(asked.values())


def is_special(terms: Terms, policy: Policy) -> bool:
    """Say whether the case is one for people with experience."""
    amount_usd = usd(terms)
    return (
        terms.reason in policy.special_reasons
        or terms.litigation in policy.special_litigation
        or amount_usd is None
        or amount_usd > policy.special_usd_above
    )


def _fits(rule: Rule, terms: Terms, *, amount_usd: Fraction | None, secured: bool) -> bool:
    """Say whether every condition of a rule holds; no rate counts as above every limit."""
    return (
        terms.kind in rule.kinds
        and rule.segment in (None, terms.segment)
        and (not rule.reasons or terms.reason in rule.reasons)
        and terms.reason not in rule.but_reasons
        and (amount_usd is None or amount_usd >= rule.usd_from)
        and rule.channel in (None, terms.channel)
        and (not rule.litigation or terms.litigation in rule.litigation)
        and (secured or not rule.is_secured)
        and (terms.has_guarantor or not rule.has_guarantor)
        and (terms.collection_ceases or not rule.collection_ceases)
    )
