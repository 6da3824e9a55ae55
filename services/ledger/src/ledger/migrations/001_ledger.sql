-- The loan sub-ledger: loans in three books, their lots, parties, and a journal that is only added to.
-- Amounts are whole minor units of the currency. The runtime role `ledger` owns nothing.

CREATE TABLE loan (
    tenant              text    NOT NULL,
    loan_id             text    NOT NULL,
    lane                int     NOT NULL,
    customer_id         text    NOT NULL,
    guarantor_id        text,
    product             text    NOT NULL,
    segment             text    NOT NULL CHECK (segment IN ('PERSONAL', 'BUSINESS')),
    currency            text    NOT NULL,
    opened              date    NOT NULL,
    accrued_to          date    NOT NULL,
    expiry              date,
    rate                text    NOT NULL,
    days_past_due       int,
    sanctioner          text,
    sanction_level      int,
    fraud               boolean NOT NULL,
    row_hash            text    NOT NULL,
    status              text    NOT NULL,
    bnk_principal       bigint  NOT NULL,
    bnk_interest        bigint  NOT NULL,
    bnk_fees            bigint  NOT NULL,
    bnk_penalties       bigint  NOT NULL,
    bnk_tax             bigint  NOT NULL,
    co_principal        bigint  NOT NULL,
    co_interest         bigint  NOT NULL,
    co_fees             bigint  NOT NULL,
    co_penalties        bigint  NOT NULL,
    co_tax              bigint  NOT NULL,
    cust_principal      bigint  NOT NULL,
    cust_interest       bigint  NOT NULL,
    cust_fees           bigint  NOT NULL,
    cust_penalties      bigint  NOT NULL,
    cust_tax            bigint  NOT NULL,
    recovered_principal bigint  NOT NULL,
    recovered_interest  bigint  NOT NULL,
    recovered_fees      bigint  NOT NULL,
    recovered_penalties bigint  NOT NULL,
    recovered_tax       bigint  NOT NULL,
    unearned_minor      bigint  NOT NULL,
    deferred_minor      bigint  NOT NULL,
    last_transaction    date,
    version             bigint  NOT NULL,
    PRIMARY KEY (tenant, loan_id),
    CONSTRAINT cust_is_bnk_and_co CHECK (
        cust_principal + cust_interest + cust_fees + cust_penalties + cust_tax
        = bnk_principal + bnk_interest + bnk_fees + bnk_penalties + bnk_tax
        + co_principal + co_interest + co_fees + co_penalties + co_tax),
    CONSTRAINT nothing_is_negative CHECK (
        least(bnk_principal, bnk_interest, bnk_fees, bnk_penalties, bnk_tax,
              co_principal, co_interest, co_fees, co_penalties, co_tax,
              cust_principal, cust_interest, cust_fees, cust_penalties, cust_tax,
              recovered_principal, recovered_interest, recovered_fees, recovered_penalties,
              recovered_tax, unearned_minor, deferred_minor) >= 0),
    CONSTRAINT unearned_is_interest CHECK (unearned_minor <= least(bnk_interest, cust_interest))
) WITH (fillfactor = 80);

CREATE TABLE lot (
    tenant         text   NOT NULL,
    loan_id        text   NOT NULL,
    place          int    NOT NULL,
    lane           int    NOT NULL,
    kind           text   NOT NULL CHECK (kind IN ('CHARGE_OFF', 'WRITE_OFF')),
    component      text   NOT NULL,
    account        text   NOT NULL,
    standing_minor bigint NOT NULL CHECK (standing_minor >= 0),
    made_on        date   NOT NULL,
    entry_id       uuid   NOT NULL,
    PRIMARY KEY (tenant, loan_id, place)
);

CREATE TABLE party (
    tenant        text   NOT NULL,
    party_id      text   NOT NULL,
    lane          int    NOT NULL,
    given_name    text,
    family_name   text,
    business_name text,
    email         text,
    tax_id        text,
    locale        text,
    version       bigint NOT NULL,
    PRIMARY KEY (tenant, party_id)
);

CREATE TABLE journal (
    entry_id       uuid        PRIMARY KEY,
    lane           int         NOT NULL,
    tenant         text        NOT NULL,
    loan_id        text        NOT NULL,
    case_id        uuid,
    grant_id       uuid,
    transaction_id uuid        NOT NULL,
    kind           text        NOT NULL CHECK (kind IN ('OPENING', 'POST')),
    command        text        NOT NULL,
    reason         text,
    amount_minor   bigint,
    value_date     date        NOT NULL,
    booked_at      timestamptz NOT NULL,
    currency       text        NOT NULL,
    policy_version text        NOT NULL,
    line_count     int         NOT NULL CHECK (line_count >= 0)
);
CREATE INDEX journal_of_loan ON journal (tenant, loan_id);
CREATE UNIQUE INDEX journal_one_of_case ON journal (case_id) WHERE kind = 'POST';
CREATE UNIQUE INDEX journal_one_of_grant ON journal (grant_id) WHERE grant_id IS NOT NULL;

CREATE TABLE journal_line (
    entry_id     uuid   NOT NULL,
    place        int    NOT NULL,
    book         text   NOT NULL CHECK (book IN ('BNK', 'CO', 'CUST')),
    code         text   NOT NULL,
    component    text,
    debit_minor  bigint NOT NULL CHECK (debit_minor >= 0),
    credit_minor bigint NOT NULL CHECK (credit_minor >= 0),
    PRIMARY KEY (entry_id, place),
    CONSTRAINT one_side CHECK ((debit_minor > 0) <> (credit_minor > 0))
);

CREATE TABLE refusal (
    grant_id   uuid        NOT NULL,
    case_id    uuid        NOT NULL,
    lane       int         NOT NULL,
    tenant     text        NOT NULL,
    loan_id    text        NOT NULL,
    code       text        NOT NULL,
    message    text        NOT NULL,
    refused_at timestamptz NOT NULL,
    PRIMARY KEY (grant_id, case_id)
);

-- An entry's lines come in one statement, all of them, and balance in each book. Checked for the
-- whole statement at once, whoever wrote the rows; so nothing can be added to an entry later either.
-- A plan is kept from when the tables were empty: without the setting it would read them whole.
CREATE FUNCTION entries_balance() RETURNS trigger LANGUAGE plpgsql
SET search_path = '' SET enable_seqscan = off AS $$
DECLARE
    wrong uuid;
BEGIN
    SELECT f.entry_id INTO wrong
    FROM (SELECT DISTINCT entry_id FROM fresh) f
    CROSS JOIN LATERAL (
        SELECT l.book FROM public.journal_line l WHERE l.entry_id = f.entry_id
        GROUP BY l.book HAVING sum(l.debit_minor) <> sum(l.credit_minor)
    ) unbalanced
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'journal entry % does not balance', wrong USING ERRCODE = 'check_violation';
    END IF;

    SELECT f.entry_id INTO wrong
    FROM (SELECT DISTINCT entry_id FROM fresh) f
    WHERE (SELECT count(*) FROM public.journal_line l WHERE l.entry_id = f.entry_id)
        IS DISTINCT FROM (SELECT j.line_count FROM public.journal j WHERE j.entry_id = f.entry_id)
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'journal entry % does not have these lines', wrong
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION only_added_to() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
    RAISE EXCEPTION '% is only added to', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE TRIGGER lines_balance AFTER INSERT ON journal_line REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION entries_balance();
CREATE TRIGGER only_added_to BEFORE UPDATE OR DELETE OR TRUNCATE ON journal
    FOR EACH STATEMENT EXECUTE FUNCTION only_added_to();
CREATE TRIGGER only_added_to BEFORE UPDATE OR DELETE OR TRUNCATE ON journal_line
    FOR EACH STATEMENT EXECUTE FUNCTION only_added_to();
CREATE TRIGGER only_added_to BEFORE UPDATE OR DELETE OR TRUNCATE ON refusal
    FOR EACH STATEMENT EXECUTE FUNCTION only_added_to();

-- Also for a session that says it replicates.
ALTER TABLE journal_line ENABLE ALWAYS TRIGGER lines_balance;
ALTER TABLE journal_line ENABLE ALWAYS TRIGGER only_added_to;
ALTER TABLE journal ENABLE ALWAYS TRIGGER only_added_to;
ALTER TABLE refusal ENABLE ALWAYS TRIGGER only_added_to;

GRANT SELECT, INSERT ON journal, journal_line, refusal TO ledger;
GRANT SELECT, INSERT, UPDATE ON loan, lot, party TO ledger;
