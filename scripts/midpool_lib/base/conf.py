"""MIDPOOL_CONF as the library reads it: the one parser of the command.

interpose/options/options.c is the library's. Both take the rows of
tests/support/conf_cases.def, so that they cannot drift apart unnoticed.
"""

BLANKS = " \t\n\v\f\r"  # is_blank in interpose/options/options.c


class Item:
    """One "key:value" of the text."""

    def __init__(self, text):
        key, _colon, value = text.partition(":")
        self.text = text              # as it stands, to be handed on
        self.key = key.strip(BLANKS)
        self.value = value.strip(BLANKS).replace("\\,", ",")


def _split(text):
    """The text between commas; a comma behind a backslash belongs to it."""
    start = at = 0
    while at < len(text):
        if text.startswith("\\,", at):
            at += 1
        elif text[at] == ",":
            yield text[start:at]
            start = at + 1
        at += 1
    yield text[start:]


def parse(text):
    """The items of a MIDPOOL_CONF, in order and without empty ones."""
    return [Item(part) for part in _split(text) if part.strip(BLANKS)]


def without(keys, *texts):
    """The items of all texts, unchanged, without those of some keys."""
    return [item.text for text in texts for item in parse(text)
            if item.key not in keys]
