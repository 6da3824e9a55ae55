"""The states of the lanes: loaded once a turn, saved once a turn."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from mesh.saving import changed, write
from mesh.service import Change, Key, Message, Reader, Transaction
from mesh.tasks import Task
from mesh.taskstore import load_tasks, save_tasks

from notifications.domain.events import Event
from notifications.domain.notices import LoanNotices, Notice, PartyFile, State
from notifications.store.rows import from_notice, from_party, to_notice, to_party

LOAD_NOTICES = """
SELECT n.* FROM notice n
JOIN unnest($1::text[], $2::text[]) AS k(tenant, loan_id) USING (tenant, loan_id)
"""

LOAD_PARTIES = """
SELECT p.* FROM party p
JOIN unnest($1::text[], $2::text[]) AS k(tenant, party_id) USING (tenant, party_id)
"""

SAVE_NOTICES = """
INSERT INTO notice (lane, tenant, loan_id, notice_id, posting_id, case_id, notice, recipient,
                    deadline, content, attempts, state, channel, try_at, tries, outages, rule, code,
                    provider_id, text_sha256, address_sha256, template_version, sent_at)
SELECT * FROM unnest($1::int[], $2::text[], $3::text[], $4::uuid[], $5::uuid[], $6::uuid[],
                     $7::text[], $8::text[], $9::date[], $10::jsonb[], $11::int[], $12::text[],
                     $13::text[], $14::timestamptz[], $15::int[], $16::int[], $17::text[],
                     $18::text[], $19::text[], $20::text[], $21::text[], $22::text[],
                     $23::timestamptz[])
ON CONFLICT (notice_id) DO UPDATE SET attempts = excluded.attempts, state = excluded.state,
    channel = excluded.channel, try_at = excluded.try_at, tries = excluded.tries,
    outages = excluded.outages, rule = excluded.rule, code = excluded.code,
    provider_id = excluded.provider_id, text_sha256 = excluded.text_sha256,
    address_sha256 = excluded.address_sha256, template_version = excluded.template_version,
    sent_at = excluded.sent_at
"""

SAVE_PARTIES = """
INSERT INTO party AS p (tenant, party_id, incarnation, number, is_erased, given_name, family_name,
                        business_name, email, locale)
SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::boolean[], $6::text[],
                     $7::text[], $8::text[], $9::text[], $10::text[])
ON CONFLICT (tenant, party_id) DO UPDATE SET incarnation = excluded.incarnation,
    number = excluded.number, is_erased = excluded.is_erased, given_name = excluded.given_name,
    family_name = excluded.family_name, business_name = excluded.business_name,
    email = excluded.email, locale = excluded.locale
"""


class Store:
    """Keeps notices and parties."""

    async def load(
        self, reader: Reader, wanted: Mapping[Key, Sequence[Message]]
    ) -> dict[Key, State]:
        """Give every key's state, an empty one where nothing is known."""
        loans = [key for key in wanted if key.kind == "loan"]
        parties = [key for key in wanted if key.kind == "party"]
        states: dict[Key, State] = {key: PartyFile() for key in parties}
        if parties:
            for row in await reader.fetch(LOAD_PARTIES, *_names(parties)):
                key = Key(row["tenant"], row["party_id"], "party")
                states[key] = PartyFile((row["incarnation"], row["number"]), to_party(row))
        if loans:
            notices = {key: dict[UUID, Notice]() for key in loans}
            for row in await reader.fetch(LOAD_NOTICES, *_names(loans)):
                notices[Key(row["tenant"], row["loan_id"])][row["notice_id"]] = to_notice(row)
            tasks = await load_tasks(reader, loans)
            for key in loans:
                states[key] = LoanNotices(notices[key], {t.task_id: t for t in tasks[key]})
        return states

    async def save(self, tx: Transaction, changes: Sequence[Change[State, Event]]) -> None:
        """Keep what is new or changed."""
        notices: list[tuple[Any, ...]] = []
        parties: list[tuple[Any, ...]] = []
        tasks: list[tuple[Key, int, Task]] = []
        for change in changes:
            match change.before, change.after:
                case LoanNotices() as before, LoanNotices() as after:
                    place = (change.lane, change.key.tenant, change.key.id)
                    notices += [
                        (*place, *from_notice(notice))
                        for notice in changed(before.notices, after.notices)
                    ]
                    tasks += [
                        (change.key, change.lane, task)
                        for task in changed(before.tasks, after.tasks)
                    ]
                case _, PartyFile() as after:
                    parties.append(from_party(change.key, after))
                case _:
                    raise AssertionError("a key keeps its kind")
        await write(tx, SAVE_NOTICES, notices)
        await write(tx, SAVE_PARTIES, parties)
        await save_tasks(tx, tasks)


def _names(keys: Sequence[Key]) -> tuple[list[str], list[str]]:
    return [key.tenant for key in keys], [key.id for key in keys]
