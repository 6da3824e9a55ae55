"""The policy is data, and a policy with a hole is not loaded."""

import pytest
from ledger.domain.money import Component
from ledger.domain.policy import Policy
from ledger.settings import LedgerSettings, own_policy

POLICY = Policy.parse(own_policy())


def test_the_ledgers_own_policy_has_an_account_for_every_role_that_can_be_reached() -> None:
    assert list(POLICY.unmapped()) == []


def test_a_role_without_an_account_is_named() -> None:
    text = own_policy().replace('OPENING = "3900"\n', "")

    with pytest.raises(ValueError, match=r"no account for BNK\.OPENING"):
        Policy.parse(text)


def test_the_allowance_method_needs_an_allowance() -> None:
    text = own_policy().replace('method = "direct"', 'method = "allowance"')

    with pytest.raises(ValueError, match=r"BNK\.ALLOWANCE"):
        Policy.parse(text)


def test_an_unknown_key_is_an_error() -> None:
    with pytest.raises(ValueError, match="unknown keys"):
        Policy.parse(own_policy().replace("version =", "colour = 1\nversion ="))


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
