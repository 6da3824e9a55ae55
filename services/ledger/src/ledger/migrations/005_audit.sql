-- The auditor's trail: what each block of a lane's journal holds, beside the journal and signed.
-- Blocks are only added, by a turn of their lane.

-- The order in which a lane's entries were committed: a number is drawn behind the lane's fence, so
-- within a lane it rises from turn to turn; between lanes it means nothing.
CREATE UNIQUE INDEX IF NOT EXISTS journal_in_lane ON journal (lane, seq);

CREATE TABLE audit_block (
    lane       int         NOT NULL,
    number     bigint      NOT NULL CHECK (number >= 1),
    first      bigint      NOT NULL CHECK (first >= 1),
    count      int         NOT NULL CHECK (count >= 1),
    last_seq   bigint      NOT NULL,
    entry_form int         NOT NULL,
    root       bytea       NOT NULL CHECK (octet_length(root) = 32),
    previous   bytea       NOT NULL CHECK (octet_length(previous) = 32),
    sealed_at  timestamptz NOT NULL,
    key_id     text        NOT NULL,
    signature  bytea       NOT NULL CHECK (octet_length(signature) = 64),
    entries    uuid[]      NOT NULL CHECK (cardinality(entries) = count),
    leaves     bytea       NOT NULL CHECK (octet_length(leaves) = 32 * count),
    PRIMARY KEY (lane, number)
);
CREATE UNIQUE INDEX audit_block_by_seq ON audit_block (lane, last_seq);
ALTER TABLE audit_block ALTER COLUMN leaves SET STORAGE EXTERNAL;  -- hashes do not get smaller

CREATE TRIGGER only_added_to BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_block
    FOR EACH STATEMENT EXECUTE FUNCTION only_added_to();
ALTER TABLE audit_block ENABLE ALWAYS TRIGGER only_added_to;

-- The leaves of a lane's next entries, in order: SHA-256 of 0x00 and the canonical form that
-- ledger/audit/entry.py tells. Only what seals asks here; who checks reads plain columns.
-- A plan is kept from when the tables were empty: without the setting it would read them whole.
CREATE FUNCTION audit_leaves(of_lane int, after_seq bigint, most int)
RETURNS TABLE (seq bigint, entry_id uuid, leaf bytea)
LANGUAGE plpgsql STABLE SET search_path = '' SET enable_seqscan = off AS $$
BEGIN
    RETURN QUERY
    SELECT j.seq, j.entry_id, sha256('\x00'::bytea || convert_to(
        left(row_to_json(e)::text, -1) || ',"lines":[' || coalesce(l.lines, '') || ']}', 'UTF8'))
    FROM public.journal j
    CROSS JOIN LATERAL (
        SELECT j.entry_id, j.tenant, j.loan_id, j.transaction_id, j.tx, j.reverses, j.kind,
               j.command, j.asked, j.reason, j.amount_minor, j.value_date,
               to_char(j.booked_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS booked_at,
               j.currency, j.policy_version, j.case_id, j.grant_id, j.actor, j.cause_id,
               j.line_count
    ) e
    LEFT JOIN LATERAL (
        SELECT string_agg(row_to_json(p)::text, ',' ORDER BY p.place) AS lines
        FROM (
            SELECT n.place, n.book, n.code, n.component, n.debit_minor, n.credit_minor, n.holds
            FROM public.journal_line n WHERE n.entry_id = j.entry_id
        ) p
    ) l ON true
    WHERE j.lane = of_lane AND j.seq > after_seq
    ORDER BY j.seq LIMIT most;
END $$;

GRANT SELECT, INSERT ON audit_block TO ledger;
