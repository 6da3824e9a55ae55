-- Months' ends: what was done to each loan, and which periods are closed.

-- Shared by all lanes: what posts into a past month locks the tenant's row and looks once more.
CREATE TABLE closed_period (
    tenant  text PRIMARY KEY,
    through date                                           -- none: nothing is closed yet
);

CREATE TABLE month_end (
    tenant     text        NOT NULL,
    through    date        NOT NULL,                       -- the month's last day
    lane       int         NOT NULL,
    started_at timestamptz NOT NULL,
    started_by text        NOT NULL,
    closed_at  timestamptz,
    closed_by  text,
    loans      int         NOT NULL DEFAULT 0,
    accrued    int         NOT NULL DEFAULT 0,
    refused    int         NOT NULL DEFAULT 0,
    proposed   int         NOT NULL DEFAULT 0,
    breached   int         NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant, through),
    CHECK ((closed_at IS NULL) = (closed_by IS NULL))
);

CREATE TABLE month_end_loan (
    tenant            text        NOT NULL,
    through           date        NOT NULL,
    loan_id           text        NOT NULL,
    lane              int         NOT NULL,
    closed_at         timestamptz NOT NULL,
    product           text        NOT NULL,
    segment           text        NOT NULL,
    currency          text        NOT NULL,
    accrued_minor     bigint      NOT NULL,
    accrual_code      text,                                -- why nothing was accrued
    outstanding_minor bigint      NOT NULL,
    oldest_unpaid     date,
    days_past_due     int,                                 -- none: nobody told
    standard          text        NOT NULL
        CHECK (standard IN ('PASS', 'SUBSTANDARD', 'LOSS', 'UNKNOWN')),
    due_by            date,
    cause             text,                                -- of due_by: 120 DPD, BANKRUPTCY, …
    days_late         int         NOT NULL CHECK (days_late >= 0),
    is_proposed       boolean     NOT NULL,
    clocks_version    text        NOT NULL,
    PRIMARY KEY (tenant, through, loan_id),
    CHECK ((due_by IS NULL) = (cause IS NULL)),
    CHECK (NOT is_proposed OR (due_by <= through AND outstanding_minor > 0))
);

-- What the bank was told of a borrower: the first day of each kind counts.
CREATE TABLE loan_notice (
    tenant   text        NOT NULL,
    loan_id  text        NOT NULL,
    kind     text        NOT NULL CHECK (kind IN ('BANKRUPTCY', 'FRAUD', 'DEATH')),
    lane     int         NOT NULL,
    received date        NOT NULL,
    told_at  timestamptz NOT NULL,
    told_by  text        NOT NULL,
    PRIMARY KEY (tenant, loan_id, kind)
);

CREATE TRIGGER only_added_to BEFORE UPDATE OR DELETE OR TRUNCATE ON month_end_loan
    FOR EACH STATEMENT EXECUTE FUNCTION only_added_to();

GRANT SELECT, INSERT, UPDATE ON closed_period, month_end, loan_notice TO ledger;
GRANT SELECT, INSERT ON month_end_loan TO ledger;
