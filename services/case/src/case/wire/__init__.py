"""The border: what is heard becomes commands and facts of the domain, its events become records."""
