"""Every SQL statement of authorization."""
