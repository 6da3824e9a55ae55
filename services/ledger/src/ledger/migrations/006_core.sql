-- What a loan system beside the ledger has to book, and what it said. A row is an instruction; it
-- is made in the turn of its posting, and changed by the same lane until the posting is shown.
CREATE TABLE core_instruction (
    instruction_id      uuid        PRIMARY KEY,
    lane                int         NOT NULL,
    tenant              text        NOT NULL,
    loan_id             text        NOT NULL,
    transaction_id      uuid        NOT NULL,
    core                text,                              -- none: a person keys it in
    command             text        NOT NULL,
    product             text        NOT NULL,
    value_date          date        NOT NULL,
    amount_minor        bigint      NOT NULL,
    currency            text        NOT NULL,
    balance_after_minor bigint      NOT NULL,
    lines               text        NOT NULL,              -- JSON: net, by book, code, component
    case_id             uuid,
    barred              text        NOT NULL,              -- persons, apart by chr(31)
    instructed_at       timestamptz NOT NULL,
    standing            text        NOT NULL
        CHECK (standing IN ('WAITING', 'BY_HAND', 'REFUSED', 'ACKNOWLEDGED')),
    chased              int         NOT NULL CHECK (chased >= 0),
    chased_at           timestamptz,
    code                text,
    message             text,
    core_reference      text,
    settled_at          timestamptz,
    settled_by          text,
    CHECK ((standing = 'ACKNOWLEDGED') = (settled_at IS NOT NULL)),
    CHECK (standing <> 'ACKNOWLEDGED' OR core_reference IS NOT NULL),
    CHECK (standing <> 'REFUSED' OR code IS NOT NULL),
    CHECK (standing <> 'BY_HAND' OR core IS NULL)
);
CREATE INDEX core_instruction_open ON core_instruction (tenant, loan_id)
    WHERE standing <> 'ACKNOWLEDGED';
CREATE INDEX core_instruction_by_age ON core_instruction (tenant, instructed_at, instruction_id);

-- Answers of a core that count for nothing: shown to people, never acted on.
CREATE TABLE core_stray (
    stray_id       uuid        PRIMARY KEY,
    lane           int         NOT NULL,
    tenant         text        NOT NULL,
    loan_id        text        NOT NULL,
    core           text        NOT NULL,
    instruction_id text        NOT NULL,
    code           text        NOT NULL,
    message        text        NOT NULL,
    core_reference text,
    heard_at       timestamptz NOT NULL
);
CREATE INDEX core_stray_by_age ON core_stray (tenant, heard_at, stray_id);

CREATE TRIGGER only_added_to BEFORE UPDATE OR DELETE OR TRUNCATE ON core_stray
    FOR EACH STATEMENT EXECUTE FUNCTION only_added_to();

GRANT SELECT, INSERT, UPDATE ON core_instruction TO ledger;
GRANT SELECT, INSERT ON core_stray TO ledger;
