"""Says in a few lines how two runs of a scenario differ."""


def _clip(value, around):
    if isinstance(value, bytes):
        start = max(0, around - 60)
        return repr(value[start:around + 240])
    return repr(value)[:400]


def _first_difference(left, right):
    if isinstance(left, bytes) and isinstance(right, bytes):
        for index, (one, other) in enumerate(zip(left, right)):
            if one != other:
                return index
        return min(len(left), len(right))
    return 0


def describe_difference(plain, pooled):
    """Text about the first difference of two lists of notes, or None."""
    for (name, left), (other_name, right) in zip(plain, pooled):
        if name != other_name:
            return "%s came, not %s" % (other_name, name)
        if left != right:
            around = _first_difference(left, right)
            return "%s (at %d)\n  without: %s\n  with:    %s" % (
                name, around, _clip(left, around), _clip(right, around))
    if len(plain) != len(pooled):
        return "%d notes without, %d with" % (len(plain), len(pooled))
    return None
