"""The ledger's reports: pure shaping of what the store reads. No I/O, no clock."""
