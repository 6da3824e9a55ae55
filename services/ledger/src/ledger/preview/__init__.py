"""What a command would give, told before it is given: nothing is posted."""
