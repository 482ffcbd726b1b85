"""MIDPOOL_CONF: the command's parser agrees with the library's."""

import ast
import os
import re
import unittest

import sample
from midpool_lib.base import conf

TABLE = os.path.join(sample.SOURCE, "tests", "support", "conf_cases.def")


def cases():
    """The table that test_options.c of the unit tests takes as well."""
    with open(TABLE, encoding="utf-8") as file:
        rows = re.findall(r"(?m)^CONF_CASE(\(.*\))$", file.read())
    return [ast.literal_eval(row) for row in rows]


class Table(unittest.TestCase):
    def test_every_row(self):
        self.assertGreater(len(cases()), 10)
        for text, report_file, warn_below in cases():
            last = {item.key: item.value for item in conf.parse(text)}
            self.assertEqual(last.get("report_file", ""), report_file, text)
            self.assertEqual(int(last.get("warn_below", 95)), warn_below,
                             text)

    def test_what_is_left_out_leaves_the_rest_as_it_stands(self):
        for text, _report_file, warn_below in cases():
            kept = ",".join(conf.without(["report_file"], text))
            last = {item.key: item.value for item in conf.parse(kept)}
            self.assertNotIn("report_file", last)
            self.assertEqual(int(last.get("warn_below", 95)), warn_below,
                             text)

    def test_a_path_with_a_comma_is_taken_out_whole(self):
        self.assertEqual(conf.without(
            ("report_file",), r"report_file:/a\,live:yes", "zero:free"),
            ["zero:free"])


if __name__ == "__main__":
    unittest.main()
