"""What tests may ask for: the stack, its services, tenants and databases. See stack_fixture."""

from .stack_fixture import database, dsn, owner_dsn, services, stack, tenant, tenants

__all__ = ["database", "dsn", "owner_dsn", "services", "stack", "tenant", "tenants"]
