-- The evidence of loans: what their cases need, documents that were vouched for, references.

CREATE TABLE verification (
    case_id            uuid PRIMARY KEY,
    tenant             text NOT NULL,
    loan_id            text NOT NULL,
    stage              text NOT NULL CHECK (stage IN ('VERIFYING', 'COMPLETED', 'ABANDONED')),
    reason             text,
    maker              text,
    legal_code         text,
    approval_reference text,
    heard              text,
    requirements       jsonb NOT NULL,
    agent              text,
    -- The terms travel on when all is met: until then they are kept, afterwards nobody needs them.
    CHECK ((stage = 'VERIFYING') = (heard IS NOT NULL AND reason IS NOT NULL AND maker IS NOT NULL))
);
CREATE INDEX verification_of_loan ON verification (tenant, loan_id);

CREATE TABLE document (
    document_id uuid PRIMARY KEY,
    tenant      text NOT NULL,
    loan_id     text NOT NULL,
    document    text NOT NULL,
    sha256      text CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    dated       date NOT NULL,
    agent       text NOT NULL,
    legal_code  text
);
CREATE INDEX document_of_loan ON document (tenant, loan_id);

CREATE TABLE approval_reference (
    tenant    text    NOT NULL,
    loan_id   text    NOT NULL,
    reference text    NOT NULL,
    attests   boolean NOT NULL,
    expires   date    NOT NULL,
    PRIMARY KEY (tenant, reference, loan_id)
);
CREATE INDEX approval_reference_of_loan ON approval_reference (tenant, loan_id);

GRANT SELECT, INSERT, UPDATE ON verification TO documents;
GRANT SELECT, INSERT ON document, approval_reference TO documents;
