// The page of two profiles: base against new. Its words, medians and verdicts are those of midpool diff.
"use strict";

function changeCell(change) {
  if (!change) return make("td", {}, "–");
  const [was, now] = change.sides.map((side) => side.join(" ").trim());
  return make("td", {class: change.kind, title: `${was} → ${now}${change.p ? ", " + change.p : ""}`}, change.change);
}

function changeRow(change) {
  const [was, now] = change.sides;
  return make("tr", {}, make("td", {}, change.title),
    cell("base." + change.key, change.base, was[0]), make("td", {class: "text"}, was[1]),
    cell("new." + change.key, change.new, now[0]), make("td", {class: "text"}, now[1]),
    changeCell(change), make("td", {}, change.p));
}

function totalsCard(comparison) {
  return make("section", {}, make("h2", {}, "All pools, and the rest"),
    make("p", {class: "note"}, "Medians, with their 95 % intervals; of fewer than six runs, with their range." +
      " ~ is not shown to be more than noise."),
    make("div", {class: "scroll"}, make("table", {}, headRow("", "base", "", "new", "", "change", ""),
      make("tbody", {}, ...comparison.rows[0].changes.map(changeRow)))),
    ...comparison.footnotes.map((text) => make("p", {class: "note"}, text)));
}

// Two bars under each other on one scale.
function pairBar(was, now, top) {
  const bar = (kind, n) => make("div", {class: "tiers", style: "height:7px;margin:2px 0"},
    make("i", {class: kind, style: `width:${(n / top) * 100}%;min-width:${n ? 1 : 0}px`}));
  return make("td", {class: "bar"}, bar("was", was), bar("now", now));
}

function sizesCard(comparison, scope) {
  const rows = comparison.rows.filter((row) => row.scope === scope).map(({size, changes}) =>
    [size, Object.fromEntries(changes.map((change) => [change.metric, change]))]);
  const top = Math.max(1, ...rows.flatMap(([, of]) => [of.gets.base, of.gets.new]));
  const row = ([size, of]) => make("tr", {}, make("td", {}, sizeName(size)),
    cell("base." + of.gets.key, of.gets.base, of.gets.sides[0][0]),
    cell("new." + of.gets.key, of.gets.new, of.gets.sides[1][0]), pairBar(of.gets.base, of.gets.new, top),
    ...["gets", "hit_rate", "misses", "waste", "peak_live_bytes"].map((metric) => changeCell(of[metric])));
  return make("div", {class: "scroll"}, make("table", {},
    headRow(scope, "base gets", "new gets", "", "gets", "hit rate", "misses", "waste", "peak live"),
    make("tbody", {}, ...rows.map(row))));
}

function siteRow(row) {
  const [was, now] = row.sides.map((side) => side.join(" ").trim());
  return make("tr", {}, make("td", {class: "text wrap", title: row.name.join("\n")}, row.name.join(" ← ")),
    make("td", {}, was), make("td", {}, now), changeCell(row), make("td", {}, row.p));
}

// Which stacks and functions got more.
function sitesCard(sites) {
  if (!sites) return null;
  const table = ({by, rows, more, footnotes}) => [make("h3", {}, "By " + by),
    rows.length ? make("div", {class: "scroll"}, make("table", {class: "sites"},
      make("thead", {}, make("tr", {}, make("th", {class: "text"}, by === "stack" ? "stack, innermost first" : "all that passes through"),
        ...["base", "new", "change", ""].map((name) => make("th", {}, name)))),
      make("tbody", {}, ...rows.map(siteRow)))) : make("p", {class: "note"}, "No difference in any run."),
    more ? make("p", {class: "note"}, `and ${group(more)} more`) : null,
    ...footnotes.map((text) => make("p", {class: "note"}, text))].filter(Boolean);
  return make("section", {}, make("h2", {}, "Requested bytes by who asked"), ...sites.tables.flatMap(table));
}

const PAIR_LEGEND = () => legend(["was", "base"], ["now", "new"]);

function comparePage(base, next, comparison) {
  const worth = (report) => curveOf(report).length >= 3;
  const which = Math.max(...comparison.runs) > 1 ? " Of the middle run of each side." : "";
  return [...comparison.notes.map((text) => make("p", {class: "say warning"}, text)), totalsCard(comparison),
    make("section", {}, make("h2", {}, "By pool"),
      make("p", {class: "note"}, "Sorted by weight, the bytes that changed."), PAIR_LEGEND(),
      sizesCard(comparison, "pool"),
      make("details", {}, make("summary", {}, "By size class"), sizesCard(comparison, "class"))),
    sitesCard(comparison.sites), flameCard(comparison.sites && comparison.sites.flame),
    card("Requested sizes", "Gets in steps of 256 bytes: bars are the new profile, marks across them the base." + which,
      sizeChart([base, next])),
    worth(base) && worth(next)
      ? card("Live bytes over time", "Each from its own start." + which, liveChart([base, next]), PAIR_LEGEND()) : null,
  ].filter(Boolean);
}
