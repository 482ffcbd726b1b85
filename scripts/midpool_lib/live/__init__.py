"""A running program is watched, full screen."""
