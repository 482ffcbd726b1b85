"""What every command needs: options, errors, paths, counters, colours."""
