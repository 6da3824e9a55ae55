"""Every SQL statement of notifications: `states` for the lanes, `reads` for sender and doors."""
