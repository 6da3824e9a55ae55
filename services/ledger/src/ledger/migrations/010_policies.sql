-- Every policy that a ledger ever ran under, as its file was: a journal names its version, and who
-- reads it later finds here what that meant.
CREATE TABLE policy_version (
    version   text        PRIMARY KEY,
    text      text        NOT NULL,
    loaded_at timestamptz NOT NULL DEFAULT now()                -- for the first time
);

CREATE TRIGGER only_added_to BEFORE UPDATE OR DELETE OR TRUNCATE ON policy_version
    FOR EACH STATEMENT EXECUTE FUNCTION only_added_to();
ALTER TABLE policy_version ENABLE ALWAYS TRIGGER only_added_to;

GRANT SELECT, INSERT ON policy_version TO ledger;
