"""Reading the auditor's trail: the topic, files of heads, the ledger's store."""
