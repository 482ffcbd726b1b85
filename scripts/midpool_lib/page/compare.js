// The page of two profiles: base against new.
"use strict";

const WORSE_UP = new Set(["misses", "waste", "peak_live_bytes", "peak_rss_bytes", "discards"]);
const WORSE_DOWN = new Set(["hit_rate"]);

const METRICS = [
  ["gets", "gets", (r) => r.gets, group], ["requested_bytes", "bytes asked for", (r) => r.requested_bytes, bytes],
  ["hit_rate", "hit rate", (r) => (r.gets ? r.hits / r.gets : null), null],
  ["misses", "misses", (r) => r.misses, group],
  ["waste", "waste", (r) => (r.slot_bytes ? wasted(r) / r.slot_bytes : null), null],
  ["peak_live_bytes", "peak live", (r) => r.peak_live_bytes, bytes],
  ["discards", "discards", (r) => r.discards, group]];

// What is of the whole program, not of a pool: key in the report, title.
const WHOLE = [
  ["fallback.below.calls", "calls < 2 KB", (r) => r.fallback.below.calls, group],
  ["fallback.below.bytes", "bytes < 2 KB", (r) => r.fallback.below.bytes, bytes],
  ["fallback.above.calls", "calls > 64 KB", (r) => r.fallback.above.calls, group],
  ["fallback.above.bytes", "bytes > 64 KB", (r) => r.fallback.above.bytes, bytes],
  ["process.duration_ns", "time", (r) => r.process.duration_ns, duration]];

const asPercent = (n) => (n * 100).toFixed(2) + " %";

function changeText(was, now, isRate) {
  if (was === null || now === null) return "–";
  if (was === now) return "same";
  if (isRate) {
    const points = ((now - was) * 100).toFixed(2);
    return (Number(points) === 0 ? "±0.00" : now > was ? "+" + points : points) + " pp";
  }
  if (!was) return "from none";
  const change = (now / was - 1) * 100;
  return (change > 0 ? "+" : "") + (Math.abs(change) < 1000 ? change.toFixed(2) : group(change)) + " %";
}

function changeKind(name, was, now) {
  if (was === now || was === null || now === null) return "";
  if (name in {hit_rate: 1, waste: 1} && Math.abs(now - was) < 0.0005) return "";
  const up = now > was;
  if ((up && WORSE_UP.has(name)) || (!up && WORSE_DOWN.has(name))) return "worse";
  if ((!up && WORSE_UP.has(name)) || (up && WORSE_DOWN.has(name))) return "better";
  return "";
}

function changeRow(scope, [name, title, value, form], base, next) {
  const key = scope + name;
  const was = value(base), now = value(next), isRate = form === null;
  const text = (n) => (n === null ? "–" : (form || asPercent)(n));
  return make("tr", {}, make("td", {}, title), cell(`base.${key}`, was, text(was)),
    cell(`new.${key}`, now, text(now)),
    make("td", {class: changeKind(name, was, now)}, changeText(was, now, isRate)));
}

function totalsCard(base, next) {
  return make("section", {}, make("h2", {}, "All pools, and the rest"), make("div", {class: "scroll"}, make("table", {},
    headRow("", "base", "new", "change"),
    make("tbody", {}, ...METRICS.map((metric) => changeRow("totals.", metric, base.totals, next.totals)),
      ...WHOLE.map((metric) => changeRow("", metric, base, next))))));
}

// Two bars under each other on one scale.
function pairBar(was, now, top) {
  const bar = (kind, n) => make("div", {class: "tiers", style: "height:7px;margin:2px 0"},
    make("i", {class: kind, style: `width:${(n / top) * 100}%;min-width:${n ? 1 : 0}px`}));
  return make("td", {class: "bar"}, bar("was", was), bar("now", now));
}

function rowsBySize(report, detail) {
  const rows = detail ? classesOf(report) : report.pools;
  return new Map(rows.map((row) => [row.max_bytes, row]));
}

function sizesCard(base, next, detail) {
  const first = rowsBySize(base, detail), second = rowsBySize(next, detail);
  const sizes = [...first.keys()].filter((size) => second.has(size) && (first.get(size).gets || second.get(size).gets));
  const weight = (size) => Math.abs(second.get(size).slot_bytes - first.get(size).slot_bytes);
  sizes.sort((a, b) => weight(b) - weight(a));
  const top = Math.max(1, ...sizes.flatMap((size) => [first.get(size).gets, second.get(size).gets]));
  const scope = detail ? "classes" : "pools";
  const row = (size) => {
    const was = first.get(size), now = second.get(size);
    const rates = [METRICS[2][2](was), METRICS[2][2](now)], wastes = [METRICS[4][2](was), METRICS[4][2](now)];
    return make("tr", {}, make("td", {}, sizeName(size)),
      cell(`base.${scope}.${size}.gets`, was.gets, group(was.gets)),
      cell(`new.${scope}.${size}.gets`, now.gets, group(now.gets)),
      pairBar(was.gets, now.gets, top), make("td", {}, changeText(was.gets, now.gets)),
      make("td", {class: changeKind("hit_rate", ...rates)}, changeText(...rates, true)),
      make("td", {class: changeKind("misses", was.misses, now.misses)}, changeText(was.misses, now.misses)),
      make("td", {class: changeKind("waste", ...wastes)}, changeText(...wastes, true)),
      make("td", {class: changeKind("peak_live_bytes", was.peak_live_bytes, now.peak_live_bytes)},
           changeText(was.peak_live_bytes, now.peak_live_bytes)));
  };
  return make("div", {class: "scroll"}, make("table", {},
    headRow(detail ? "class" : "pool", "base gets", "new gets", "", "gets", "hit rate", "misses", "waste", "peak live"),
    make("tbody", {}, ...sizes.map(row))));
}

function differences(base, next) {
  const found = [];
  if (program(base) !== program(next)) found.push(`other executables: ${program(base)} and ${program(next)}`);
  const harmless = new Set(["report", "report_file", "report_children", "warn_below", "live", "signal"]);
  const names = new Set([...Object.keys(base.config), ...Object.keys(next.config)]);
  const changed = [...names].filter((n) => !harmless.has(n) && String(base.config[n]) !== String(next.config[n]));
  if (changed.length)
    found.push("other configuration: " + changed.map((n) => `${n} ${base.config[n]} → ${next.config[n]}`).join(", "));
  const shape = (report) => JSON.stringify(classesOf(report).map((row) => row.max_bytes));
  if (shape(base) !== shape(next)) found.push("other size classes");
  return found.map((text) => make("p", {class: "say warning"}, make("b", {}, "not comparable as such: "), text));
}

const PAIR_LEGEND = () => legend(["was", "base"], ["now", "new"]);

function comparePage(base, next) {
  const worth = (report) => curveOf(report).length >= 3;
  return [...differences(base, next), totalsCard(base, next),
    make("section", {}, make("h2", {}, "By pool"),
      make("p", {class: "note"}, "Sorted by weight, the bytes that changed. One run each: whether a change is more" +
        " than noise, midpool diff says of several runs."), PAIR_LEGEND(), sizesCard(base, next, false),
      make("details", {}, make("summary", {}, "By size class"), sizesCard(base, next, true))),
    card("Requested sizes", "Gets in steps of 256 bytes: bars are the new profile, marks across them the base.",
      sizeChart([base, next])),
    worth(base) && worth(next)
      ? card("Live bytes over time", "Each from its own start.", liveChart([base, next]), PAIR_LEGEND()) : null,
  ].filter(Boolean);
}
