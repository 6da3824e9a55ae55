"""The ledger as a process runs it."""

import os
from collections.abc import Sequence
from datetime import UTC, datetime

from aiohttp import web
from mesh.doors import Doors
from mesh.process import App, Context
from mesh.service import Message
from mesh.settings import Settings

from ledger import api
from ledger.api import audit as audit_doors
from ledger.api import clocks as clock_doors
from ledger.api import core as core_doors
from ledger.api import monthend as month_doors
from ledger.api import policies as policy_doors
from ledger.api import reports, scenarios
from ledger.audit.published import HeadsFile
from ledger.audit.sealer import Sealer
from ledger.audit.service import Audited
from ledger.audit.settings import AuditSettings
from ledger.audit.waiting import Waiting
from ledger.core.route import Route
from ledger.core.service import Instructed
from ledger.core.settings import CoreSettings
from ledger.domain.policy import Policy
from ledger.monthend.service import MonthEnds
from ledger.monthend.settings import MonthEndSettings
from ledger.preview.settings import PreviewSettings
from ledger.rehearsal import messages
from ledger.rehearsal.service import Rehearsing
from ledger.service import Ledger
from ledger.settings import LedgerSettings
from ledger.store.audit import Chains
from ledger.store.core import Instructions
from ledger.store.ids import AnsweredIds
from ledger.store.monthend import Months
from ledger.store.reports import Snapshots
from ledger.store.states import Store
from ledger.wire.heard import to_wants


def build(settings: Settings) -> App:
    """Put the service together."""
    policies = LedgerSettings.read(os.environ).policies
    world = settings.world()
    is_scenario = world.is_scenario
    routed = CoreSettings.read(os.environ, cores=world.cores).routes
    clocks = MonthEndSettings.read(os.environ).clocks
    bureaus = PreviewSettings.read(os.environ).bureaus

    def policy_of(message: Message) -> Policy:
        """Give the tenant's policy; a scenario's comes with its messages."""
        if is_scenario(message.tenant) and "policy" in message.body:
            return messages.policy_of(message)
        return policies.of(message.tenant)

    def route_of(tenant: str, product: str) -> Route:
        """Say who else books what is posted: nobody hears of a scenario."""
        return Route() if is_scenario(tenant) else routed.of(tenant, product)

    service = Ledger(Store(policy_of, to_wants), policy_of)
    ending = MonthEnds(service, clocks=clocks, months=Months())
    instructed = Instructed(ending, route_of=route_of, instructions=Instructions())
    rehearsing = Rehearsing(instructed, ids=AnsweredIds(), is_scenario=is_scenario)

    def routes(doors: Doors) -> Sequence[web.RouteDef]:
        """Give what the doors answer: commands, reads, reports."""
        snapshots = Snapshots(settings.database_url)
        stage = scenarios.routes(doors, service=service, is_scenario=is_scenario)
        return [
            *api.routes(
                doors,
                service=service,
                deciding=ending,
                tenants=world.tenants,
                bureaus=bureaus,
            ),
            *stage,
            *core_doors.routes(doors, routed=routed),
            *month_doors.routes(doors),
            *clock_doors.routes(doors, clocks=clocks),
            *audit_doors.routes(doors, lanes=settings.mesh_lanes),
            *policy_doors.routes(doors, in_force=policies.version),
            *reports.routes(snapshots, policies.of),
        ]

    audit, chains = AuditSettings.read(os.environ), Chains()

    async def seal(context: Context) -> None:
        """Have the journal sealed until the process ends."""
        sealer = Sealer(
            chains,
            reader=context.reader,
            doors=context.doors,
            held=context.held,
            lanes=settings.mesh_lanes,
            file=HeadsFile(audit.heads_file),
            tell=Waiting(context.metrics, now=lambda: datetime.now(UTC)).tell,
        )
        await sealer.run()

    return App(
        service=Audited(rehearsing, chains=chains, signer=audit.signer),
        routes=routes,
        own_tenant=is_scenario,
        background=(seal,),
        before=(policies.keep,),
    )
