// A flame graph of call stacks: callers on top, each function as wide as what was requested through it.
"use strict";

const FLAME_ROW = 21, FLAME_LEAST = 0.6, FLAME_LETTER = 6.65;
const FLAME_VALUES = [["requested bytes", bytes], ["gets", group], ["misses", group],
                      ["bytes live at the end", bytes], ["bytes live at the peak", bytes]];

// The nodes of a graph with parents and children; those in preorder.
function flameTree(flame) {
  const path = [], all = [];
  for (const [depth, name, now, was, marks] of flame.nodes) {
    const [title, module] = flame.names[name];
    const node = {depth, title, module, now, was, marks, children: [], parent: depth ? path[depth - 1] : null};
    if (node.parent) node.parent.children.push(node);
    path[depth] = node;
    all.push(node);
  }
  return all;
}

// From -1, all of it is gone, to 1, all of it is new; 0 where no difference is shown.
function flameChange(node, value) {
  if (!node.marks || "~=".includes(node.marks[value])) return 0;
  const was = node.was[value], now = node.now[value];
  return Math.max(was, now) > 0 ? (now - was) / Math.max(was, now) : 0;
}

function flameKind(node, value) {
  if (!node.marks) {
    let sum = 0;
    for (const letter of node.module) sum = (sum * 31 + letter.charCodeAt(0)) % 1009;
    return node.module ? "own" + (sum % 5) : "equal";
  }
  const change = flameChange(node, value), size = Math.abs(change);
  if (size < 0.005) return "equal";
  return (change > 0 ? "more" : "less") + (size < 0.2 ? 1 : size < 0.5 ? 2 : 3);
}

function flameSign(node, value) {
  const change = flameChange(node, value), was = node.was && node.was[value];
  if (Math.abs(change) < 0.005) return "";
  const words = was ? `${change > 0 ? "+" : "−"}${Math.round(Math.abs(node.now[value] / was - 1) * 100)} %` : "new";
  return words + (node.marks[value] === "?" ? " ?" : "");
}

// All of a node's figures in one line.
function flameWords(node, value, root) {
  const write = FLAME_VALUES[value][1];
  const name = node.title + (node.module ? ` (${node.module})` : "");
  if (!node.marks) return `${name}: ${write(node.now[value])}, ${percent(node.now[value], root.now[value])} of all`;
  const judged = {"~": "not shown to differ", "=": "the same", "?": "too few runs to tell from noise"}[node.marks[value]];
  return `${name}: ${write(node.was[value])} → ${write(node.now[value])}` +
    [flameSign(node, value), judged].filter(Boolean).map((words) => ", " + words).join("");
}

class Flame {
  constructor(flame, title) {
    this.all = flameTree(flame);
    this.root = this.focus = this.current = this.all[0];
    this.value = 0;
    this.side = "now";
    this.text = "";
    this.svg = draw("svg", {class: "flame", role: "group", "aria-label": title});
    this.about = make("p", {class: "flame-about", "aria-live": "polite"});
    this.found = make("span", {class: "soft flame-found", role: "status"});
    this.search = make("input", {type: "search", placeholder: "search ( / )", class: "flame-search",
      "aria-label": "search a function or module", on: ["input", () => this.find()]});
    this.svg.addEventListener("keydown", (event) => this.press(event));
    this.draw();
  }

  weight(node) { return Math.max(0, node[this.side][this.value]); }

  isMatch(node) {
    return this.text !== "" && (node.title + " " + node.module).toLowerCase().includes(this.text);
  }

  // Of all that is drawn: node, left edge and width. The way to the focus has the whole width.
  places() {
    const found = [];
    for (let node = this.focus.parent; node; node = node.parent) found.unshift([node, 0, WIDE]);
    const walk = (node, x, width) => {
      found.push([node, x, width]);
      const whole = Math.max(this.weight(node), node.children.reduce((sum, child) => sum + this.weight(child), 0));
      for (const child of node.children) {
        const wide = whole ? (width * this.weight(child)) / whole : 0;
        if (wide >= FLAME_LEAST) walk(child, x, wide);
        x += wide;
      }
    };
    walk(this.focus, 0, WIDE);
    return found;
  }

  frame(node, x, width) {
    const sign = flameSign(node, this.value), words = flameWords(node, this.value, this.root);
    const box = draw("g", {class: "frame " + flameKind(node, this.value) + (this.isMatch(node) ? " match" : ""),
      role: "button", tabindex: node === this.current ? 0 : -1, "aria-label": words, "data-frame": node.title,
      "data-value": node.now[this.value], tip: words});
    const y = node.depth * FLAME_ROW;
    box.append(draw("rect", {x, y, width: Math.max(0.4, width - 0.6), height: FLAME_ROW - 1.5, rx: 2}));
    const room = Math.floor((width - 8) / FLAME_LETTER), label = node.title + (sign ? " " + sign : "");
    if (room >= 3)
      box.append(draw("text", {x: x + 4, y: y + 14}, label.length <= room ? label : label.slice(0, room - 1) + "…"));
    box.addEventListener("click", () => this.zoom(node));
    box.addEventListener("focus", () => { this.about.textContent = words; });
    return box;
  }

  draw() {
    const places = this.places(), rows = Math.max(...places.map(([node]) => node.depth)) + 1;
    this.boxes = new Map(places.map((place) => [place[0], this.frame(...place)]));
    this.svg.setAttribute("viewBox", `0 0 ${WIDE} ${rows * FLAME_ROW}`);
    this.svg.replaceChildren(...this.boxes.values());
    if (!this.boxes.has(this.current)) this.mark(this.focus);
    this.about.textContent = flameWords(this.current, this.value, this.root);
    this.count();
  }

  mark(node) {
    const old = this.boxes.get(this.current), box = this.boxes.get(node);
    if (!box) return;
    if (old) old.setAttribute("tabindex", -1);
    box.setAttribute("tabindex", 0);
    this.current = node;
  }

  go(node) {
    if (!node || !this.boxes.has(node)) return;
    this.mark(node);
    this.boxes.get(node).focus();
  }

  zoom(node) {
    this.focus = this.current = node;
    document.getElementById("tip").hidden = true;
    this.draw();
    this.go(node);
  }

  // The neighbour in a row; those that are too narrow to be drawn are passed over.
  beside(step) {
    const row = [...this.boxes.keys()].filter((node) => node.depth === this.current.depth);
    return row[row.indexOf(this.current) + step];
  }

  press(event) {
    const {current} = this, inside = [...this.boxes.keys()];
    const act = {
      ArrowUp: () => this.go(current.parent), ArrowDown: () => this.go(inside.find((n) => n.parent === current)),
      ArrowLeft: () => this.go(this.beside(-1)), ArrowRight: () => this.go(this.beside(1)),
      Enter: () => this.zoom(current), " ": () => this.zoom(current), Home: () => this.zoom(this.root),
      Escape: () => this.zoom(this.root), Backspace: () => this.zoom(this.focus.parent || this.root),
      "/": () => this.search.focus(), n: () => this.next(),
    }[event.key];
    if (!act || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    act();
  }

  // The next match that is drawn, from the current one on.
  next() {
    const shown = [...this.boxes.keys()], at = shown.indexOf(this.current);
    this.go([...shown.slice(at + 1), ...shown.slice(0, at + 1)].find((node) => this.isMatch(node)));
  }

  find() {
    this.text = this.search.value.trim().toLowerCase();
    for (const [node, box] of this.boxes) box.classList.toggle("match", this.isMatch(node));
    this.svg.classList.toggle("searching", this.text !== "");
    this.count();
  }

  // What passes through matches; a match below another one is counted already.
  count() {
    const under = new Set();
    let sum = 0, matches = 0;
    for (const node of this.all) {
      const match = this.isMatch(node);
      matches += match;
      if (node.parent && under.has(node.parent)) under.add(node);
      else if (match) { under.add(node); sum += this.weight(node); }
    }
    this.found.textContent = this.text === "" ? "" : !matches ? "no match"
      : `${group(matches)} match${matches > 1 ? "es" : ""}, ${percent(sum, this.weight(this.root))} of ${FLAME_VALUES[this.value][0]}`;
  }

  picker(label, names, pick) {
    return make("select", {"aria-label": label, on: ["change", (event) => { pick(Number(event.target.value)); this.draw(); }]},
      ...names.map((name, index) => make("option", {value: index}, name)));
  }
}

const FLAME_KEYS = "Click or Enter zooms, Escape shows all, Backspace goes one up; arrows walk, / searches, n is the next match.";

// null where there are no call stacks.
function flameCard(flame) {
  if (!flame) return null;
  const two = flame.runs.length === 2, graph = new Flame(flame, "Flame graph of call stacks");
  const tools = make("div", {class: "flame-tools"},
    graph.picker("value", FLAME_VALUES.map(([name]) => name), (index) => { graph.value = index; }),
    two ? graph.picker("widths", ["widths of new", "widths of base"], (index) => { graph.side = ["now", "was"][index]; }) : null,
    graph.search, make("button", {on: ["click", () => graph.zoom(graph.root)]}, "show all"), graph.found);
  const many = two && Math.max(...flame.runs) > 1;
  const note = `Sampled, one in ${flame.rates.join(" or ")} on average: estimates` + (many ? ", means of the runs" : "") + ". " + FLAME_KEYS;
  return make("section", {class: "flame-card"}, make("h2", {}, "Who asked"), make("p", {class: "note"}, note), tools,
    two ? legend(["less3", "less"], ["less1", "a little less"], ["equal", "not shown to differ"], ["more1", "a little more"],
                 ["more3", "more than in base"]) : null,
    graph.svg, graph.about);
}
