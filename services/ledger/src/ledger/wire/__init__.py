"""The border: contracts and commands ↔ the domain. `heard` comes in, `told` goes out."""
