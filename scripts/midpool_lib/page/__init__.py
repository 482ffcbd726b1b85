"""One self-contained HTML page about a profile or a comparison."""
