"""Reads the processes of a pack, a row at a time."""

from midpool_lib.base.errors import CommandError
from midpool_lib.fleet import pack_schema

_NUMBERS = {column.name for column in pack_schema.PROCESS
            if column.is_number}


class Pack:
    """A pack that is open for reading; raises CommandError, which names it,
    where the file is none."""

    def __init__(self, path):
        self.path = path
        self._error = pack_schema.sqlite().Error
        try:
            self.db = pack_schema.connect(path)
            pack_schema.check(self.db, "main", ("process", "beyond"))
            self.columns = [column.name for column in pack_schema.known(
                self.db, "main", "process")]
        except self._error as error:
            raise self._damaged(error) from None
        except CommandError as error:
            raise CommandError(f"{path}: {error.problem}") from None

    def _damaged(self, error):
        return CommandError(f"{self.path}: a damaged pack ({error})")

    def one(self, query):
        """The first row of a query."""
        try:
            return self.db.execute(query).fetchone()
        except self._error as error:
            raise self._damaged(error) from None

    def processes(self, order):
        """Each process as a dict, in this order; unknown columns are left
        out."""
        query = f"SELECT {', '.join(self.columns)} FROM process ORDER BY" \
            f" {order}"
        try:
            beyond = self._beyond()
            for values in self.db.execute(query):
                row = dict(zip(self.columns, values))
                if beyond:
                    row.update(beyond.get(row["id"], ()))
                yield row
        except self._error as error:
            raise self._damaged(error) from None

    def _beyond(self):
        """Numbers that their column cannot hold, by process."""
        found = {}
        for number, name, value in self.db.execute(
                "SELECT process, name, value FROM beyond"
                " WHERE place = 'process'"):
            if (name in _NUMBERS and value.isascii() and value.isdecimal()
                    and len(value) <= 20):
                found.setdefault(number, {})[name] = int(value)
        return found
