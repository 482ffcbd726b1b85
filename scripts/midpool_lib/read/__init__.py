"""Reports and live pages are found, read, merged and kept."""
