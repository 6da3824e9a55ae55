"""Which documents a case needs, and whom to believe: data, checked when it is loaded."""

from collections.abc import Mapping
from dataclasses import dataclass

LOSSES = frozenset({"CHARGE_OFF", "WRITE_OFF"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A document, and when it is asked for: all conditions hold. None or empty: any."""

    rule: str
    document: str
    deferment_days: int | None
    """The longest that the document may be deferred; none: never."""
    kinds: frozenset[str] = LOSSES
    segment: str | None = None
    reasons: frozenset[str] = frozenset()
    but_reasons: frozenset[str] = frozenset()
    usd_from: int = 0
    """Whole US dollars; the figure itself fits."""
    channel: str | None = None
    litigation: frozenset[str] = frozenset()
    is_secured: bool = False
    has_guarantor: bool = False
    collection_ceases: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The document rules of a tenant, in one version."""

    version: str
    rules: tuple[Rule, ...]
    secured: frozenset[str]
    """Products with collateral."""
    made: frozenset[str]
    """Documents that the mesh makes and verifies itself."""
    trusted: Mapping[str, frozenset[str]]
    """By document: the sources that are believed when they supply it."""
    age_days_max: int
    ageless: frozenset[str]
    """Documents that are good at any age."""
    by_legal_code: frozenset[str]
    """Documents that are about one legal status: good for a case of the same one."""
    attestable_but_reasons: frozenset[str]
    """Reasons for which no approval reference stands in for documents."""
    special_usd_above: int
    special_reasons: frozenset[str]
    special_litigation: frozenset[str]

    def __post_init__(self) -> None:
        """Assert that the data knows every document it asks for."""
        asked = {rule.document for rule in self.rules}
        assert asked <= self.trusted.keys() | self.made, "every document has its trusted sources"
        assert self.ageless <= asked, "what is good at any age is asked for"
        assert self.age_days_max > 0


def _reasons(*codes: str) -> frozenset[str]:
    return frozenset(codes)


_REPOSSESSION = _reasons("REPOSSESSION_FAILED", "COLLATERAL_SHORTFALL")
_CORRECTIONS = frozenset({"REMOVAL", "REVERSAL"})

RULES = (
    Rule(rule="R1", document="STATEMENT_OF_ACCOUNT", deferment_days=None),
    Rule(
        rule="R2",
        document="COLLECTION_LOG",
        deferment_days=30,
        but_reasons=_reasons("SMALL_BALANCE"),
    ),
    Rule(
        rule="R3",
        document="FINAL_DEMAND",
        deferment_days=30,
        segment="PERSONAL",
        usd_from=1_000,
        reasons=_reasons("UNCOLLECTIBLE", "AGED", "SKIP"),
    ),
    Rule(
        rule="R4",
        document="FINAL_DEMAND",
        deferment_days=30,
        segment="BUSINESS",
        usd_from=5_000,
        but_reasons=_reasons("WINDING_UP"),
    ),
    Rule(
        rule="R4",
        document="FINANCIAL_STATEMENTS",
        deferment_days=60,
        segment="BUSINESS",
        usd_from=5_000,
        but_reasons=_reasons("WINDING_UP"),
    ),
    Rule(rule="R5", document="COURT_NOTICE", deferment_days=None, reasons=_reasons("BANKRUPTCY")),
    Rule(
        rule="R5", document="LIQUIDATOR_REPORT", deferment_days=60, reasons=_reasons("WINDING_UP")
    ),
    Rule(
        rule="R6", document="DEATH_CERTIFICATE", deferment_days=None, reasons=_reasons("DECEASED")
    ),
    Rule(rule="R6", document="ESTATE_REPORT", deferment_days=60, reasons=_reasons("DECEASED")),
    Rule(rule="R6", document="FRAUD_REPORT", deferment_days=None, reasons=_reasons("FRAUD")),
    Rule(rule="R6", document="POLICE_REPORT", deferment_days=30, reasons=_reasons("FRAUD")),
    Rule(rule="R7", document="TRACE_REPORT", deferment_days=30, reasons=_reasons("SKIP")),
    Rule(
        rule="R7",
        document="SETTLEMENT_AGREEMENT",
        deferment_days=None,
        reasons=_reasons("SETTLEMENT"),
    ),
    Rule(
        rule="R8",
        document="REPOSSESSION_REPORT",
        deferment_days=None,
        reasons=_reasons("REPOSSESSION_FAILED"),
    ),
    Rule(
        rule="R8",
        document="VALUATION",
        deferment_days=None,
        reasons=_reasons("COLLATERAL_SHORTFALL"),
    ),
    Rule(
        rule="R8",
        document="SALE_STATEMENT",
        deferment_days=30,
        reasons=_reasons("COLLATERAL_SHORTFALL"),
    ),
    Rule(
        rule="R9",
        document="VALUATION",
        deferment_days=60,
        is_secured=True,
        usd_from=5_000,
        but_reasons=_REPOSSESSION,
    ),
    Rule(
        rule="R10",
        document="GUARANTOR_DEMAND",
        deferment_days=30,
        has_guarantor=True,
        usd_from=5_000,
    ),
    Rule(rule="R11", document="COURT_PAPER", deferment_days=30, litigation=frozenset({"L", "P"})),
    Rule(
        rule="R12",
        document="RECOVERY_OPINION",
        deferment_days=30,
        segment="PERSONAL",
        usd_from=100_000,
    ),
    Rule(
        rule="R12",
        document="STAFF_ACCOUNTABILITY_REVIEW",
        deferment_days=30,
        segment="PERSONAL",
        usd_from=100_000,
    ),
    Rule(
        rule="R12",
        document="RECOVERY_OPINION",
        deferment_days=30,
        segment="BUSINESS",
        usd_from=250_000,
    ),
    Rule(
        rule="R12",
        document="STAFF_ACCOUNTABILITY_REVIEW",
        deferment_days=30,
        segment="BUSINESS",
        usd_from=250_000,
    ),
    Rule(rule="R13", document="ERROR_EVIDENCE", deferment_days=None, kinds=_CORRECTIONS),
    Rule(
        rule="R13",
        document="RECEIPT",
        deferment_days=15,
        kinds=frozenset({"RECOVERY"}),
        channel="AGENT",
        usd_from=10_000,
    ),
    Rule(rule="R14", document="DISCHARGE_DECISION", deferment_days=None, collection_ceases=True),
    Rule(
        rule="R14",
        document="COURT_DECISION",
        deferment_days=None,
        reasons=_reasons("STATUTE_BARRED"),
    ),
)

TRUSTED: Mapping[str, frozenset[str]] = {
    "COLLECTION_LOG": frozenset({"core", "collections"}),
    "FINAL_DEMAND": frozenset({"core", "collections"}),
    "FINANCIAL_STATEMENTS": frozenset({"auditor", "registry"}),
    "COURT_NOTICE": frozenset({"court"}),
    "LIQUIDATOR_REPORT": frozenset({"court", "liquidator"}),
    "DEATH_CERTIFICATE": frozenset({"registry"}),
    "ESTATE_REPORT": frozenset({"court", "registry"}),
    "FRAUD_REPORT": frozenset({"fraud-desk"}),
    "POLICE_REPORT": frozenset({"police"}),
    "TRACE_REPORT": frozenset({"tracing"}),
    "SETTLEMENT_AGREEMENT": frozenset({"court", "legal"}),
    "REPOSSESSION_REPORT": frozenset({"field"}),
    "VALUATION": frozenset({"valuer"}),
    "SALE_STATEMENT": frozenset({"auction"}),
    "GUARANTOR_DEMAND": frozenset({"core", "collections"}),
    "COURT_PAPER": frozenset({"court"}),
    "RECOVERY_OPINION": frozenset({"legal"}),
    "STAFF_ACCOUNTABILITY_REVIEW": frozenset({"audit"}),
    "ERROR_EVIDENCE": frozenset({"core"}),
    "RECEIPT": frozenset({"core"}),
    # That collection ceases is decided by people: nobody's paper is believed unseen.
    "DISCHARGE_DECISION": frozenset(),
    "COURT_DECISION": frozenset({"court"}),
}

POLICY = Policy(
    version="2026-1",
    rules=RULES,
    secured=frozenset(
        {"AUTO_LOAN", "MORTGAGE", "EQUIPMENT_LOAN", "COMMERCIAL_MORTGAGE", "ASSET_PAYGO"}
    ),
    made=frozenset({"STATEMENT_OF_ACCOUNT"}),
    trusted=TRUSTED,
    age_days_max=90,
    ageless=frozenset(
        {
            "COURT_NOTICE",
            "COURT_PAPER",
            "COURT_DECISION",
            "DEATH_CERTIFICATE",
            "SETTLEMENT_AGREEMENT",
        }
    ),
    by_legal_code=frozenset({"COURT_PAPER"}),
    attestable_but_reasons=_reasons("FRAUD"),
    special_usd_above=250_000,
    special_reasons=_reasons("FRAUD"),
    special_litigation=frozenset({"L", "P"}),
)
