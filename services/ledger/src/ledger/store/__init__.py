"""Every SQL statement of the ledger: `states` for the lanes, `reads` for the doors."""
