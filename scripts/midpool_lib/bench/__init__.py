"""A program is measured under each allocator."""
