"""The border: what is heard becomes a command of the domain, an event becomes what is said."""
