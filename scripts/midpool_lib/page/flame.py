"""A flame graph for a page: stacks as a tree, and how each part changed.

    {"names": [["malloc_user", "prog"], ...], "runs": [5, 5], "rates": ["512 KB"],
     "nodes": [[depth, name, [bytes, gets, misses, live, peak], base, marks]]}

Nodes come in preorder, the first one is the root; `base` and `marks` stand in
comparisons only. Values are means over the runs of a side, which add up, as
medians do not. A mark is one letter per value: '+' and '-' are shown to
differ, '~' is not, '=' is the same in all runs, '?' are too few runs to tell.
"""

from midpool_lib.base import style
from midpool_lib.compare import comparison
from midpool_lib.read import stacks
from midpool_lib.read import sites as read_sites

NODES = 3000  # of all graphs on a page
FIRST_SHARE = 1 / 4000  # of the whole, below which a part is not drawn
ROOT = ("all stacks", "")
REST = ("(smaller ones)", "")
COUNT = len(stacks.VALUES)


class Node:
    """A function as called on one path, with the values of each run."""

    def __init__(self, sides):
        self.children = {}
        self.runs = [[[0] * COUNT for _run in side] for side in sides]

    def add(self, side, run, values):
        sums = self.runs[side][run]
        for index, value in enumerate(values):
            sums[index] += value

    def absorb(self, other):
        for side, runs in enumerate(other.runs):
            for run, values in enumerate(runs):
                self.add(side, run, values)

    def means(self, side):
        runs = self.runs[side]
        return [sum(run[index] for run in runs) / len(runs)
                for index in range(COUNT)]

    def size(self):
        return 1 + sum(child.size() for child in self.children.values())


def tree(sides):
    """The tree of some sides' runs, as of stacks.of_sides."""
    root = Node(sides)
    for side, runs in enumerate(sides):
        for run, paths in enumerate(runs):
            for path, values in paths.items():
                node = root
                node.add(side, run, values)
                for frame in path:
                    node = node.children.setdefault(frame, Node(sides))
                    node.add(side, run, values)
    return root


def _is_small(node, whole, share):
    return all(mean <= share * top for side, tops in enumerate(whole)
               for mean, top in zip(node.means(side), tops))


def _prune(node, whole, share):
    """Joins the parts that are too small to be seen."""
    small = [name for name, child in node.children.items()
             if name == REST or _is_small(child, whole, share)]
    for child in node.children.values():
        _prune(child, whole, share)
    if len(small) < 2:
        return
    rest = None
    for name in small:
        child = node.children.pop(name)
        if rest is None:
            rest = child
        else:
            rest.absorb(child)
    rest.children = {}
    node.children[REST] = rest


def _mark(node, index):
    sides = [[run[index] for run in runs] for runs in node.runs]
    return comparison.Change(None, "requested_bytes", *sides)


def _letter(change):
    if change.same:
        return "="
    if change.significant is None:
        return "?"
    if not change.significant or not change.difference:
        return "~"
    return "+" if change.difference > 0 else "-"


class _Encoder:
    """The nodes as a list; marks are adjusted for all nodes of a value."""

    def __init__(self, root, are_two):
        self.names = {}
        self.rows = []
        self.nodes = []
        self.are_two = are_two
        self._visit(ROOT, root, 0)
        if are_two:
            self._set_marks()

    def _visit(self, name, node, depth):
        number = self.names.setdefault(name, len(self.names))
        means = [[round(mean) for mean in node.means(side)]
                 for side in range(len(node.runs))]
        self.rows.append([depth, number] + means[::-1])
        self.nodes.append(node)
        order = sorted(node.children.items(), key=lambda item: (
            item[0] == REST, -max(item[1].means(side)[0] for side in
                                  range(len(node.runs))), item[0]))
        for below, child in order:
            self._visit(below, child, depth + 1)

    def _set_marks(self):
        marks = [[] for _node in self.nodes]
        for index in range(COUNT):
            changes = [_mark(node, index) for node in self.nodes]
            comparison.adjust(changes)
            for row, change in zip(marks, changes):
                row.append(_letter(change))
        for row, letters in zip(self.rows, marks):
            row.append("".join(letters))


def graph(sides, rates, nodes=NODES):
    """The graph of one side, or of two, as stacks.of_sides gives them."""
    root = tree(sides)
    whole = [root.means(side) for side in range(len(sides))]
    share = FIRST_SHARE
    _prune(root, whole, share)
    while root.size() > nodes:
        share *= 2
        _prune(root, whole, share)
    encoded = _Encoder(root, len(sides) == 2)
    return {"names": list(encoded.names), "runs": [len(side) for side in sides],
            "rates": [style.size(rate) for rate in rates],
            "nodes": encoded.rows}


def data(report, nodes=NODES):
    """The graph of one report; None where it has no call stacks."""
    if not stacks.has_sites(report):
        return None
    return graph(stacks.of_sides([report]), read_sites.of([report]).rates,
                 nodes)
