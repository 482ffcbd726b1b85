// The page of one profile.
"use strict";

function tiers(row) {
  const bar = make("div", {class: "tiers", role: "img",
    "aria-label": `cache ${percent(row.cache_hits, row.gets)}, depot ` +
      `${percent(row.depot_hits, row.gets)}, miss ${percent(row.misses, row.gets)}`});
  for (const [kind, count, name] of [["cache", row.cache_hits, "thread cache"],
                                     ["depot", row.depot_hits, "depot"],
                                     ["miss", row.misses, "new memory"]]) {
    if (!count) continue;
    const part = make("i", {class: kind, style: `width:${(count / row.gets) * 100}%`});
    hint(part, `${name}: ${group(count)} gets, ${percent(count, row.gets)}`);
    bar.append(part);
  }
  return bar;
}

const legend = (...entries) => make("div", {class: "legend"}, ...entries.map(([kind, text]) =>
  make("span", {}, make("i", {class: kind}), text)));

const TIER_LEGEND = [["cache", "thread cache"], ["depot", "shared depot"],
                     ["miss", "new memory"]];

function tile(name, key, value, figure, more, ...extra) {
  return make("div", {class: extra.length ? "tile wide" : "tile"},
    make("div", {class: "name"}, name),
    make("div", {class: "figure", "data-key": key, "data-value": value}, figure),
    ...extra, make("div", {class: "more"}, more));
}

function tiles(report) {
  const all = report.totals, below = report.fallback.below, above = report.fallback.above;
  const calls = all.gets + all.bypasses + below.calls + above.calls;
  return make("div", {class: "tiles"},
    tile("hit rate", "totals.hit_rate", all.hit_rate, percent(all.hits, all.gets),
         `of ${group(all.gets)} gets`, tiers(all), legend(...TIER_LEGEND)),
    tile("gets", "totals.gets", all.gets, short(all.gets),
         `${percent(all.gets, calls)} of all allocations`),
    tile("misses", "totals.misses", all.misses, short(all.misses), "gets that took new memory"),
    tile("peak live", "totals.peak_live_bytes", all.peak_live_bytes, bytes(all.peak_live_bytes),
         severalOf(report) ? (report.run.peaks_are_bounds ? "at most, of all processes" : "of all processes")
           : (report.memory.peak_live_is_exact === false ? "at least, " : "")
             + (report.memory.peak_live_after_ns ? `after ${duration(report.memory.peak_live_after_ns)}`
                                                 : "in the program’s hands")),
    tile("waste", "waste_bytes", wasted(all), percent(wasted(all), all.slot_bytes),
         `${bytes(wasted(all))} by rounding up`));
}

const ROW_KEYS = ["gets", "hits", "misses", "live_bytes", "peak_live_bytes"];

function rowOf(name, key, row, kind) {
  return make("tr", {class: row.gets ? kind : kind + " unused"}, make("td", {}, name),
    cell(key + ".gets", row.gets, group(row.gets)),
    cell(key + ".hits", row.hits, percent(row.hits, row.gets)),
    make("td", {class: "bar"}, row.gets ? tiers(row) : ""),
    cell(key + ".misses", row.misses, group(row.misses)),
    cell(key + ".live_bytes", row.live_bytes, bytes(row.live_bytes)),
    cell(key + ".peak_live_bytes", row.peak_live_bytes, bytes(row.peak_live_bytes)),
    cell(key + ".waste_bytes", wasted(row), row.slot_bytes ? percent(wasted(row), row.slot_bytes) : "–"));
}

function poolRows(pool) {
  const key = `pools.${pool.max_bytes}`;
  const row = rowOf(sizeName(pool.max_bytes), key, pool, "pool");
  const classes = pool.classes.length < 2 ? [] : pool.classes.map((entry) =>
    rowOf(sizeName(entry.max_bytes), `classes.${entry.max_bytes}`, entry, "class"));
  if (!classes.length) {
    row.classList.remove("pool");
    row.firstChild.prepend(make("span", {style: "display:inline-block;width:16px"}));
    return [row];
  }
  const button = make("button", {"aria-expanded": "false", "aria-label": "classes of the pool"}, "▸");
  row.firstChild.prepend(button);
  const toggle = () => {
    const open = button.getAttribute("aria-expanded") !== "true";
    button.setAttribute("aria-expanded", open);
    button.textContent = open ? "▾" : "▸";
    classes.forEach((entry) => { entry.hidden = !open; });
  };
  row.addEventListener("click", toggle);
  classes.forEach((entry) => { entry.hidden = true; });
  return [row, ...classes];
}

const headRow = (...names) => make("thead", {}, make("tr", {}, ...names.map((name) =>
  make("th", {scope: "col"}, name))));

function poolTable(report) {
  const body = make("tbody", {}, ...report.pools.flatMap(poolRows),
                    rowOf("all", "totals", report.totals, "total"));
  body.lastChild.firstChild.prepend(make("span", {style: "display:inline-block;width:16px"}));
  return make("section", {}, make("h2", {}, "Pools"),
    make("p", {class: "note"}, "A request belongs to the smallest pool that holds it. Hit rate is of the row’s" +
      " gets, waste of the bytes that it handed out. A pool opens to its size classes."),
    make("div", {class: "scroll"}, make("table", {},
      headRow("pool", "gets", "hit rate", "", "misses", "live", "peak live", "waste"), body)));
}

function card(title, note, ...content) {
  if (content.some((part) => part === null)) return null;
  return make("section", {}, make("h2", {}, title), make("p", {class: "note"}, note), ...content);
}

function curves(report) {
  if (curveOf(report).length < 3) return null;
  const whose = severalOf(report) ? "all processes’ hands" : "the program’s hands";
  return card("Over time", `Gets per second, and the bytes in ${whose} below.`,
    rateChart(report), legend(["cache", "hits"], ["miss", "misses"]), liveChart([report]));
}

function facts(report) {
  const {memory, threads, totals, fallback, misuse} = report;
  const rows = [
    ["live", "memory.live_bytes", memory.live_bytes, bytes, "in the program’s hands at the end"],
    ["cached", "memory.cached_bytes", memory.cached_bytes, bytes, "idle, ready for reuse"],
    ["resident", "memory.resident_bytes", memory.resident_bytes, bytes, "live and cached"],
    ["given back", "memory.purged_bytes", memory.purged_bytes, bytes, "to the system on the way"],
    ["tables", "memory.metadata_bytes", memory.metadata_bytes, bytes, "midpool’s own"],
    ["process", "memory.peak_rss_bytes", memory.peak_rss_bytes, bytes, severalOf(report) ? "peaks of all processes" : "peak of the whole process"],
    ["CPU, user", "process.cpu_user_ns", report.process.cpu_user_ns ?? null, duration, "in the program’s own code"],
    ["CPU, system", "process.cpu_system_ns", report.process.cpu_system_ns ?? null, duration, "in the kernel for it"],
    ["threads", "threads.peak", threads.peak, group,
     threads.peak_is_bound ? "or more: as many had a cache" :
     severalOf(report) && report.run.peaks_are_bounds ? "at most, a sum of processes’ peaks" : "at most at a time"],
    ["remote puts", "totals.remote_puts", totals.remote_puts, group, "by another thread than the get"],
    ["bypasses", "totals.bypasses", totals.bypasses, group, "band requests that went to jemalloc"],
    ["below 2 KB", "fallback.below.calls", fallback.below.calls, group,
     `calls to jemalloc, ${bytes(fallback.below.bytes)}`],
    ["above 64 KB", "fallback.above.calls", fallback.above.calls, group,
     `calls to jemalloc, ${bytes(fallback.above.bytes)}`],
    ["bad frees", "bad_frees", misuse.double_free + misuse.interior_free + misuse.misaligned_free +
     (misuse.wild_free || 0) + (misuse.wrong_size || 0), group, "double, interior, misaligned"]];
  return make("section", {}, make("h2", {}, "Memory, threads, jemalloc"),
    make("table", {}, make("tbody", {}, ...rows.filter((row) => typeof row[2] === "number").map(
      ([name, key, value, form, more]) => make("tr", {}, make("td", {}, name),
        cell(key, value, form(value)), make("td", {class: "text soft wrap"}, more))))));
}

// Whether a report is of several processes; a page of an older midpool does not say so.
const severalOf = (report) => (report.run ? report.run.processes > 1 : false);

const words = (entry) => (typeof entry === "string" ? entry : entry.message || JSON.stringify(entry));

function advice(report) {
  const say = (kind) => (entry) => make("p", {class: "say " + kind}, make("b", {}, kind + ": "), words(entry));
  const lines = [...report.warnings.map(say("warning")), ...report.hints.map(say("hint"))];
  if (!report.interception.active)
    lines.unshift(say("warning")("the pools were not active: " + (report.interception.reason || "no reason known")));
  return lines;
}

function family(report) {
  if (!report.children.length) return null;
  const rows = [Object.assign({}, report, report.own || {}), ...report.children];
  const shown = rows.slice(0, 200);
  return card(`Processes: ${group(rows.length)}`, "Each program that ran or was started by exec, in order of start;" +
    " above they are added up. Peaks of processes that lived at one time are added, too: an upper bound.",
    make("div", {class: "scroll"}, make("table", {},
      headRow("program", "pid", "gets", "hit rate", "misses", "peak live", "ran for"),
      make("tbody", {}, ...shown.map((row) => make("tr", {}, make("td", {}, program(row)),
        make("td", {}, row.process.pid), make("td", {}, group(row.totals.gets)),
        make("td", {}, percent(row.totals.hits, row.totals.gets)), make("td", {}, group(row.totals.misses)),
        make("td", {}, bytes(row.totals.peak_live_bytes)), make("td", {}, duration(row.process.duration_ns))))))),
    rows.length > shown.length ? make("p", {class: "note"}, `and ${rows.length - shown.length} more`) : "");
}

function details(report, glossary) {
  const list = (pairs) => make("dl", {}, ...pairs.flatMap(([name, text]) =>
    [make("dt", {}, name), make("dd", {}, String(text))]));
  return make("section", {}, make("h2", {}, "Details"),
    make("details", {}, make("summary", {}, "What the numbers mean"), list(Object.entries(glossary))),
    make("details", {}, make("summary", {}, "Configuration"), list(Object.entries(report.config))),
    make("details", {}, make("summary", {}, "Process"), list(Object.entries(report.process))));
}

function profilePage(report, glossary, flame) {
  return [tiles(report), ...advice(report), poolTable(report),
    report.sizes.length ? card("Requested sizes", "Gets in steps of 256 bytes; dotted lines are the ends of size" +
      " classes, the numbers those of pools.", sizeChart([report])) : null,
    flameCard(flame), curves(report),
    make("div", {class: "pair"},
      card("Waste by class", "Bytes handed out beyond what was asked for, over all gets.", wasteChart(report)) || "",
      facts(report)),
    card("All requests", "By powers of two: the pools serve the shaded band, jemalloc the rest.",
      spectrumChart(report), legend(["cache", "pools"], ["was", "jemalloc"])),
    family(report), details(report, glossary)].filter(Boolean);
}
