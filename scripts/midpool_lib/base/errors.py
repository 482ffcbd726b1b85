"""The one exception that a user is meant to see."""

USAGE = 2
INCOMPARABLE = 3
INCOMPLETE = 3  # some of the named files could not be read


class CommandError(Exception):
    """A problem in the user's words: the fault and its remedy."""

    def __init__(self, problem, fix="", status=USAGE):
        super().__init__(problem)
        self.problem = problem
        self.fix = fix
        self.status = status
