"""Which lane a loan travels in: Java's default partitioner, for every language the same."""

MASK = 0xFFFFFFFF
SEED = 0x9747B28C
M = 0x5BD1E995


def murmur2(data: bytes) -> int:
    """Hash as Kafka's Java client does, unsigned 32 bits (Utils.murmur2 of kafka-clients)."""
    h = SEED ^ len(data)
    whole = len(data) & ~3
    for at in range(0, whole, 4):
        k = int.from_bytes(data[at : at + 4], "little") * M & MASK
        k = (k ^ (k >> 24)) * M & MASK
        h = (h * M & MASK) ^ k
    rest = data[whole:]
    if rest:
        h = (h ^ int.from_bytes(rest, "little")) * M & MASK
    h = (h ^ (h >> 13)) * M & MASK
    return h ^ (h >> 15)


def lane_of(text: str, *, lanes: int) -> int:
    """Give the lane of `tenant/id` among `lanes`."""
    return (murmur2(text.encode()) & 0x7FFFFFFF) % lanes
