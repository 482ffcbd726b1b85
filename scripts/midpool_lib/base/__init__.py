"""Common parts of all commands: options, errors, paths, counters, colours."""
