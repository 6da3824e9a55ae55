-- Who is told what, where each notice stands, and the parties: here names and addresses are kept.

CREATE TABLE notice (
    notice_id        uuid PRIMARY KEY,
    lane             int  NOT NULL,
    tenant           text NOT NULL,
    loan_id          text NOT NULL,
    posting_id       uuid NOT NULL,
    case_id          uuid NOT NULL,
    notice           text NOT NULL,
    recipient        text NOT NULL,
    deadline         date NOT NULL,
    content          jsonb NOT NULL,
    attempts         int  NOT NULL,
    state            text NOT NULL CHECK (state IN ('PENDING', 'HELD', 'SUPPRESSED', 'SENT', 'FAILED')),
    channel          text CHECK (channel IN ('EMAIL', 'LETTER')),
    try_at           timestamptz,
    tries            int,
    outages          int,
    rule             text,
    code             text,
    provider_id      text,
    text_sha256      text,
    address_sha256   text,
    template_version text,
    sent_at          timestamptz,
    CHECK (state <> 'PENDING' OR (channel, try_at, tries, outages) IS NOT NULL),
    CHECK ((state = 'SENT') = ((provider_id, text_sha256, address_sha256, template_version, sent_at) IS NOT NULL))
) WITH (fillfactor = 80);
CREATE INDEX notice_of_loan ON notice (tenant, loan_id);
CREATE INDEX notice_of_case ON notice (case_id);
CREATE INDEX notice_to_send ON notice (lane, try_at) WHERE state = 'PENDING';

CREATE TABLE party (
    tenant        text    NOT NULL,
    party_id      text    NOT NULL,
    incarnation   bigint  NOT NULL,
    number        bigint  NOT NULL,
    is_erased     boolean NOT NULL,
    given_name    text,
    family_name   text,
    business_name text,
    email         text,
    locale        text,
    PRIMARY KEY (tenant, party_id),
    -- The row of an erased party stays, so that an older record cannot bring it back.
    CHECK (NOT is_erased OR (given_name, family_name, business_name, email, locale) IS NULL)
);

GRANT SELECT, INSERT, UPDATE ON notice, party TO notifications;
