-- The loan sub-ledger: loans in three books, their lots, parties, and a journal that is only added to.
-- Amounts are whole minor units of the currency. The runtime role `ledger` owns nothing.

-- How a loan came into the books. A refinance claims its new loan's id here, so it is one row for
-- all lanes: whoever comes second finds it taken.
CREATE TABLE opening (
    tenant         text   NOT NULL,
    loan_id        text   NOT NULL,
    entry_id       uuid   NOT NULL,
    transaction_id uuid   NOT NULL,
    status         text   NOT NULL,
    opened         date   NOT NULL,
    bnk_principal  bigint NOT NULL,
    bnk_interest   bigint NOT NULL,
    bnk_fees       bigint NOT NULL,
    bnk_penalties  bigint NOT NULL,
    bnk_tax        bigint NOT NULL,
    co_principal   bigint NOT NULL,
    co_interest    bigint NOT NULL,
    co_fees        bigint NOT NULL,
    co_penalties   bigint NOT NULL,
    co_tax         bigint NOT NULL,
    cust_principal bigint NOT NULL,
    cust_interest  bigint NOT NULL,
    cust_fees      bigint NOT NULL,
    cust_penalties bigint NOT NULL,
    cust_tax       bigint NOT NULL,
    unearned_minor bigint NOT NULL,
    deferred_minor bigint NOT NULL,
    policy_version text   NOT NULL,
    PRIMARY KEY (tenant, loan_id)
);

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
    oldest_unpaid_due   date,
    instalment_minor    bigint,
    sanctioner          text,
    sanction_level      int,
    fraud               boolean NOT NULL,
    row_hash            text    NOT NULL,
    status              text    NOT NULL,
    last_transaction    date,
    last_accrue         date,
    last_charge_off     date,
    arrivals            int     NOT NULL DEFAULT 0,
    version             bigint  NOT NULL,
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
    overpaid_minor      bigint  NOT NULL DEFAULT 0,
    memo_minor          bigint  NOT NULL DEFAULT 0,
    -- Interest earned so far, exact: a fraction of the minor unit, n/d in hexadecimal.
    earned_bnk          text    NOT NULL DEFAULT '0/1',
    earned_cust         text    NOT NULL DEFAULT '0/1',
    booked_bnk_minor    bigint  NOT NULL DEFAULT 0,
    booked_cust_minor   bigint  NOT NULL DEFAULT 0,
    grown_to            date,
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
              recovered_tax, unearned_minor, deferred_minor, overpaid_minor, memo_minor) >= 0),
    CONSTRAINT unearned_is_interest CHECK (unearned_minor <= least(bnk_interest, cust_interest)),
    CONSTRAINT memo_is_interest CHECK (memo_minor <= co_interest)
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

-- What moved the account of the allowance, by lane so that no lane waits for another. Credit is
-- positive; losses may overdraw it.
CREATE TABLE allowance (
    tenant       text   NOT NULL,
    currency     text   NOT NULL,
    code         text   NOT NULL,
    lane         int    NOT NULL,
    amount_minor bigint NOT NULL,
    PRIMARY KEY (tenant, currency, code, lane)
);

-- A transaction is its POST entry, which says what was asked; it stands while its newest entry is
-- no REVERSE. REVERSE and REPLAY have its value date: a balance as of a date, as known at a moment,
-- is one sum. `seq` is, within a lane, the order of commit.
CREATE TABLE journal (
    seq            bigint      GENERATED ALWAYS AS IDENTITY,
    entry_id       uuid        PRIMARY KEY,
    lane           int         NOT NULL,
    tenant         text        NOT NULL,
    loan_id        text,                    -- none: a provision
    transaction_id uuid        NOT NULL,
    tx             text,                    -- none: the transaction is called by its id
    reverses       uuid,                    -- the entry that a REVERSE mirrors
    kind           text        NOT NULL CHECK (kind IN ('OPENING', 'POST', 'REVERSE', 'REPLAY')),
    command        text        NOT NULL,
    asked          text,                    -- JSON; on the POST entry of a transaction of this loan
    reason         text,
    amount_minor   bigint,
    value_date     date        NOT NULL,
    booked_at      timestamptz NOT NULL,
    currency       text        NOT NULL,
    policy_version text        NOT NULL,
    case_id        uuid,
    grant_id       uuid,
    actor          text        NOT NULL,    -- role/id of who caused it
    cause_id       uuid        NOT NULL,    -- the message that it follows from
    line_count     int         NOT NULL CHECK (line_count >= 0),
    CONSTRAINT a_reversal_names_an_entry CHECK ((kind = 'REVERSE') = (reverses IS NOT NULL)),
    CONSTRAINT a_transaction_is_posted CHECK (asked IS NULL OR kind = 'POST')
);
CREATE INDEX journal_of_loan ON journal (tenant, loan_id, seq);
CREATE INDEX journal_of_case ON journal (case_id) WHERE case_id IS NOT NULL;
CREATE UNIQUE INDEX journal_one_of_transaction ON journal (transaction_id) WHERE asked IS NOT NULL;
CREATE UNIQUE INDEX journal_one_of_grant ON journal (grant_id)
    WHERE asked IS NOT NULL AND grant_id IS NOT NULL;
CREATE UNIQUE INDEX journal_reversed_once ON journal (reverses) WHERE reverses IS NOT NULL;

CREATE TABLE journal_line (
    entry_id     uuid    NOT NULL,
    place        int     NOT NULL CHECK (place >= 0),
    book         text    NOT NULL CHECK (book IN ('BNK', 'CO', 'CUST')),
    code         text    NOT NULL,
    component    text,
    debit_minor  bigint  NOT NULL CHECK (debit_minor >= 0),
    credit_minor bigint  NOT NULL CHECK (credit_minor >= 0),
    holds        boolean NOT NULL,          -- it moves what the loan holds
    PRIMARY KEY (entry_id, place),
    CONSTRAINT one_side CHECK ((debit_minor > 0) <> (credit_minor > 0)),
    CONSTRAINT what_is_held_has_a_component CHECK (component IS NOT NULL OR NOT holds)
);

-- What was taken back, when, why and by whom; the entries that do it are in the journal.
CREATE TABLE reversal (
    reversal_id    uuid        PRIMARY KEY,
    lane           int         NOT NULL,
    tenant         text        NOT NULL,
    loan_id        text        NOT NULL,
    transaction_id uuid        NOT NULL UNIQUE,
    command        text        NOT NULL,
    cause          text,
    done_on        date        NOT NULL,
    booked_at      timestamptz NOT NULL,
    grant_id       uuid        UNIQUE,
    case_id        uuid,
    actor          text        NOT NULL,
    cause_id       uuid        NOT NULL
);
CREATE INDEX reversal_of_loan ON reversal (tenant, loan_id);
CREATE INDEX reversal_of_case ON reversal (case_id) WHERE case_id IS NOT NULL;

CREATE TABLE refusal (
    refusal_id uuid        PRIMARY KEY,
    lane       int         NOT NULL,
    tenant     text        NOT NULL,
    loan_id    text,
    command    text        NOT NULL,
    code       text        NOT NULL,
    message    text        NOT NULL,
    grant_id   uuid,
    case_id    uuid,
    refused_at timestamptz NOT NULL,
    actor      text        NOT NULL,
    cause_id   uuid        NOT NULL
);
CREATE UNIQUE INDEX refusal_one_of_grant ON refusal (grant_id, case_id) WHERE grant_id IS NOT NULL;

-- What scenario tenants have asked under an id of their own, and what they were told.
CREATE TABLE answered_id (
    tenant  text NOT NULL,
    id      text NOT NULL,
    content text NOT NULL,
    code    text,                           -- none: it was posted
    PRIMARY KEY (tenant, id)
);

-- What lanes load, always by index. A plan is kept from when the tables were empty; without the
-- setting it would go on reading them whole.
CREATE FUNCTION loans_of(tenants text[], ids text[]) RETURNS SETOF loan
LANGUAGE sql STABLE SET search_path = '' SET enable_seqscan = off AS $$
    SELECT l.* FROM unnest(tenants, ids) AS k(tenant, loan_id)
    JOIN public.loan l USING (tenant, loan_id)
$$;

CREATE FUNCTION lots_of(tenants text[], ids text[]) RETURNS SETOF lot
LANGUAGE sql STABLE SET search_path = '' SET enable_seqscan = off AS $$
    SELECT l.* FROM unnest(tenants, ids) AS k(tenant, loan_id)
    JOIN public.lot l USING (tenant, loan_id)
$$;

CREATE FUNCTION openings_of(tenants text[], ids text[]) RETURNS SETOF opening
LANGUAGE sql STABLE SET search_path = '' SET enable_seqscan = off AS $$
    SELECT o.* FROM unnest(tenants, ids) AS k(tenant, loan_id)
    JOIN public.opening o USING (tenant, loan_id)
$$;

CREATE FUNCTION entries_of(tenants text[], ids text[]) RETURNS SETOF journal
LANGUAGE sql STABLE SET search_path = '' SET enable_seqscan = off AS $$
    SELECT j.* FROM unnest(tenants, ids) AS k(tenant, loan_id)
    JOIN public.journal j USING (tenant, loan_id)
$$;

CREATE FUNCTION lines_of(entries uuid[]) RETURNS SETOF journal_line
LANGUAGE sql STABLE SET search_path = '' SET enable_seqscan = off AS $$
    SELECT l.* FROM unnest(entries) AS k(entry_id) JOIN public.journal_line l USING (entry_id)
$$;

-- What was answered of grants and cases, on whatever loan it was.
CREATE FUNCTION answered_of(grants uuid[], cases uuid[])
RETURNS TABLE (grant_id uuid, case_id uuid, posted boolean)
LANGUAGE sql STABLE SET search_path = '' SET enable_seqscan = off AS $$
    SELECT j.grant_id, j.case_id, true FROM public.journal j
    WHERE j.grant_id = ANY(grants) AND j.asked IS NOT NULL
    UNION
    SELECT j.grant_id, j.case_id, true FROM public.journal j
    WHERE j.case_id = ANY(cases) AND j.grant_id IS NOT NULL AND j.asked IS NOT NULL
    UNION
    SELECT r.grant_id, r.case_id, true FROM public.reversal r WHERE r.grant_id = ANY(grants)
    UNION
    SELECT r.grant_id, r.case_id, true FROM public.reversal r
    WHERE r.case_id = ANY(cases) AND r.grant_id IS NOT NULL
    UNION
    SELECT f.grant_id, f.case_id, false FROM public.refusal f WHERE f.grant_id = ANY(grants)
$$;

-- An entry's lines come in one statement, all of them; they balance in each book, and what they
-- move keeps CUST = BNK + CO. Checked for the whole statement at once, whoever wrote the rows. Their
-- places are 0 to line_count - 1, so nothing can be added to an entry later either.
-- A plan is kept from when the tables were empty: without the setting it would read them whole.
CREATE FUNCTION entries_balance() RETURNS trigger LANGUAGE plpgsql
SET search_path = '' SET enable_seqscan = off AS $$
DECLARE
    wrong record;
BEGIN
    SELECT f.entry_id, f.lines, f.first, f.last, j.line_count, f.co <> 0 OR f.bnk <> 0 OR f.cust <> 0
           AS unbalanced
    INTO wrong
    FROM (
        SELECT entry_id, count(*) AS lines, min(place) AS first, max(place) AS last,
               sum(CASE book WHEN 'BNK' THEN debit_minor - credit_minor ELSE 0 END) AS bnk,
               sum(CASE book WHEN 'CO' THEN debit_minor - credit_minor ELSE 0 END) AS co,
               sum(CASE book WHEN 'CUST' THEN debit_minor - credit_minor ELSE 0 END) AS cust,
               sum(CASE WHEN NOT holds THEN 0 WHEN book = 'CUST' THEN credit_minor - debit_minor
                        ELSE debit_minor - credit_minor END) AS apart
        FROM fresh GROUP BY entry_id
    ) f
    LEFT JOIN public.journal j USING (entry_id)
    WHERE f.bnk <> 0 OR f.co <> 0 OR f.cust <> 0 OR f.apart <> 0
       OR j.line_count IS NULL OR f.lines <> j.line_count OR f.first <> 0
       OR f.last <> j.line_count - 1
    LIMIT 1;
    IF FOUND THEN
        IF wrong.unbalanced THEN
            RAISE EXCEPTION 'journal entry % does not balance', wrong.entry_id
                USING ERRCODE = 'check_violation';
        ELSIF wrong.lines = wrong.line_count AND wrong.first = 0 AND wrong.last = wrong.lines - 1 THEN
            RAISE EXCEPTION 'journal entry % moves CUST from BNK + CO', wrong.entry_id
                USING ERRCODE = 'check_violation';
        END IF;
        RAISE EXCEPTION 'journal entry % does not have these lines', wrong.entry_id
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION entry_has_its_lines() RETURNS trigger LANGUAGE plpgsql
SET search_path = '' SET enable_seqscan = off AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM public.journal_line l
                   WHERE l.entry_id = NEW.entry_id AND l.place = NEW.line_count - 1) THEN
        RAISE EXCEPTION 'journal entry % has no lines', NEW.entry_id
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION only_added_to() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
    RAISE EXCEPTION '% is only added to', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$;

-- Says that a row which lanes share was taken meanwhile: the turn is taken again (MF002).
CREATE FUNCTION all_of(made bigint, wanted bigint, what text) RETURNS void LANGUAGE plpgsql
SET search_path = '' AS $$
BEGIN
    IF made <> wanted THEN
        RAISE EXCEPTION '% was taken meanwhile', what USING ERRCODE = 'MF002';
    END IF;
END $$;

CREATE TRIGGER lines_balance AFTER INSERT ON journal_line REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION entries_balance();
CREATE CONSTRAINT TRIGGER has_its_lines AFTER INSERT ON journal DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.line_count > 0) EXECUTE FUNCTION entry_has_its_lines();
CREATE TRIGGER only_added_to BEFORE UPDATE OR DELETE OR TRUNCATE ON opening
    FOR EACH STATEMENT EXECUTE FUNCTION only_added_to();
CREATE TRIGGER only_added_to BEFORE UPDATE OR DELETE OR TRUNCATE ON journal
    FOR EACH STATEMENT EXECUTE FUNCTION only_added_to();
CREATE TRIGGER only_added_to BEFORE UPDATE OR DELETE OR TRUNCATE ON journal_line
    FOR EACH STATEMENT EXECUTE FUNCTION only_added_to();
CREATE TRIGGER only_added_to BEFORE UPDATE OR DELETE OR TRUNCATE ON reversal
    FOR EACH STATEMENT EXECUTE FUNCTION only_added_to();
CREATE TRIGGER only_added_to BEFORE UPDATE OR DELETE OR TRUNCATE ON refusal
    FOR EACH STATEMENT EXECUTE FUNCTION only_added_to();
CREATE TRIGGER only_added_to BEFORE UPDATE OR DELETE OR TRUNCATE ON answered_id
    FOR EACH STATEMENT EXECUTE FUNCTION only_added_to();

-- Also for a session that says it replicates.
ALTER TABLE journal_line ENABLE ALWAYS TRIGGER lines_balance;
ALTER TABLE journal_line ENABLE ALWAYS TRIGGER only_added_to;
ALTER TABLE journal ENABLE ALWAYS TRIGGER has_its_lines;
ALTER TABLE journal ENABLE ALWAYS TRIGGER only_added_to;
ALTER TABLE opening ENABLE ALWAYS TRIGGER only_added_to;
ALTER TABLE reversal ENABLE ALWAYS TRIGGER only_added_to;
ALTER TABLE refusal ENABLE ALWAYS TRIGGER only_added_to;
ALTER TABLE answered_id ENABLE ALWAYS TRIGGER only_added_to;

GRANT SELECT, INSERT ON opening, journal, journal_line, reversal, refusal, answered_id TO ledger;
GRANT SELECT, INSERT, UPDATE ON loan, party, allowance TO ledger;
GRANT SELECT, INSERT, UPDATE, DELETE ON lot TO ledger;
