// What is shown: one profile, or one against the first.
"use strict";

(function () {
  const text = document.getElementById("midpool-reports").textContent;
  const reports = JSON.parse(text).reports;
  const data = JSON.parse(document.getElementById("midpool-about").textContent);
  const page = document.getElementById("page");

  function theme() {
    const root = document.documentElement;
    const dark = root.dataset.theme ? root.dataset.theme === "dark"
                                    : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
  }

  function save() {
    // The text itself: parsing would round integers beyond 2^53.
    const exact = reports.length > 1 ? text : text.slice(text.indexOf("[") + 1, text.lastIndexOf("]"));
    const blob = new Blob([exact], {type: "application/json"});
    const link = make("a", {href: URL.createObjectURL(blob), download: data.stem + ".json"});
    link.click();
    URL.revokeObjectURL(link.href);
  }

  const tools = (...more) => make("div", {class: "tools"}, ...more,
    make("button", {on: ["click", theme], title: "light or dark"}, "◐ theme"),
    make("button", {on: ["click", save], title: "the numbers as they are"}, "JSON"));

  function said(report) {
    const {process} = report;
    const end = process.end_signal ? "killed by " + process.end_signal
      : process.exit_status ? "exit status " + process.exit_status
      : process.end === "exit" ? "" : process.end;
    const more = report.run && report.run.images > 1
      ? `${group(report.run.processes)} processes of ${group(report.run.program_count)} programs` : "";
    const lasted = process.end !== "unknown" ? `ran for ${duration(process.duration_ns)}`
      : process.duration_ns ? `ran for at least ${duration(process.duration_ns)}` : "";
    return [`pid ${process.pid}`, more, lasted, end, process.host,
            process.start_unix_ns ? new Date(process.start_unix_ns / 1e6).toLocaleString("sv-SE") : ""]
      .filter(Boolean).join(" · ");
  }

  function heading(title, lines, ...more) {
    return make("header", {}, make("div", {}, make("h1", {}, title),
      ...lines.map((line) => make("p", {class: "soft path"}, line))), tools(...more));
  }

  function choice(shown, label, pick) {
    if (reports.length < 3) return null;
    return make("select", {"aria-label": label, on: ["change", (event) => pick(Number(event.target.value))]},
      ...data.names.map((name, index) =>
        make("option", {value: index, selected: index === shown ? "" : null}, name)));
  }

  function showOne(index) {
    const report = reports[index];
    page.replaceChildren(heading(program(report), [report.process.executable, said(report)]),
                         ...profilePage(report, data.glossary, data.flames[index]), footer());
  }

  function showPair(index) {
    const base = reports[0], next = reports[index], comparison = data.comparisons[index - 1];
    const many = Math.max(...comparison.runs) > 1;
    const side = (which, name, report) =>
      many ? `${which}: ${comparison[which]}, the middle one: ${name}` : `${which}: ${name} · ${said(report)}`;
    page.replaceChildren(heading(`${program(base)}: base and new`,
      [side("base", data.names[0], base), side("new", data.names[index], next)],
      choice(index, "compared with the first", showPair)), ...comparePage(base, next, comparison));
    for (const [name, report, flame] of [["Base", base, data.flames[0]], ["New", next, data.flames[index]]]) {
      const inner = make("details", {}, make("summary", {}, `${name} alone: the whole profile`
                                              + (many ? " of the middle run" : "")));
      inner.addEventListener("toggle", () => {
        if (inner.children.length === 1) inner.append(...profilePage(report, data.glossary, flame));
      });
      page.append(make("section", {}, inner));
    }
    page.append(footer());
  }

  const footer = () => make("footer", {}, `midpool ${data.version} · made ${data.made}`);

  if (reports.length === 1) showOne(0);
  else showPair(1);
})();
