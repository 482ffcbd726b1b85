// A fleet: a row per program and build, the worst first; inside, its processes.
"use strict";

(function () {
  const data = JSON.parse(document.getElementById("midpool-about").textContent);
  const {fleet} = data;
  const page = document.getElementById("page");
  const rate = (share) => share === null ? "–" : percent(share, 1);
  const plural = (n, word, many) => `${group(n)} ${n === 1 ? word : many || word + "s"}`;

  const METRICS = {
    misses: ["Misses", short],
    hit_rate: ["Hit rate", rate],
    peak_live_bytes: ["Peak live", bytes],
  };
  // Heading, value to sort by, text, whether a low value is bad.
  const COLUMNS = [
    ["processes", (g) => g.processes, (g) => group(g.processes)],
    ["gets", (g) => g.sums.gets, (g) => short(g.sums.gets)],
    ["hit rate", (g) => g.hit_rate ?? 2, (g) => rate(g.hit_rate), true],
    ["worst 10 %", (g) => g.quantiles.hit_rate.p10 ?? 2, (g) => rate(g.quantiles.hit_rate.p10), true],
    ["misses", (g) => g.sums.misses, (g) => short(g.sums.misses)],
    ["waste", (g) => g.waste ?? -1, (g) => rate(g.waste)],
    ["median peak", (g) => g.quantiles.peak_live_bytes.median, (g) => bytes(g.quantiles.peak_live_bytes.median)],
    ["highest peak", (g) => g.quantiles.peak_live_bytes.max, (g) => bytes(g.quantiles.peak_live_bytes.max)],
  ];
  const several = new Set();
  const builds = {};
  for (const one of fleet.groups) {
    if (one.program in builds && builds[one.program] !== one.build) several.add(one.program);
    builds[one.program] = one.build;
  }
  const nameOf = (g) => g.program + (several.has(g.program) ? " @" + (g.build.slice(0, 7) || "?") : "");

  function tile(name, figure, more, wide) {
    return make("div", {class: "tile" + (wide ? " wide" : "")}, make("div", {class: "name"}, name),
                make("div", {class: "figure"}, figure), make("div", {class: "more"}, more));
  }

  function tiles() {
    const {sums, ends} = fleet;
    const killed = (ends.signal || 0) + (ends.unknown || 0);
    return make("div", {class: "tiles"},
      tile("hit rate of all", percent(sums.hits, sums.gets), `of ${short(sums.gets)} gets`, true),
      tile("misses", short(sums.misses), "gets of new memory"),
      tile("waste", percent(sums.waste_bytes, sums.slot_bytes), "of bytes handed out"),
      tile("bad frees", group(sums.misuse), sums.misuse ? "a memory error" : "none was seen"),
      tile("killed", group(killed), `of ${plural(fleet.processes, "process", "processes")}`));
  }

  // A histogram of processes over a metric, with its quantiles below.
  function distribution(g, name) {
    const [title, text] = METRICS[name], spread = g.distributions[name];
    if (!spread) return null;
    const high = 90, wide = 320, top = Math.max(...spread.counts);
    const step = wide / spread.counts.length;
    const svg = draw("svg", {viewBox: `0 0 ${wide} ${high + 22}`, role: "img",
      "aria-label": `${title} of ${nameOf(g)}: ${text(spread.low)} to ${text(spread.high)}`});
    const at = (part) => spread.is_log
      ? Math.expm1(Math.log1p(spread.low) + part * (Math.log1p(spread.high) - Math.log1p(spread.low)))
      : spread.low + part * (spread.high - spread.low);
    svg.append(draw("line", {class: "axis", x1: 0, x2: wide, y1: high, y2: high}));
    spread.counts.forEach((count, index) => {
      if (!count) return;
      const height = Math.max(2, (count / top) * (high - 8));
      svg.append(draw("rect", {class: "hit cache", x: index * step + 0.5, width: step - 1, y: high - height, height,
        tip: `${text(at(index / BINS(spread)))} to ${text(at((index + 1) / BINS(spread)))}\n` +
             plural(count, "process", "processes")}));
    });
    svg.append(draw("text", {x: 0, y: high + 16}, text(spread.low)),
               draw("text", {x: wide, y: high + 16, "text-anchor": "end"}, text(spread.high)));
    const q = g.quantiles[name];
    return make("figure", {}, make("figcaption", {}, make("b", {}, title), " ", make("span", {class: "soft"},
      `median ${text(q.median)}; 10 % ${name === "hit_rate" ? "below " + text(q.p10) : "above " + text(q.p90)}`)), svg);
  }
  const BINS = (spread) => spread.counts.length;

  function outliers(g) {
    if (!g.outliers.length) return make("p", {class: "note"}, "No process stands far out of its group.");
    const rows = g.outliers.map((one) => {
      const [title, text] = METRICS[one.metric];
      const who = `${one.host} [${one.pid}]`;
      return make("tr", {},
        make("td", {class: "text"}, one.link ? make("a", {href: one.link, title: one.file}, who) : who),
        make("td", {class: "text"}, `${title.toLowerCase()} ${text(one[one.metric])}, median `
                                    + text(g.quantiles[one.metric].median)),
        make("td", {}, short(one.gets)), make("td", {}, rate(one.hit_rate)), make("td", {}, short(one.misses)),
        make("td", {}, bytes(one.peak_live_bytes)), make("td", {}, duration(one.duration_ns)),
        make("td", {class: "text"}, one.end), make("td", {class: "text wrap"}, one.file));
    });
    const heads = ["process", "why", "gets", "hit rate", "misses", "peak live", "ran for", "end", "report"];
    return make("div", {class: "scroll"}, make("table", {class: "outliers"}, make("thead", {}, make("tr", {}, ...heads.map(
      (head, index) => make("th", {class: index < 2 || index > 6 ? "text" : null, scope: "col"}, head)))),
      make("tbody", {}, ...rows)));
  }

  function inside(g) {
    if (!g.distributions)
      return [make("p", {class: "note"}, "Only the worst groups have their distributions in this page.")];
    const ends = Object.entries(g.ends).map(([end, count]) => `${group(count)} ${end}`).join(", ");
    return [make("p", {class: "note"}, `build ${g.build || "not known"} · ended: ${ends}`),
            make("div", {class: "spreads"}, ...Object.keys(METRICS).map((name) => distribution(g, name))),
            make("h3", {}, "Outliers"), outliers(g)];
  }

  let sorted = 4, upward = false, wanted = "";
  const open = new Set(fleet.groups.slice(0, 1));

  function row(g, all) {
    const body = make("tr", {class: "inside", hidden: open.has(g) ? null : ""},
      make("td", {colspan: COLUMNS.length + 2}, ...(open.has(g) ? inside(g) : [])));
    const mark = make("button", {"aria-expanded": String(open.has(g)), class: "name"},
                      open.has(g) ? "▾ " : "▸ ", nameOf(g));
    mark.addEventListener("click", () => {
      if (open.has(g)) open.delete(g); else open.add(g);
      const cell = body.firstChild;
      if (!cell.hasChildNodes()) cell.append(...inside(g));
      body.hidden = !open.has(g);
      mark.setAttribute("aria-expanded", String(open.has(g)));
      mark.firstChild.textContent = open.has(g) ? "▾ " : "▸ ";
    });
    const share = all ? g.sums.misses / all : 0;
    return [make("tr", {class: "program"}, make("td", {class: "text who"}, mark),
      ...COLUMNS.map(([name, value, text]) => make("td", {"data-key": `${nameOf(g)}.${name}`, "data-value": value(g)},
                                                   text(g))),
      make("td", {class: "bar share"}, make("div", {class: "tiers", role: "img",
        "aria-label": percent(g.sums.misses, fleet.sums.misses) + " of all misses"},
        make("i", {class: "miss", style: `width:${(share * 100).toFixed(1)}%`})))), body];
  }

  function table() {
    const [, value, , low] = COLUMNS[sorted];
    const sign = (low ? 1 : -1) * (upward ? -1 : 1);
    const shown = fleet.groups.filter((g) => nameOf(g).toLowerCase().includes(wanted.toLowerCase()))
      .sort((a, b) => sign * (value(a) - value(b)));
    const heads = COLUMNS.map(([name], index) => {
      const press = make("button", {class: "sort"}, name + (index === sorted ? (upward ? " ▴" : " ▾") : ""));
      press.addEventListener("click", () => {
        upward = index === sorted && !upward;
        sorted = index;
        show();
        document.querySelectorAll("button.sort")[index].focus();
      });
      return make("th", {scope: "col", "aria-sort": index !== sorted ? null
        : upward !== Boolean(low) ? "ascending" : "descending"}, press);
    });
    const area = document.getElementById("groups");
    area.replaceChildren(make("table", {}, make("thead", {}, make("tr", {},
      make("th", {scope: "col"}, "program"), ...heads, make("th", {scope: "col", class: "text"}, "of all misses"))),
      make("tbody", {}, ...shown.flatMap((g) => row(g, fleet.sums.misses)))));
    if (!shown.length) area.append(make("p", {class: "note"}, "No program of that name."));
  }
  const show = () => table();

  function theme() {
    const root = document.documentElement;
    const dark = root.dataset.theme ? root.dataset.theme === "dark"
                                    : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
  }

  const [from, to] = fleet.days;
  const find = make("input", {type: "search", placeholder: "find a program", "aria-label": "find a program"});
  find.addEventListener("input", () => { wanted = find.value; show(); });
  page.replaceChildren(
    make("header", {}, make("div", {}, make("h1", {}, "Fleet on midpool"),
      make("p", {class: "soft"}, `${plural(fleet.processes, "process", "processes")} of `
        + `${plural(fleet.programs, "program")} on ${plural(fleet.hosts, "host")}, `
        + (from === to ? from : `${from} to ${to}`))),
      make("div", {class: "tools"}, find,
           make("button", {on: ["click", theme], title: "light or dark"}, "◐ theme"))),
    tiles(),
    make("section", {}, make("h2", {}, "Programs, the worst first"),
      make("p", {class: "note"}, "A heading sorts, a program opens: with the mouse, or with Tab and Enter. Worst 10 %: the hit "
        + "rate that a tenth of a program's processes does not exceed. Outliers: processes that are beyond the quartiles "
        + "of their program by more than three times the distance between these."),
      make("div", {class: "scroll", id: "groups"}),
      fleet.group_count > fleet.groups.length
        ? make("p", {class: "note"}, `and ${group(fleet.group_count - fleet.groups.length)} more groups`) : null),
    ...(fleet.broken ? [make("div", {class: "say warning"},
      make("b", {}, `${plural(fleet.broken, "file")} could not be read: `), fleet.broken_names.join("; "))] : []),
    make("footer", {}, `midpool ${data.version} · made ${data.made}`));
  show();
})();
