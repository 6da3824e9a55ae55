"""Every statement of the mesh's own on its tables, but those of migrations and tasks."""

TURN = f"SELECT mesh.turn({', '.join(f'${place}' for place in range(1, 58))})"
"""One call for all that a turn keeps of the mesh's own; its arguments are made in `rows`."""

FORGOTTEN = """
SELECT count(*) < cardinality($1::int[]) FROM mesh.lane
WHERE lane = ANY ($1::int[]) AND turned_at >= $2::timestamptz
"""
"""Whether a turn that was committed over these lanes at this moment is not there any more."""

BEAT_INSTANCE = """
WITH me AS (
    INSERT INTO mesh.instance AS i (name, seen_at) VALUES ($1, clock_timestamp())
    ON CONFLICT (name) DO UPDATE SET seen_at = excluded.seen_at
), gone AS (
    DELETE FROM mesh.instance WHERE seen_at < clock_timestamp() - interval '1 hour'
)
INSERT INTO mesh.lane (lane) SELECT n FROM generate_series(0, $2::int - 1) n
WHERE NOT EXISTS (SELECT FROM mesh.lane WHERE lane = $2 - 1)
ON CONFLICT (lane) DO NOTHING
"""

RENEW = """
UPDATE mesh.lane l SET until = clock_timestamp() + make_interval(secs => $4)
FROM (SELECT x.lane FROM mesh.lane x JOIN unnest($1::int[], $2::bigint[]) AS h(lane, epoch)
      USING (lane, epoch) WHERE x.owner = $3 ORDER BY x.lane FOR NO KEY UPDATE OF x) mine
WHERE l.lane = mine.lane
"""

LANES = """
SELECT lane, epoch, owner, until < clock_timestamp() AS expired FROM mesh.lane ORDER BY lane
"""

LIVING = """
SELECT clock_timestamp() AS now, count(*)::int AS living FROM mesh.instance
WHERE seen_at > clock_timestamp() - make_interval(secs => $1)
"""

TAKE = """
UPDATE mesh.lane SET epoch = epoch + 1, owner = $2,
       deaths = deaths + (owner IS NOT NULL AND owner <> $2)::int,
       tries = CASE WHEN owner <> $2 AND trying = suspect THEN tries + 1
                    WHEN owner <> $2 AND trying IS NOT NULL THEN 1 ELSE tries END,
       suspect = CASE WHEN owner <> $2 THEN coalesce(trying, suspect) ELSE suspect END,
       trying = CASE WHEN owner <> $2 THEN NULL ELSE trying END,
       until = clock_timestamp() + make_interval(secs => $3)
WHERE lane = $1 AND (owner IS NULL OR owner = $2 OR until < clock_timestamp())
RETURNING epoch
"""

GIVE_BACK = """
UPDATE mesh.lane l SET owner = NULL, until = '-infinity'
FROM unnest($1::int[], $2::bigint[]) AS h(lane, epoch)
WHERE l.lane = h.lane AND l.epoch = h.epoch AND l.owner = $3
"""

UNACKNOWLEDGED = """
SELECT b.* FROM mesh.outbox b JOIN mesh.output o USING (topic, lane, incarnation)
WHERE b.lane = $1 AND b.seq > o.acked_seq ORDER BY b.topic, b.seq
"""

PARKED_UNITS = """
SELECT DISTINCT ON (unit) unit, coalesce(behind, parked_id) AS parked_id FROM mesh.parked
WHERE lane = $1 AND unit NOT LIKE 'unreadable/%' ORDER BY unit, put
"""

DUE = """
SELECT * FROM mesh.due WHERE lane = ANY($1) AND due_at <= $2
  AND NOT (kind = '@record' AND lane = ANY($4::int[]))
ORDER BY due_at, put LIMIT $3
"""

NEXT_DUE = "SELECT min(due_at) FROM mesh.due WHERE lane = ANY($1) AND due_at > $2"

PUT = """
INSERT INTO mesh.due (lane, due_at, due_id, case_id, kind, tenant, key_id, key_kind, payload)
SELECT * FROM unnest($1::int[], $2::timestamptz[], $3::uuid[], $4::uuid[], $5::text[], $6::text[],
                     $7::text[], $8::text[], $9::bytea[])
ON CONFLICT (due_id) DO NOTHING
"""

SETTINGS = """
SELECT current_setting('server_version_num')::int AS version, current_setting('fsync') AS fsync,
       current_setting('full_page_writes') AS full_page_writes,
       current_setting('synchronous_commit') AS synchronous_commit,
       pg_is_in_recovery() AS standby
"""

PARKED = """
SELECT parked_id, lane, unit, case_id, behind, origin, place, reason, at FROM mesh.parked
ORDER BY put LIMIT 1000
"""

PARKED_LANE = "SELECT lane FROM mesh.parked WHERE parked_id = $1"

TRY_PLACE = """
UPDATE mesh.lane SET trying = $3 WHERE lane = $1 AND epoch = $2
RETURNING 1 + CASE WHEN suspect = $3 THEN tries ELSE 0 END
"""

CALM = """
UPDATE mesh.lane SET deaths = 0, tries = 0, trying = NULL, suspect = NULL
WHERE lane = $1 AND epoch = $2
"""

BEGIN_AT = """
INSERT INTO mesh.input AS i (topic, partition, topic_id, next_offset, incarnation, last_seq)
VALUES ($1, $2, $3, $4, 0, -1)
ON CONFLICT (topic, partition) DO UPDATE
    SET topic_id = excluded.topic_id, next_offset = excluded.next_offset, last_seq = -1
"""

STORE_ID = """
SELECT system_identifier::text || '/' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) AS id
FROM pg_control_system()
"""
