-- What is being written off, and where it stands. Each row has the lane that alone writes it.

-- The loan as the ledger last told it.
CREATE TABLE loan (
    tenant            text   NOT NULL,
    loan_id           text   NOT NULL,
    lane              int    NOT NULL,
    incarnation       bigint NOT NULL,
    number            bigint NOT NULL,
    customer_id       text   NOT NULL,
    guarantor_id      text,
    product           text   NOT NULL,
    segment           text   NOT NULL,
    currency          text   NOT NULL,
    status            text   NOT NULL,
    opened            date   NOT NULL,
    outstanding_minor bigint NOT NULL,
    charged_off_minor bigint NOT NULL,
    last_transaction  date,
    sanctioner        text,
    sanction_level    int,
    fraud             boolean NOT NULL,
    PRIMARY KEY (tenant, loan_id)
) WITH (fillfactor = 80);

-- One request on one loan. `request` is what was asked and never changes; `rest` is what else
-- is known: terms, posting, notices, facts taken in, open tasks.
CREATE TABLE wcase (
    case_id      uuid        PRIMARY KEY,
    lane         int         NOT NULL,
    tenant       text        NOT NULL,
    loan_id      text        NOT NULL,
    case_number  text        NOT NULL,
    channel      text        NOT NULL,
    source       text        NOT NULL,
    request_id   text        NOT NULL,
    request      jsonb       NOT NULL,
    opened_at    timestamptz NOT NULL,
    state        text        NOT NULL,
    stage        text        NOT NULL,
    seq          int         NOT NULL CHECK (seq > 0),
    on_the_way   boolean     NOT NULL,
    waiting      boolean     NOT NULL,
    currency     text,
    amount_minor bigint,
    code         text,
    updated_at   timestamptz NOT NULL,
    closed_at    timestamptz,
    rest         jsonb       NOT NULL,
    UNIQUE (tenant, source, request_id),
    CHECK ((closed_at IS NULL) = (state NOT LIKE 'Closed %')),
    CHECK (NOT (on_the_way AND waiting))
) WITH (fillfactor = 60);
CREATE INDEX wcase_of_loan ON wcase (tenant, loan_id);
CREATE INDEX wcase_by_number ON wcase (tenant, case_number);
CREATE INDEX wcase_in_order ON wcase (tenant, opened_at, case_id);
CREATE INDEX wcase_on_the_way ON wcase (lane) WHERE on_the_way;

-- Everything that was heard or decided of a case; nobody changes it afterwards.
CREATE TABLE timeline (
    case_id      uuid        NOT NULL,
    seq          int         NOT NULL,
    lane         int         NOT NULL,
    at           timestamptz NOT NULL,
    what         text        NOT NULL,
    detail       text        NOT NULL,
    actor_role   text        NOT NULL,
    actor_id     text        NOT NULL,
    causation_id uuid        NOT NULL,
    state_before text        NOT NULL,
    stage_before text        NOT NULL,
    state_after  text        NOT NULL,
    stage_after  text        NOT NULL,
    PRIMARY KEY (case_id, seq)
);

-- A dated remark, by a person or the mesh, never edited.
CREATE TABLE work_note (
    case_id uuid        NOT NULL REFERENCES wcase,
    seq     int         NOT NULL,
    lane    int         NOT NULL,
    at      timestamptz NOT NULL,
    by      text        NOT NULL,
    text    text        NOT NULL,
    PRIMARY KEY (case_id, seq)
);

GRANT SELECT, INSERT, UPDATE ON loan, wcase TO "case";
GRANT SELECT, INSERT ON timeline, work_note TO "case";
