-- Clocks: what collateral is worth, re-ageings, and what of a loan's loss is due at a month's end.

-- What collateral is worth; of one day the last word counts, for a day the latest before it.
CREATE TABLE loan_valuation (
    tenant      text        NOT NULL,
    loan_id     text        NOT NULL,
    valued_on   date        NOT NULL,
    lane        int         NOT NULL,
    value_minor bigint      NOT NULL CHECK (value_minor >= 0),
    cost_minor  bigint      NOT NULL CHECK (cost_minor >= 0),   -- of selling it
    is_assured  boolean     NOT NULL,                           -- it is being taken back
    told_at     timestamptz NOT NULL,
    told_by     text        NOT NULL,
    PRIMARY KEY (tenant, loan_id, valued_on)
);

-- A loan system told another oldest unpaid due date: the clock began anew.
CREATE TABLE loan_reaging (
    tenant        text        NOT NULL,
    loan_id       text        NOT NULL,
    reaged_on     date        NOT NULL,
    lane          int         NOT NULL,
    oldest_unpaid date,                                         -- none: nothing is unpaid
    told_at       timestamptz NOT NULL,
    told_by       text        NOT NULL,
    PRIMARY KEY (tenant, loan_id, reaged_on)
);

CREATE TRIGGER only_added_to BEFORE UPDATE OR DELETE OR TRUNCATE ON loan_reaging
    FOR EACH STATEMENT EXECUTE FUNCTION only_added_to();

-- What of what is outstanding is a loss that is due; none: of months before this was told.
ALTER TABLE month_end_loan ADD COLUMN loss_minor bigint
    CHECK (loss_minor BETWEEN 0 AND outstanding_minor);

-- What was proposed before is asked for by loan.
CREATE INDEX month_end_loan_proposed ON month_end_loan (tenant, loan_id) WHERE is_proposed;

GRANT SELECT, INSERT, UPDATE ON loan_valuation TO ledger;
GRANT SELECT, INSERT ON loan_reaging TO ledger;
