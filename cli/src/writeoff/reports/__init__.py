"""Reports of the books, read as they come and counted."""
