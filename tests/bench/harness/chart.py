"""The chart: an SVG file, written by hand.

One panel per group and unit; a row's allocators as dots on a logarithmic
axis, relative to midpool (or to the best where midpool is not measured).
"""

import math
from html import escape

# Okabe and Ito's palette: told apart also by colour-blind readers.
COLOURS = ("#0072b2", "#e69f00", "#56b4e9", "#cc79a7", "#f0e442", "#999999",
           "#8c564b", "#17becf")
MIDPOOL = "#d55e00"
FRESH = "#009e73"

LEFT, RIGHT, STEP, WIDTH = 330, 30, 18, 960
LOW, HIGH = 0.25, 32.0  # the axis, as ratios; beyond it dots sit at its end


def _colour(name, names):
    if name.startswith("midpool"):
        return MIDPOOL if name == "midpool" else FRESH
    peers = [one for one in names if not one.startswith("midpool")]
    return COLOURS[peers.index(name) % len(COLOURS)]


def _x(ratio):
    ratio = min(max(ratio, LOW), HIGH)
    part = math.log(ratio / LOW) / math.log(HIGH / LOW)
    return LEFT + part * (WIDTH - LEFT - RIGHT)


def _reference(line):
    if "midpool" in line.cells:
        return line.cells["midpool"].value
    return min(found.value for found in line.cells.values())


def _row(line, names, y):
    out = [
        f'<text x="{LEFT - 10}" y="{y + 4}" text-anchor="end">'
        f"{escape(line.row)}</text>",
        f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}" '
        'class="row"/>',
    ]
    reference = _reference(line)
    for name in reversed(names):
        if name not in line.cells or reference <= 0:
            continue
        value = line.cells[name].value
        title = f"{name}: {value:.4g} {line.unit} ({value / reference:.2f} x)"
        out.append(
            f'<circle cx="{_x(value / reference):.1f}" cy="{y}" r="5" '
            f'fill="{_colour(name, names)}"><title>{escape(title)}</title>'
            "</circle>"
        )
    return out


def _axis(top, bottom):
    out = []
    ratio = LOW
    while ratio <= HIGH:
        x = _x(ratio)
        kind = "one" if ratio == 1 else "grid"
        out.append(
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{top}" y2="{bottom}" '
            f'class="{kind}"/>'
            f'<text x="{x:.1f}" y="{top - 6}" text-anchor="middle">'
            f"{ratio:g} x</text>"
        )
        ratio *= 2
    return out


def _legend(names):
    out, x = [], 20
    for name in names:
        out.append(
            f'<circle cx="{x}" cy="44" r="5" fill="{_colour(name, names)}"/>'
            f'<text x="{x + 10}" y="48">{escape(name)}</text>'
        )
        x += 30 + 7 * len(name)
    return out


STYLE = """
text { font: 12px sans-serif; fill: #222 }
.title { font: bold 15px sans-serif }
.row { stroke: #eee } .grid { stroke: #ddd } .one { stroke: #888 }
.ground { fill: #fff }
"""


def render(lines, names):
    body = [
        '<text x="20" y="24" class="title">Time and memory relative to '
        "midpool: left of 1 x is better than midpool</text>",
        *_legend(names),
    ]
    y, last = 70, None
    groups = []
    for line in lines:
        key = f"{line.group}, {line.unit}"
        if key != last:
            groups.append((key, []))
            last = key
        groups[-1][1].append(line)
    for key, members in groups:
        y += 34
        body.append(f'<text x="20" y="{y}" class="title">{escape(key)}</text>')
        top = y + 8
        body += _axis(top, top + STEP * len(members) + 4)
        for line in members:
            y += STEP
            body += _row(line, names, y)
        y += 14
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" '
        f'height="{y + 20}" viewBox="0 0 {WIDTH} {y + 20}">\n'
        f"<style>{STYLE}</style>\n"
        f'<rect class="ground" width="{WIDTH}" height="{y + 20}"/>\n'
        + "\n".join(body)
        + "\n</svg>\n"
    )


def write(path, lines, names):
    path.write_text(render(lines, names), encoding="utf-8")
