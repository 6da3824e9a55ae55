"""A month's end: interest accrued, loans aged, classified, losses proposed, the period closed."""
