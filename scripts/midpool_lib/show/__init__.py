"""A report as text, as a tree of processes and in other formats."""
