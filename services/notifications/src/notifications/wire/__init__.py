"""The border: contracts and commands on one side, the domain on the other."""
