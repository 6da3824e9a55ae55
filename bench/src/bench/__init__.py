"""Measures the mesh end to end, and in the same run the floors that it is compared with."""
