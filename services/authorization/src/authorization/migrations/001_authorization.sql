-- What authority knows of loans. The runtime role is named as the database; it owns nothing.

CREATE TABLE approval_reference (
    tenant            text   NOT NULL,
    reference         text   NOT NULL CHECK (reference ~ '^APPR-[0-9]{4}-[0-9]{3,12}$'),
    loan_id           text   NOT NULL,
    kind              text   NOT NULL,
    amount_max_minor  bigint NOT NULL CHECK (amount_max_minor > 0),
    currency          text   NOT NULL,
    reasons           text[] NOT NULL,
    approvers         jsonb  NOT NULL CHECK (jsonb_array_length(approvers) > 0),
    issued            date   NOT NULL,
    expires           date   NOT NULL CHECK (expires >= issued),
    attests_documents bool   NOT NULL,
    issued_by         text   NOT NULL,
    standing          text   NOT NULL CHECK (standing IN ('ISSUED', 'RESERVED', 'CONSUMED', 'REVOKED')),
    case_id           uuid   CHECK ((case_id IS NOT NULL) = (standing IN ('RESERVED', 'CONSUMED'))),
    PRIMARY KEY (tenant, reference)
) WITH (fillfactor = 70);
CREATE INDEX approval_reference_of_loan ON approval_reference (tenant, loan_id);

-- A case as far as it is decided. What only an open case needs is forgotten when it is over;
-- its terms stay, as authority looked at them.
CREATE TABLE authorization_case (
    case_id     uuid PRIMARY KEY,
    tenant      text NOT NULL,
    loan_id     text NOT NULL,
    stage       text NOT NULL CHECK (stage IN (
        'REVIEWED', 'VERIFIED', 'REQUESTED', 'GRANTED',
        'REFUSED', 'DECLINED', 'WITHDRAWN', 'COMPLETE', 'POSTING_REFUSED', 'POSTED')),
    terms       jsonb CHECK (
        terms IS NOT NULL OR stage NOT IN ('REVIEWED', 'VERIFIED', 'REQUESTED', 'GRANTED')),
    reviewer    text,
    cause       uuid,
    heard       text CHECK ((heard IS NOT NULL) = (stage IN ('VERIFIED', 'REQUESTED'))),
    agent       text,
    is_attested bool,
    makers      jsonb CHECK ((makers IS NOT NULL) = (stage = 'REQUESTED')),
    row_name    text,
    level       int,
    people      int CHECK ((people IS NOT NULL) = (stage = 'REQUESTED')),
    grant_id    uuid CHECK ((grant_id IS NOT NULL) = (stage = 'GRANTED'))
) WITH (fillfactor = 70);
CREATE INDEX authorization_case_of_loan ON authorization_case (tenant, loan_id);

-- What was decided and who approved: only ever added to.
CREATE TABLE decision (
    decision_id        uuid PRIMARY KEY,
    tenant             text        NOT NULL,
    case_id            uuid        NOT NULL,
    outcome            text        NOT NULL CHECK (outcome IN ('GRANTED', 'DECLINED', 'REFUSED')),
    at                 timestamptz NOT NULL,
    code               text        CHECK ((code IS NOT NULL) = (outcome = 'REFUSED')),
    approval_reference text,
    declined_by        text        CHECK ((declined_by IS NOT NULL) = (outcome = 'DECLINED')),
    comment            text,
    grant_id           uuid        UNIQUE CHECK ((grant_id IS NOT NULL) = (outcome = 'GRANTED')),
    row_name           text,
    level              int,
    approvers          jsonb,
    amount_max_minor   bigint,
    expires_at         timestamptz,
    matrix_version     text,
    terms_hash         text
);
CREATE INDEX decision_of_case ON decision (case_id);

CREATE TABLE approval (
    approval_id uuid PRIMARY KEY,
    case_id     uuid        NOT NULL REFERENCES authorization_case,
    place       int         NOT NULL CHECK (place BETWEEN 1 AND 2),
    approver    text        NOT NULL,
    level       int         NOT NULL CHECK (level BETWEEN 1 AND 5),
    at          timestamptz NOT NULL,
    UNIQUE (case_id, place),
    UNIQUE (case_id, approver)
);

CREATE TABLE written_off (
    transaction_id uuid PRIMARY KEY,
    tenant         text   NOT NULL,
    loan_id        text   NOT NULL,
    case_id        uuid   NOT NULL,
    amount_minor   bigint NOT NULL CHECK (amount_minor > 0),
    currency       text   NOT NULL,
    booked         date   NOT NULL
);
CREATE INDEX written_off_of_loan ON written_off (tenant, loan_id);

-- "authorization" is a word of SQL: the role's name is quoted.
GRANT SELECT, INSERT ON approval_reference TO "authorization";
GRANT UPDATE (standing, case_id) ON approval_reference TO "authorization";
GRANT SELECT, INSERT, UPDATE ON authorization_case TO "authorization";
GRANT SELECT, INSERT ON decision, approval, written_off TO "authorization";
