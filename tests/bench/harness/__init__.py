"""The benchmark's harness: what to run, under what, and what came out."""
