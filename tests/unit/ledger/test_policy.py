"""The policy is data, and a policy with a hole is not loaded."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from ledger.domain.money import Component
from ledger.domain.policy import Method, NonAccrual
from ledger.domain.policyfile import Policies, PolicyWrong
from ledger.policies import PolicyBook
from ledger.settings import LedgerSettings, own_policy

POLICY = Policies.parse(own_policy()).everybody


def test_the_ledgers_own_policy_has_an_account_for_every_role_that_can_be_reached() -> None:
    assert list(POLICY.unmapped()) == []


def test_a_role_without_an_account_is_named() -> None:
    text = own_policy().replace('OPENING = "3900"\n', "")

    with pytest.raises(ValueError, match=r"no account for BNK\.OPENING"):
        Policies.parse(text)


def test_the_allowance_method_needs_an_allowance() -> None:
    text = own_policy().replace('method = "direct"', 'method = "allowance"')

    with pytest.raises(ValueError, match=r"BNK\.ALLOWANCE"):
        Policies.parse(text)


def test_an_unknown_key_is_an_error() -> None:
    with pytest.raises(ValueError, match="colour: unknown key"):
        Policies.parse(own_policy().replace("version =", "colour = 1\nversion ="))


def test_a_wrong_policy_stops_the_start(tmp_path) -> None:  # pyright: ignore[reportMissingParameterType, reportUnknownParameterType]
    file = tmp_path / "policy.toml"
    file.write_text(own_policy().replace('method = "direct"', 'method = "guess"'))

    with pytest.raises(SystemExit, match="guess"):
        LedgerSettings.read({"LEDGER_POLICY_FILE": str(file)})


def test_fraud_is_an_operational_loss_unless_the_reason_has_an_account() -> None:
    account = POLICY.charge_off_account

    assert account(Component.PRINCIPAL, reason=None, fraud=True) == "6190"
    assert account(Component.PRINCIPAL, reason="FRAUD", fraud=True) == "6191"
    assert account(Component.FEES, reason="FRAUD", fraud=True) == "4011"
    assert POLICY.write_off_account(Component.FEES, reason="FRAUD") == "6291"
    assert POLICY.write_off_account(Component.INTEREST, reason="AGED") == "6201"


SPECIAL = """
[[special]]
product = "MORTGAGE"
method = "allowance"
accounts.BNK.ALLOWANCE = "1900"
accounts.BNK.PROVISION = "6000"

[[special]]
tenant = "acme"
reasons.OWN = { write_off = "6299" }

[[special]]
tenant = "acme"
product = "MORTGAGE"
non_accrual = "CHARGE_OFF"
"""


def test_a_tenant_and_a_product_have_what_differs_for_them() -> None:
    policies = Policies.parse(own_policy() + SPECIAL)

    everybody, acme = policies.of("demo"), policies.of("acme")
    assert "OWN" not in everybody.reasons
    assert acme.write_off_account(Component.TAX, reason="OWN") == "6299"
    assert everybody.method is Method.DIRECT
    assert everybody.of("MORTGAGE").allowance_code == "1900"
    assert everybody.of("AUTO_LOAN") is everybody
    assert acme.of("MORTGAGE").method is Method.ALLOWANCE
    assert acme.of("MORTGAGE").non_accrual is NonAccrual.CHARGE_OFF
    assert everybody.of("MORTGAGE").non_accrual is NonAccrual.NEVER
    assert acme.of("MORTGAGE").write_off_account(Component.TAX, reason="OWN") == "6299"


def test_earlier_versions_stay_for_what_was_posted_under_them() -> None:
    newer = own_policy().replace('"2026-01"', '"2026-02"').replace('"6300"', '"6301"')

    policy = Policies.parse(own_policy() + SPECIAL, newer).of("acme")

    assert (policy.version, policy.bnk("GOODWILL")) == ("2026-02", "6301")
    assert policy.at("2026-01").bnk("GOODWILL") == "6300"
    assert policy.of("MORTGAGE").at("2026-01").allowance_code == "1900"
    assert policy.of("MORTGAGE").allowance_code is None
    assert {edition.version for edition in policy.editions()} == {"2026-01", "2026-02"}


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('"2026-01"', '""', "version is missing"),
        ('method = "direct"\n', "", "policy 2026-01: method: missing"),
        ('CASH = "1000"\n', "", "no account for BNK.CASH"),
        ('GOODWILL = "6300"', 'GOODWIL = "6300"', "accounts.BNK.GOODWIL: unknown role"),
        ("DECEASED = {}", 'DECEASED = { chargeoff = "1" }', "reasons.DECEASED.chargeoff: unknown"),
        ('CO = ["penalties"', 'CO = ["penalty"', "waterfall.CO: not an order"),
        (
            "UNCOLLECTIBLE = {}",
            "UNCOLLECTIBLE = {}\n[[special]]\nmethod = 'allowance'",
            "special: names a tenant",
        ),
        (
            "UNCOLLECTIBLE = {}",
            "UNCOLLECTIBLE = {}\n[[special]]\nproduct = 'X'\nmethod = 'allowance'",
            "no account for BNK.ALLOWANCE, BNK.PROVISION (X)",
        ),
    ],
)
def test_a_hole_in_a_policy_is_named(old: str, new: str, says: str) -> None:
    assert old in own_policy()

    with pytest.raises(PolicyWrong) as wrong:
        Policies.parse(own_policy().replace(old, new, 1))

    assert says in str(wrong.value)


def test_a_version_is_there_once() -> None:
    with pytest.raises(PolicyWrong, match="version 2026-01 is there twice"):
        Policies.parse(own_policy(), own_policy())


# --- what is kept -----------------------------------------------------------------------------


class Kept:
    """A table of policies in memory."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}

    async def fetch(self, query: str, *args: Any) -> Sequence[Mapping[str, Any]]:
        if args:
            for version, text in zip(*args, strict=True):
                self.texts.setdefault(version, text)
        loaded_at = datetime(2026, 1, 31, tzinfo=UTC)
        return [{"version": v, "text": t, "loaded_at": loaded_at} for v, t in self.texts.items()]


async def test_a_version_stays_known_when_its_file_is_gone() -> None:
    kept = Kept()
    newer = own_policy().replace('"2026-01"', '"2026-02"').replace('"6300"', '"6301"')
    await PolicyBook([own_policy()]).keep(kept)
    book = PolicyBook([newer])

    await book.keep(kept)

    assert book.version == "2026-02"
    assert book.of("demo").bnk("GOODWILL") == "6301"
    assert book.of("demo").at("2026-01").bnk("GOODWILL") == "6300"
    assert list(kept.texts) == ["2026-01", "2026-02"]


async def test_an_older_version_may_be_in_force_again() -> None:
    kept = Kept()
    await PolicyBook([own_policy().replace('"2026-01"', '"2026-02"')]).keep(kept)
    book = PolicyBook([own_policy()])

    await book.keep(kept)

    assert book.version == "2026-01"
    assert book.of("demo").at("2026-02").version == "2026-02"


async def test_a_changed_file_under_the_same_version_is_refused_and_named() -> None:
    kept = Kept()
    await PolicyBook([own_policy()]).keep(kept)
    changed = PolicyBook([own_policy().replace('"6300"', '"6301"')])

    with pytest.raises(SystemExit, match=r"policy 2026-01 is another text .* on 2026-01-31"):
        await changed.keep(kept)
    assert kept.texts == {"2026-01": own_policy()}
