"""What a notice reads like, whatever is in a name."""

from dataclasses import replace
from datetime import UTC, date, datetime
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from notifications.domain.notices import Content, Party
from notifications.letters import PrintFolder
from notifications.mail import Mail, SmtpMailer, is_address
from notifications.rendering import Renderer, money, name_of

CONTENT = Content(
    case_number="C-2026-000001",
    product="PERSONAL_LOAN",
    segment="PERSONAL",
    currency="USD",
    principal_minor=123_456_789,
    interest_minor=1_050,
    fees_minor=0,
    penalties_minor=0,
    tax_minor=0,
    amount_minor=123_457_839,
    owed_minor=123_457_839,
    date=date(2026, 11, 20),
    tone="OWED",
)
JO = Party(
    party_id="P-1",
    given_name="Jo",
    family_name="Doe",
    business_name=None,
    email="jo@example.org",
    locale=None,
)
RENDERER = Renderer(lender="A Bank", contact="write-offs@bank.example")


def text_of(content: Content = CONTENT, party: Party = JO) -> str:
    return RENDERER.render("WRITE_OFF_NOTICE", content, loan_id="LN-00012345", party=party).text


def test_a_notice_says_what_was_written_off_and_that_it_is_still_owed() -> None:
    rendered = RENDERER.render("WRITE_OFF_NOTICE", CONTENT, loan_id="LN-00012345", party=JO)

    assert rendered.subject == "Your loan ending 2345 was written off"
    assert rendered.template_version == "en-US/WRITE_OFF_NOTICE/1"
    assert "Dear Jo Doe," in rendered.text
    assert "USD 1,234,567.89" in rendered.text
    assert "Fees" not in rendered.text
    assert "still\nowe USD 1,234,578.39" in rendered.text
    assert "C-2026-000001" in rendered.text
    assert "LN-00012345" not in rendered.text


@pytest.mark.parametrize("tone", ["DISCHARGED", "INFORMATION"])
def test_who_owes_nothing_or_is_bankrupt_is_not_asked_to_pay(tone: str) -> None:
    text = text_of(replace(CONTENT, tone=tone))  # pyright: ignore

    assert "still\nowe" not in text
    assert "how to pay" not in text


def test_a_business_is_told_nothing_of_credit_bureaus() -> None:
    acme = replace(JO, given_name=None, family_name=None, business_name="Acme & Söhne GmbH")
    text = text_of(replace(CONTENT, segment="BUSINESS"), acme)

    assert "Dear Acme & Söhne GmbH," in text
    assert "credit bureaus" not in text


def test_a_locale_that_is_not_shipped_falls_back() -> None:
    assert text_of(party=replace(JO, locale="fr-FR")) == text_of()


def test_the_newest_version_of_a_template_counts(tmp_path: Path) -> None:
    (tmp_path / "en-US").mkdir()
    for version in (2, 10, 9):
        file = tmp_path / "en-US" / f"WRITE_OFF_NOTICE.{version}.txt"
        file.write_text(f"subject\n\nversion {version}")
    renderer = Renderer(lender="A Bank", contact="x@y", folder=tmp_path)
    rendered = renderer.render("WRITE_OFF_NOTICE", CONTENT, loan_id="L", party=JO)

    assert (rendered.text, rendered.template_version) == (
        "version 10\n",
        "en-US/WRITE_OFF_NOTICE/10",
    )


def test_a_name_is_text_and_no_template() -> None:
    assert "Dear {{ 7*7 }} Doe," in text_of(party=replace(JO, given_name="{{ 7*7 }}"))


@pytest.mark.parametrize(
    ("amount_minor", "currency", "text"),
    [
        (5, "USD", "USD 0.05"),
        (1_234_567, "EUR", "EUR 12,345.67"),
        (1_234_567, "JPY", "JPY 1,234,567"),
        (1_234_567, "KWD", "KWD 1,234.567"),
    ],
)
def test_amounts_have_their_currencys_decimals(amount_minor: int, currency: str, text: str) -> None:
    assert money(amount_minor, currency) == text


@pytest.mark.parametrize(
    ("address", "good"),
    [
        ("jo@example.org", True),
        ("jo.o'neill+loans@mail.example.org", True),
        ("jo", False),
        ("", False),
        ("jo@@example.org", False),
        (".jo@example.org", False),
        ("jo@example.org\r\nRCPT TO:<eve@example.org>", False),
        ("jo@example.org,eve@example.org", False),
        ("Jo <jo@example.org>", False),
        ("jö@example.org", False),
        ("a" * 65 + "@" + "b" * 250, False),
    ],
)
def test_an_address_is_one_plain_address(address: str, good: bool) -> None:
    assert is_address(address) is good


@given(st.text(), st.text())
def test_no_name_can_add_a_header_or_a_recipient(given_name: str, family_name: str) -> None:
    party = replace(JO, given_name=given_name, family_name=family_name)
    rendered = RENDERER.render("WRITE_OFF_NOTICE", CONTENT, loan_id="LN-1", party=party)
    mailer = SmtpMailer(
        host="127.0.0.1",
        port=1,
        mail_from="write-offs@bank.example",
        from_name="A Bank",
        now=lambda: datetime(2026, 11, 24, tzinfo=UTC),
    )
    mail = Mail(
        message_id="<1@bank.example>",
        to_name=name_of(party),
        to_address="jo@example.org",
        subject=rendered.subject,
        text=rendered.text,
    )
    message = message_from_bytes(mailer.write(mail), policy=default)

    assert sorted(message.keys()) == sorted(
        [
            "From",
            "To",
            "Subject",
            "Date",
            "Message-ID",
            "Auto-Submitted",
            "MIME-Version",
            "Content-Type",
            "Content-Transfer-Encoding",
        ]
    )
    assert [a.addr_spec for a in message["To"].addresses] == ["jo@example.org"]
    assert rendered.text.count("\nDear ") + rendered.text.startswith("Dear ") == 1


async def test_a_letter_is_whole_and_a_repeat_replaces_it(tmp_path: Path) -> None:
    folder = PrintFolder(tmp_path / "print")

    await folder.put("1.txt", "first")
    await folder.put("1.txt", "again")

    assert [p.name for p in (tmp_path / "print").iterdir()] == ["1.txt"]
    assert (tmp_path / "print" / "1.txt").read_text() == "again"
