// Numbers and elements: how everything on the page is made.
"use strict";

const group = (n) => Math.round(n).toLocaleString("en-US");

function bytes(n) {
  const sign = n < 0 ? "-" : "";
  n = Math.abs(n);
  if (n < 1024) return sign + Math.round(n) + " B";
  for (const unit of ["KB", "MB", "GB", "TB", "PB", "EB"]) {
    n /= 1024;
    if (n < 1023.95 || unit === "EB") {
      const digits = n >= 100 || Number.isInteger(n) ? 0 : n >= 10 ? 1 : 2;
      return sign + n.toFixed(digits) + " " + unit;
    }
  }
}

// Never 100 % while something is missing.
function percent(part, whole) {
  if (!whole) return "–";
  if (part === whole) return "100 %";
  for (let digits = 1; digits <= 4; digits++) {
    const text = ((part / whole) * 100).toFixed(digits);
    if (Number(text) < 100) return text + " %";
  }
  return "99.9999 %";
}

function short(n) {
  for (const [unit, size] of [["G", 1e9], ["M", 1e6], ["k", 1e3]])
    if (n >= size) return Number((n / size).toPrecision(3)) + " " + unit;
  return n < 10 && !Number.isInteger(n) ? n.toPrecision(2) : group(n);
}

function duration(ns) {
  const s = ns / 1e9;
  if (s < 1e-3) return Math.round(s * 1e6) + " µs";
  if (s < 0.9995) return Number((s * 1e3).toPrecision(3)) + " ms";
  if (s < 120) return Number(s.toPrecision(3)) + " s";
  const whole = Math.round(s), m = Math.floor(whole / 60);
  return m < 120 ? m + " min " + (whole % 60) + " s"
                 : Math.floor(m / 60) + " h " + (m % 60) + " min";
}

const sizeName = (n) => (n % 1024 ? n + " B" : n / 1024 + " KB");

function make(kind, attributes, ...content) {
  const node = document.createElement(kind);
  for (const [name, value] of Object.entries(attributes || {}))
    if (name === "on") node.addEventListener(value[0], value[1]);
    else if (value !== null && value !== undefined) node.setAttribute(name, value);
  node.append(...content.filter((part) => part !== null && part !== undefined));
  return node;
}

function draw(kind, attributes, text) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", kind);
  for (const [name, value] of Object.entries(attributes || {}))
    if (name === "tip") hint(node, value);
    else node.setAttribute(name, value);
  if (text !== undefined) node.textContent = text;
  return node;
}

// A number that a test or another program can find again: key says which.
function cell(key, value, text, kind) {
  return make("td", {"data-key": key, "data-value": value, class: kind}, text);
}

// One bubble for all charts.
function hint(node, text) {
  const tip = document.getElementById("tip");
  node.addEventListener("pointermove", (event) => {
    tip.textContent = text;
    tip.hidden = false;
    const right = event.clientX + 14 + tip.offsetWidth > innerWidth;
    tip.style.left = (right ? event.clientX - 14 - tip.offsetWidth : event.clientX + 14) + "px";
    tip.style.top = event.clientY + 16 + "px";
  });
  node.addEventListener("pointerleave", () => { tip.hidden = true; });
}

const wasted = (row) => Math.max(0, row.slot_bytes - row.requested_bytes);
const classesOf = (report) => report.pools.flatMap((pool) => pool.classes);
const program = (report) => report.process.executable.split("/").pop() || "?";
