-- The mesh's own tables, the same in every store (docs/lanes.md, "Words").
-- The runtime role is named as the database; it owns nothing.

CREATE TABLE mesh.instance (
    name    text PRIMARY KEY,
    seen_at timestamptz NOT NULL
);

CREATE TABLE mesh.lane (
    lane      int PRIMARY KEY CHECK (lane >= 0),
    epoch     bigint NOT NULL DEFAULT 0,
    owner     text,
    until     timestamptz NOT NULL DEFAULT '-infinity',
    turned_at timestamptz,
    store_id  text,
    deaths    int NOT NULL DEFAULT 0,
    trying    text,
    suspect   text,
    tries     int NOT NULL DEFAULT 0
) WITH (fillfactor = 50);

CREATE TABLE mesh.output (
    topic       text   NOT NULL,
    lane        int    NOT NULL,
    incarnation bigint NOT NULL,
    last_seq    bigint NOT NULL,
    acked_seq   bigint NOT NULL CHECK (acked_seq <= last_seq),
    PRIMARY KEY (lane, topic)
) WITH (fillfactor = 50);

CREATE TABLE mesh.input (
    topic       text   NOT NULL,
    partition   int    NOT NULL,
    topic_id    text   NOT NULL,
    next_offset bigint NOT NULL,
    incarnation bigint NOT NULL,
    last_seq    bigint NOT NULL,
    PRIMARY KEY (topic, partition)
) WITH (fillfactor = 50);

-- Appended and dropped by partition, never deleted from: one open snapshot makes deletes crawl.
CREATE TABLE mesh.outbox (
    topic       text        NOT NULL,
    lane        int         NOT NULL,
    incarnation bigint      NOT NULL,
    seq         bigint      NOT NULL,
    key         text        NOT NULL,
    headers     bytea       NOT NULL,
    value       bytea,
    at          timestamptz NOT NULL
) PARTITION BY RANGE (at);

CREATE TABLE mesh.said (
    topic       text   NOT NULL,
    lane        int    NOT NULL,
    key         text   NOT NULL,
    incarnation bigint NOT NULL,
    seq         bigint NOT NULL,
    value       bytea,
    PRIMARY KEY (topic, key)
) WITH (fillfactor = 80);

CREATE TABLE mesh.due (
    lane     int         NOT NULL,
    due_at   timestamptz NOT NULL,
    put      bigint      GENERATED ALWAYS AS IDENTITY,
    due_id   uuid        PRIMARY KEY,
    case_id  uuid,
    kind     text        NOT NULL,
    tenant   text        NOT NULL,
    key_id   text        NOT NULL,
    key_kind text        NOT NULL,
    payload  bytea       NOT NULL
);
CREATE INDEX due_in_order ON mesh.due (lane, due_at, put);
CREATE INDEX due_of_case ON mesh.due (case_id) WHERE case_id IS NOT NULL;

CREATE TABLE mesh.request (
    message_id   uuid  PRIMARY KEY,
    source       text  NOT NULL,
    tenant       text  NOT NULL,
    request_id   text  NOT NULL,
    content_hash bytea NOT NULL,
    case_id      uuid,
    code         text,
    reply        text,
    at           timestamptz NOT NULL,
    UNIQUE (source, tenant, request_id)
);

CREATE TABLE mesh.parked (
    parked_id uuid        PRIMARY KEY,
    put       bigint      GENERATED ALWAYS AS IDENTITY,
    lane      int         NOT NULL,
    unit      text        NOT NULL,
    case_id   uuid,
    behind    uuid,
    origin    text        NOT NULL CHECK (origin IN ('record', 'due')),
    place     text        NOT NULL,
    reason    text        NOT NULL,
    packed    bytea       NOT NULL,
    at        timestamptz NOT NULL
);
CREATE INDEX parked_of_lane ON mesh.parked (lane, put);

CREATE TABLE mesh.task (
    task_id    uuid        PRIMARY KEY,
    lane       int         NOT NULL,
    tenant     text        NOT NULL,
    key_id     text        NOT NULL,
    key_kind   text        NOT NULL,
    case_id    uuid,
    task       text        NOT NULL,
    queue      text        NOT NULL,
    role       text        NOT NULL,
    level_min  int         NOT NULL,
    barred     text[]      NOT NULL,
    opened_at  timestamptz NOT NULL,
    due_at     timestamptz NOT NULL,
    claimed_by text,
    closed_at  timestamptz,
    closed_by  text,
    result     text
);
CREATE INDEX task_of_key ON mesh.task (tenant, key_id);
CREATE INDEX task_of_case ON mesh.task (case_id);
CREATE INDEX task_open ON mesh.task (opened_at) WHERE closed_at IS NULL;

-- A person's repair leaves its trace.
CREATE TABLE mesh.repair (
    at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    who    text        NOT NULL,
    verb   text        NOT NULL,
    detail text        NOT NULL
);

-- Outbox partitions: a day each, made a week ahead; dropped when they are older than `keep` days
-- and all of it is acknowledged. Called at any time by anyone who runs a service.
CREATE FUNCTION mesh.turn_outbox_days(keep int) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, mesh AS $$
DECLARE
    day  date;
    part text;
BEGIN
    SET LOCAL lock_timeout = '100ms';
    FOR day IN SELECT d::date FROM generate_series(current_date - 1, current_date + 7, '1 day') d LOOP
        part := 'outbox_' || to_char(day, 'YYYYMMDD');
        IF to_regclass('mesh.' || part) IS NULL THEN
            EXECUTE format(
                'CREATE TABLE mesh.%I PARTITION OF mesh.outbox FOR VALUES FROM (%L) TO (%L)',
                part, day::timestamp AT TIME ZONE 'UTC', (day + 1)::timestamp AT TIME ZONE 'UTC');
            EXECUTE format('CREATE INDEX ON mesh.%I (lane, topic, seq)', part);
        END IF;
    END LOOP;
    FOR part IN SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
                WHERE i.inhparent = 'mesh.outbox'::regclass
                  AND c.relname < 'outbox_' || to_char(current_date - keep, 'YYYYMMDD') LOOP
        DECLARE
            waits bool;
        BEGIN
            EXECUTE format(
                'SELECT EXISTS (SELECT FROM mesh.%I b JOIN mesh.output o USING (topic, lane, incarnation)
                                WHERE b.seq > o.acked_seq)', part) INTO waits;
            IF NOT waits THEN
                EXECUTE format('DROP TABLE mesh.%I', part);
            END IF;
        EXCEPTION WHEN lock_not_available THEN
            CONTINUE;  -- tried again at the next call
        END;
    END LOOP;
END $$;

SELECT mesh.turn_outbox_days(7);

-- The mesh's part of a turn, as one call, first in its transaction. The fence is also the lock:
-- it touches as many rows as there are lanes, or nothing happens at all.
CREATE FUNCTION mesh.turn(
    lanes int[], epochs bigint[], me text, lease_s float8, turn_at timestamptz,
    in_topic text[], in_partition int[], in_topic_id text[], in_next bigint[], in_incarnation bigint[],
    in_last bigint[],
    out_topic text[], out_lane int[], out_incarnation bigint[], out_last bigint[], out_acked bigint[],
    box_topic text[], box_lane int[], box_incarnation bigint[], box_seq bigint[], box_key text[],
    box_headers bytea[], box_value bytea[],
    said_topic text[], said_lane int[], said_key text[], said_incarnation bigint[], said_seq bigint[],
    said_value bytea[],
    gone uuid[],
    put_lane int[], put_at timestamptz[], put_id uuid[], put_case uuid[], put_kind text[],
    put_tenant text[], put_key text[], put_key_kind text[], put_payload bytea[],
    req_id uuid[], req_source text[], req_tenant text[], req_request text[], req_hash bytea[],
    req_case uuid[], req_code text[], req_reply text[],
    park_id uuid[], park_lane int[], park_unit text[], park_case uuid[], park_behind uuid[],
    park_origin text[], park_place text[], park_reason text[], park_packed bytea[],
    unparked uuid[]
) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, mesh AS $$
DECLARE
    touched int;
BEGIN
    WITH mine AS (
        SELECT l.lane FROM mesh.lane l JOIN unnest(lanes, epochs) AS f(lane, epoch) USING (lane)
        WHERE l.epoch = f.epoch AND l.owner = me ORDER BY l.lane FOR NO KEY UPDATE OF l
    )
    UPDATE mesh.lane l SET turned_at = turn_at, until = clock_timestamp() + make_interval(secs => lease_s)
    FROM mine WHERE l.lane = mine.lane;
    GET DIAGNOSTICS touched = ROW_COUNT;
    IF touched < cardinality(lanes) THEN
        RAISE EXCEPTION 'fenced' USING ERRCODE = 'MF001';
    END IF;

    IF cardinality(req_id) > 0 THEN
        INSERT INTO mesh.request (message_id, source, tenant, request_id, content_hash, case_id, code, reply, at)
        SELECT i, s, t, r, h, c, d, p, turn_at
        FROM unnest(req_id, req_source, req_tenant, req_request, req_hash, req_case, req_code, req_reply)
          AS n(i, s, t, r, h, c, d, p)
        ON CONFLICT DO NOTHING;  -- on either key: which one two lanes meet at first is chance
        GET DIAGNOSTICS touched = ROW_COUNT;
        IF touched < cardinality(req_id) THEN
            RAISE EXCEPTION 'an identity was taken meanwhile' USING ERRCODE = 'MF002';
        END IF;
    END IF;

    IF cardinality(in_topic) > 0 THEN
        INSERT INTO mesh.input AS i (topic, partition, topic_id, next_offset, incarnation, last_seq)
        SELECT * FROM unnest(in_topic, in_partition, in_topic_id, in_next, in_incarnation, in_last)
        ON CONFLICT (topic, partition) DO UPDATE
            SET topic_id = excluded.topic_id, next_offset = excluded.next_offset,
                incarnation = excluded.incarnation, last_seq = excluded.last_seq;
    END IF;

    IF cardinality(out_topic) > 0 THEN
        INSERT INTO mesh.output AS o (topic, lane, incarnation, last_seq, acked_seq)
        SELECT * FROM unnest(out_topic, out_lane, out_incarnation, out_last, out_acked)
        ON CONFLICT (lane, topic) DO UPDATE
            SET incarnation = excluded.incarnation, last_seq = excluded.last_seq,
                acked_seq = excluded.acked_seq;
    END IF;

    IF cardinality(box_topic) > 0 THEN
        INSERT INTO mesh.outbox (topic, lane, incarnation, seq, key, headers, value, at)
        SELECT *, clock_timestamp()
        FROM unnest(box_topic, box_lane, box_incarnation, box_seq, box_key, box_headers, box_value);
    END IF;

    IF cardinality(said_topic) > 0 THEN
        INSERT INTO mesh.said AS s (topic, lane, key, incarnation, seq, value)
        SELECT * FROM unnest(said_topic, said_lane, said_key, said_incarnation, said_seq, said_value)
        ON CONFLICT (topic, key) DO UPDATE
            SET lane = excluded.lane, incarnation = excluded.incarnation, seq = excluded.seq,
                value = excluded.value;
    END IF;

    IF cardinality(gone) > 0 THEN
        DELETE FROM mesh.due d USING unnest(gone) AS g(id) WHERE d.due_id = g.id;
    END IF;

    IF cardinality(put_id) > 0 THEN
        INSERT INTO mesh.due AS d (lane, due_at, due_id, case_id, kind, tenant, key_id, key_kind, payload)
        SELECT * FROM unnest(put_lane, put_at, put_id, put_case, put_kind, put_tenant, put_key,
                             put_key_kind, put_payload)
        ON CONFLICT (due_id) DO UPDATE SET due_at = excluded.due_at, payload = excluded.payload;
    END IF;

    IF cardinality(park_id) > 0 THEN
        INSERT INTO mesh.parked (parked_id, lane, unit, case_id, behind, origin, place, reason, packed, at)
        SELECT i, l, u, c, b, o, p, r, k, turn_at
        FROM unnest(park_id, park_lane, park_unit, park_case, park_behind, park_origin, park_place,
                    park_reason, park_packed) AS n(i, l, u, c, b, o, p, r, k)
        ON CONFLICT (parked_id) DO UPDATE SET reason = excluded.reason, behind = excluded.behind;
    END IF;

    IF cardinality(unparked) > 0 THEN
        DELETE FROM mesh.parked p USING unnest(unparked) AS g(id) WHERE p.parked_id = g.id;
    END IF;
END $$;

DO $$
BEGIN
    EXECUTE format('GRANT USAGE ON SCHEMA mesh TO %I', current_database());
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON mesh.instance, mesh.due, mesh.parked TO %I', current_database());
    EXECUTE format('GRANT SELECT, INSERT, UPDATE ON mesh.lane, mesh.output, mesh.input, mesh.said, mesh.request, mesh.task TO %I', current_database());
    EXECUTE format('GRANT SELECT, INSERT ON mesh.outbox, mesh.repair TO %I', current_database());
    -- The database's defaults give more than that.
    EXECUTE format('REVOKE UPDATE, DELETE ON mesh.outbox, mesh.repair FROM %I', current_database());
    EXECUTE format('REVOKE DELETE ON mesh.lane, mesh.output, mesh.input, mesh.said, mesh.request, mesh.task FROM %I', current_database());
    EXECUTE format('REVOKE INSERT, UPDATE, DELETE ON mesh.migration FROM %I', current_database());
    EXECUTE format('GRANT EXECUTE ON FUNCTION mesh.turn_outbox_days(int) TO %I', current_database());
END $$;
