"""Reports and pages of very many processes are summed, packed, removed."""
