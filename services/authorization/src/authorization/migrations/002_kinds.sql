-- Every kind of case: whom a case needed, and how much of a loss still stands.

-- Whom a granted case needed: taking it back needs the same.
ALTER TABLE authorization_case ADD COLUMN need jsonb;

-- Before this file every loss was a write-off, and none could be taken back.
ALTER TABLE written_off
    ADD COLUMN kind           text   NOT NULL DEFAULT 'WRITE_OFF',
    ADD COLUMN need           jsonb,
    ADD COLUMN approvers      jsonb,
    ADD COLUMN returned_minor bigint NOT NULL DEFAULT 0,
    ADD COLUMN is_gone        bool   NOT NULL DEFAULT false,
    ADD CONSTRAINT written_off_returned_check CHECK (returned_minor BETWEEN 0 AND amount_minor);
ALTER TABLE written_off ALTER COLUMN kind DROP DEFAULT;

-- A write-off that only reclassifies what was charged off before adds nothing.
ALTER TABLE written_off DROP CONSTRAINT written_off_amount_minor_check;
ALTER TABLE written_off ADD CONSTRAINT written_off_amount_minor_check CHECK (amount_minor >= 0);

-- Of what was granted before this file the decision tells; where it does not, the most is needed.
UPDATE authorization_case c SET need = jsonb_build_object('row', d.row_name, 'level', d.level,
       'people', least(jsonb_array_length(d.approvers), 2))
FROM decision d WHERE d.case_id = c.case_id AND d.outcome = 'GRANTED' AND c.stage = 'GRANTED';
UPDATE written_off w SET approvers = d.approvers, need = jsonb_build_object('row', d.row_name,
       'level', d.level, 'people', least(jsonb_array_length(d.approvers), 2))
FROM decision d WHERE d.case_id = w.case_id AND d.outcome = 'GRANTED';
UPDATE written_off SET approvers = '[]', need = '{"row": "A5", "level": 5, "people": 2}'
WHERE need IS NULL;

ALTER TABLE written_off ALTER COLUMN need SET NOT NULL, ALTER COLUMN approvers SET NOT NULL;
ALTER TABLE authorization_case ADD CONSTRAINT authorization_case_need_check
    CHECK ((need IS NOT NULL) = (stage = 'GRANTED'));

-- What a loss was stays; only how much of it still stands may change.
GRANT UPDATE (returned_minor, is_gone) ON written_off TO "authorization";
