"""A made-up lender: its loans, its requests, and the people who decide, played live."""
