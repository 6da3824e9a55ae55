"""The policies that a process runs under: those it was given, and every one it ever ran under."""

from collections.abc import Sequence

from mesh.service import Reader

from ledger.domain.policy import Policy
from ledger.domain.policyfile import Policies, version_of
from ledger.store import policies as store


class PolicyBook:
    """Gives each tenant's policy; older versions are known to it from the store."""

    def __init__(self, texts: Sequence[str]) -> None:
        """Read the versions that were given, the one in force last. Raises ValueError."""
        self._given = {version_of(text): text for text in texts}
        self._policies = Policies.parse(*texts)

    @property
    def version(self) -> str:
        """Name the version that is in force."""
        return self._policies.everybody.version

    def of(self, tenant: str) -> Policy:
        """Give a tenant's policy."""
        return self._policies.of(tenant)

    async def keep(self, reader: Reader) -> None:
        """Keep what was given beside what is kept, and know all of it.

        Raises SystemExit naming a version that was loaded before with another text: what was
        posted under it would not mean any more what it did.
        """
        await store.keep(reader, self._given)
        kept = await store.kept(reader)
        for row in kept:
            version, text = row["version"], row["text"]
            if self._given.get(version, text) != text:
                raise SystemExit(
                    f"LEDGER_POLICY_FILE: policy {version} is another text than the one that was "
                    f"loaded on {row['loaded_at']:%Y-%m-%d}: give what was changed a new version"
                )
        earlier = [row["text"] for row in kept if row["version"] not in self._given]
        try:
            self._policies = Policies.parse(*earlier, *self._given.values())
        except ValueError as error:
            raise SystemExit(f"a policy that the store keeps cannot be read: {error}") from error
