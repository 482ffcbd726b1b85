"""A small option parser: short and long options, '--', and kind errors.

A specification maps each option to the name of its value; a value name that
ends in '=' takes an argument, in '=*' takes one each time it is given.

    {"-o": "output=", "--output": "output=", "--conf": "conf=*", "-q": "quiet"}
"""

import sys

from midpool_lib.base.cli import nearest
from midpool_lib.base.errors import CommandError


class Parsed:
    """Options by name (None, False or [] if not given) and the rest."""

    def __init__(self, spec):
        self.rest = []
        self.after = None  # what follows '--'; None without one
        for name in spec.values():
            if name.endswith("=*"):
                setattr(self, name[:-2], [])
            elif name.endswith("="):
                setattr(self, name[:-1], None)
            else:
                setattr(self, name, False)

    def put(self, name, value):
        if name.endswith("=*"):
            getattr(self, name[:-2]).append(value)
        elif name.endswith("="):
            setattr(self, name[:-1], value)
        else:
            setattr(self, name, True)


def _unknown(command, option, spec):
    like = nearest(option, spec)
    fix = f"did you mean {like}? " if like else ""
    return CommandError(f"{command}: unknown option {option}",
                        fix + f"'midpool {command} --help' lists them all")


def _split(argument):
    """Name and attached value of an option: --x=y, -oFILE."""
    if argument.startswith("--"):
        name, equals, value = argument.partition("=")
        return name, value if equals else None
    return argument[:2], argument[2:] or None


def parse_sides(command, argv, spec, help_text):
    """As parse, for commands where '--' divides two lists of operands."""
    parsed = parse(command, argv, spec, help_text)
    if parsed.after is not None:
        first, parsed.rest = parsed.rest, []
        after = parsed.after
        parse(command, after, spec, help_text, into=parsed)
        first, parsed.rest = parsed.rest, first
        parsed.after = first
    return parsed


def parse(command, argv, spec, help_text, stop_at_operand=False, into=None):
    """Parses argv; prints the help and exits where it is asked for.

    With stop_at_operand the first word that is no option ends the options:
    what follows belongs to the program that is to be run.
    """
    parsed = into or Parsed(spec)
    words = list(argv)
    while words:
        word = words.pop(0)
        if word == "--":
            parsed.after = words
            break
        if word in ("-h", "--help"):
            sys.stdout.write(help_text)
            sys.stdout.flush()
            sys.exit(0)
        if not word.startswith("-") or word == "-":
            parsed.rest.append(word)
            if stop_at_operand:
                parsed.rest += words
                break
            continue
        option, value = _split(word)
        if option not in spec:
            raise _unknown(command, option, spec)
        name = spec[option]
        if "=" not in name:
            if value is not None and option.startswith("--"):
                raise CommandError(f"{command}: {option} takes no value")
            parsed.put(name, True)
            if value:
                words.insert(0, "-" + value)
            continue
        if value is None:
            if not words or words[0] == "--" or words[0] in spec:
                raise CommandError(f"{command}: {option} needs a value",
                                   f"see 'midpool {command} --help'")
            value = words.pop(0)
        parsed.put(name, value)
    return parsed


def count(command, option, text, low=1, high=100000):
    """A whole number from an option's text."""
    try:
        number = int(text)
    except ValueError:
        number = low - 1
    if not low <= number <= high:
        raise CommandError(
            f"{command}: {option} needs a number from {low} to {high},"
            f" not '{text}'")
    return number
