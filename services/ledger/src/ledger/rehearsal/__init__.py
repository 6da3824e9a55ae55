"""Scenario files in a running ledger: tenants of a development stack that need no case.

Their commands enter the lane as those of a door do, and carry their business day and their policy.
Nothing of them is told to other services but the loan as it is.
"""
