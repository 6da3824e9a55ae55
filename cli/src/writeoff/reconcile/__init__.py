"""Do the five stores and the topics tell the same story? What is read, and the checks of it."""
