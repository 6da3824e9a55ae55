-- When the ledger told of the loan: a case closes when the loan is seen here as its posting left it.
ALTER TABLE loan ADD COLUMN told_at timestamptz;
