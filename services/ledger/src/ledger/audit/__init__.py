"""The auditor's trail: the journal of each lane, sealed in signed Merkle blocks."""
