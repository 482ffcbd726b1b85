// Charts, as SVG with a fixed drawing width that scales with the page.
"use strict";

const WIDE = 1000;

// Round steps for an axis from 0 to at least top.
function ticks(top, count = 4) {
  if (!(top > 0)) return [0, 1];
  const raw = top / count;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].map((n) => n * power).find((n) => n >= raw);
  const found = [];
  for (let n = 0; n < top + step * 0.999; n += step) found.push(n);
  return found;
}

function byteTicks(top) {
  let unit = 1;
  while (unit * 1024 <= top) unit *= 1024;
  return ticks(top / unit, 3).map((n) => n * unit);
}

// A frame with horizontal grid lines; y(value) gives the height to draw at.
function frame(height, top, marks, name, label) {
  const box = {left: 62, right: WIDE - 6, top: 14, bottom: height - 26};
  const svg = draw("svg", {viewBox: `0 0 ${WIDE} ${height}`, role: "img", "aria-label": label});
  const highest = marks[marks.length - 1] || 1;
  box.y = (value) => box.bottom - (value / highest) * (box.bottom - box.top);
  for (const mark of marks) {
    svg.append(draw("line", {class: mark ? "grid" : "axis", x1: box.left, x2: box.right,
                             y1: box.y(mark), y2: box.y(mark)}));
    svg.append(draw("text", {x: box.left - 8, y: box.y(mark) + 4, "text-anchor": "end"}, name(mark)));
  }
  return [svg, box];
}

// Requested sizes within the band on a logarithmic axis: a pool, a column.
function sizeChart(reports) {
  const all = reports.map((report) => new Map(report.sizes.map((b) => [b.from_bytes, b])));
  const top = Math.max(1, ...reports.flatMap((r) => r.sizes.map((b) => b.gets)));
  const [svg, box] = frame(260, top, ticks(top), short, "Gets by requested size");
  const x = (size) => box.left + ((Math.log2(Math.max(size, 1792)) - Math.log2(1792)) /
                                  (Math.log2(65792) - Math.log2(1792))) * (box.right - box.left);
  for (const row of classesOf(reports[0]))
    svg.append(draw("line", {class: "edge", x1: x(row.max_bytes + 1), x2: x(row.max_bytes + 1),
                             y1: box.top, y2: box.bottom}));
  for (const pool of reports[0].pools)
    svg.append(draw("text", {x: x(pool.max_bytes + 1), y: box.bottom + 18, "text-anchor": "middle"},
                    sizeName(pool.max_bytes)));
  const starts = [...new Set(all.flatMap((map) => [...map.keys()]))].sort((a, b) => a - b);
  let outline = "";
  for (const start of starts) {
    const bucket = all.map((map) => map.get(start)).find(Boolean);
    const left = x(bucket.from_bytes), width = Math.max(1.6, x(bucket.to_bytes + 1) - left - 0.6);
    const shown = all[all.length - 1].has(start) ? all[all.length - 1].get(start).gets : 0;
    const was = all[0].has(start) ? all[0].get(start).gets : 0;
    svg.append(draw("rect", {
      class: "hit " + (all.length === 1 ? "cache" : "now"), x: left, width,
      y: Math.min(box.y(shown), box.bottom - 1), height: shown ? Math.max(1, box.bottom - box.y(shown)) : 0,
      tip: `${group(bucket.from_bytes)} to ${group(bucket.to_bytes)} bytes\n` +
           (all.length === 1 ? `${group(shown)} gets` : `base: ${group(was)} gets\nnew: ${group(shown)} gets`)}));
    if (all.length > 1)
      outline += `M${left.toFixed(1)} ${box.y(was).toFixed(1)}h${width.toFixed(1)}`;
  }
  if (outline) svg.append(draw("path", {class: "was-mark", d: outline}));
  return svg;
}

// Every request, also those that went to jemalloc, by powers of two.
function spectrumChart(report) {
  const rows = new Map();
  const put = (from, count, inside) => {
    const power = from > 0 ? Math.floor(Math.log2(from)) : -1;
    const row = rows.get(power) || {inside: 0, outside: 0};
    row[inside ? "inside" : "outside"] += count;
    rows.set(power, row);
  };
  report.fallback.sizes.forEach((bucket) => put(bucket.from_bytes, bucket.calls, false));
  report.sizes.forEach((bucket) => put(Math.min(bucket.from_bytes, 65535), bucket.gets, true));
  if (!rows.size) return null;
  const first = Math.min(...rows.keys()), last = Math.max(17, ...rows.keys());
  const top = Math.max(...[...rows.values()].map((row) => row.inside + row.outside));
  const [svg, box] = frame(250, top, ticks(top), short, "All requests by size");
  const step = (box.right - box.left) / (last - first + 1);
  const x = (power) => box.left + (power - first) * step;
  svg.append(draw("rect", {class: "band", x: x(11), width: 5 * step, y: box.top,
                           height: box.bottom - box.top}));
  svg.append(draw("text", {x: x(11) + 4, y: box.top + 12}, "the pools’ band"));
  for (let power = first; power <= last; power++) {
    const row = rows.get(power) || {inside: 0, outside: 0};
    const from = power < 0 ? 0 : 2 ** power;
    let bottom = box.bottom;
    for (const [count, kind, who] of [[row.inside, "cache", "pools"], [row.outside, "was", "jemalloc"]]) {
      if (!count) continue;
      const height = Math.max(1, box.bottom - box.y(count));
      bottom -= height;
      svg.append(draw("rect", {class: "hit " + kind, x: x(power) + step * 0.12, width: step * 0.76,
        y: bottom, height, rx: 1.5,
        tip: `${bytes(from)} up to ${bytes(2 ** (power + 1))}\n${group(count)} requests, served by ${who}`}));
    }
    if ((power - first) % Math.ceil((last - first) / 13) === 0)
      svg.append(draw("text", {x: x(power) + step / 2, y: box.bottom + 18, "text-anchor": "middle"},
                      bytes(from).replace(/\.0+ /, " ")));
  }
  return svg;
}

// x of a moment; all panels of one report share the axis.
function timeAxis(svg, box, end) {
  const x = (ns) => box.left + (end ? ns / end : 0) * (box.right - box.left);
  const unit = end >= 1e9 ? 1e9 : end >= 1e6 ? 1e6 : 1e3;
  for (const mark of ticks(end / unit, 6).filter((n) => n * unit <= end))
    svg.append(draw("text", {x: x(mark * unit), y: box.bottom + 18, "text-anchor": "middle"},
                    duration(mark * unit).replace(/^0 .*/, "0")));
  return x;
}

const rate = (point, what) =>
  point.to_ns > point.from_ns ? (point[what] * 1e9) / (point.to_ns - point.from_ns) : 0;

// Intervals too short to give a rate that compares are left out.
const curveOf = (report) => {
  const full = report.intervals.length ? report.intervals[0].to_ns - report.intervals[0].from_ns : 0;
  return report.intervals.filter((p) => p.to_ns - p.from_ns > full / 4);
};

function rateChart(report) {
  const points = curveOf(report);
  const top = Math.max(1, ...points.map((p) => rate(p, "gets")));
  const [svg, box] = frame(200, top, ticks(top, 3), short, "Gets per second over time");
  const x = timeAxis(svg, box, points[points.length - 1].to_ns);
  for (const point of points) {
    const left = x(point.from_ns), width = Math.max(1, x(point.to_ns) - left - 0.8);
    const hits = box.bottom - box.y(rate(point, "hits"));
    const misses = box.bottom - box.y(rate(point, "misses"));
    const tip = `${duration(point.from_ns)} to ${duration(point.to_ns)}\n${short(rate(point, "gets"))}` +
      ` gets/s\n${group(point.hits)} hits, ${group(point.misses)} misses`;
    svg.append(draw("rect", {class: "hit cache", x: left, width, y: box.bottom - hits, height: hits, tip}));
    svg.append(draw("rect", {class: "hit miss", x: left, width, y: box.bottom - hits - misses,
                             height: point.misses ? Math.max(1, misses) : 0, tip}));
  }
  return svg;
}

function liveChart(reports) {
  const curves = reports.map(curveOf);
  const end = Math.max(...curves.map((c) => (c.length ? c[c.length - 1].to_ns : 0)));
  const top = Math.max(1, ...curves.flat().map((p) => p.live_bytes));
  const [svg, box] = frame(170, top, byteTicks(top), bytes, "Live bytes over time");
  const x = timeAxis(svg, box, end);
  curves.forEach((points, index) => {
    const path = points.map((p) => `L${x(p.to_ns).toFixed(1)} ${box.y(p.live_bytes).toFixed(1)}`).join("");
    const kind = reports.length === 1 ? "live" : index ? "now-line" : "was-line";
    svg.append(draw("path", {class: kind, d: `M${box.left} ${box.bottom}${path}`}));
    for (const p of points)
      svg.append(draw("circle", {class: reports.length === 1 ? "cache" : index ? "now" : "was",
        cx: x(p.to_ns), cy: box.y(p.live_bytes), r: 2.6,
        tip: `at ${duration(p.to_ns)}: ${bytes(p.live_bytes)} live`}));
  });
  return svg;
}

// Horizontal bars: what rounding up cost, class by class.
function wasteChart(report) {
  const rows = classesOf(report).filter((row) => wasted(row) > 0)
    .sort((a, b) => wasted(b) - wasted(a)).slice(0, 8);
  if (!rows.length) return null;
  const top = wasted(rows[0]), step = 27;
  const svg = draw("svg", {viewBox: `0 0 480 ${rows.length * step + 4}`, role: "img",
                           "aria-label": "Waste by class"});
  rows.forEach((row, index) => {
    const width = Math.max(1.5, (wasted(row) / top) * 235), y = index * step + 4;
    svg.append(draw("text", {x: 58, y: y + 14, "text-anchor": "end"}, sizeName(row.max_bytes)));
    svg.append(draw("rect", {class: "hit miss", x: 66, y, width, height: 19, rx: 2,
      tip: `class ${sizeName(row.max_bytes)}: ${bytes(row.requested_bytes)} asked for, ` +
           `${bytes(row.slot_bytes)} handed out`}));
    svg.append(draw("text", {x: 74 + width, y: y + 14},
                    `${bytes(wasted(row))}, ${percent(wasted(row), row.slot_bytes)}`));
  });
  return svg;
}
