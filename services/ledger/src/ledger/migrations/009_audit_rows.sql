-- The trail covers what stands beside an entry too: how a loan came in, and why something was taken
-- back. Leaves of entries without such a row are as before.
-- A plan is kept from when the tables were empty: without the setting it would read them whole.
CREATE OR REPLACE FUNCTION audit_leaves(of_lane int, after_seq bigint, most int)
RETURNS TABLE (seq bigint, entry_id uuid, leaf bytea)
LANGUAGE plpgsql STABLE SET search_path = '' SET enable_seqscan = off AS $$
BEGIN
    RETURN QUERY
    SELECT j.seq, j.entry_id, sha256('\x00'::bytea || convert_to(
        left(row_to_json(e)::text, -1) || ',"lines":[' || coalesce(l.lines, '') || ']'
        || coalesce(',"opening":' || o.made, '') || coalesce(',"reversal":' || r.made, '')
        || '}', 'UTF8'))
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
    LEFT JOIN LATERAL (
        SELECT row_to_json(p)::text AS made
        FROM (
            SELECT n.tenant, n.loan_id, n.entry_id, n.transaction_id, n.status, n.opened,
                   n.bnk_principal, n.bnk_interest, n.bnk_fees, n.bnk_penalties, n.bnk_tax,
                   n.co_principal, n.co_interest, n.co_fees, n.co_penalties, n.co_tax,
                   n.cust_principal, n.cust_interest, n.cust_fees, n.cust_penalties, n.cust_tax,
                   n.unearned_minor, n.deferred_minor, n.policy_version
            FROM public.opening n
            WHERE (j.kind = 'OPENING' OR j.command = 'refinance')
              AND n.tenant = j.tenant AND n.loan_id = j.loan_id AND n.entry_id = j.entry_id
        ) p
    ) o ON true
    LEFT JOIN LATERAL (
        SELECT row_to_json(p)::text AS made
        FROM (
            SELECT n.reversal_id, n.tenant, n.loan_id, n.transaction_id, n.command, n.cause,
                   n.done_on,
                   to_char(n.booked_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
                       AS booked_at,
                   n.grant_id, n.case_id, n.actor, n.cause_id
            FROM public.reversal n
            WHERE j.kind = 'REVERSE'
              AND n.transaction_id = j.transaction_id AND n.cause_id = j.cause_id
        ) p
    ) r ON true
    WHERE j.lane = of_lane AND j.seq > after_seq
    ORDER BY j.seq LIMIT most;
END $$;
