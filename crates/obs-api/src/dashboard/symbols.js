// The table of symbols: prices, today's coverage, the search, and the choice of whose chart is shown.

import { askAll } from "./api.js";
import { byId, make, row, rowsByKey, say, show } from "./dom.js";
import { count, grade, percent, won } from "./format.js";
import { text } from "./language.js";
import { select, state } from "./state.js";

// Samsung Electronics, which most people look at first.
const LARGEST = "005930";

const search = byId("search");
const table = byId("symbols");
let write = null;
let shown = [];
let chosen = () => {};

// Wires the table; `onChoice` is called when another symbol was chosen.
export function startSymbols(onChoice) {
  chosen = onChoice;
  write = rowsByKey(table.tBodies[0], create, update);
  search.addEventListener("input", drawSymbols);
  document.addEventListener("keydown", key);
  addEventListener("hashchange", () => choose(location.hash.slice(1)));
}

// Asks for all symbols. The first time one is chosen: that which the address names, else the largest stock, else the first.
export async function loadSymbols() {
  const rows = await askAll("symbols");
  for (const item of rows) state.symbols.set(item.symbol, item);
  if (!state.selected && rows.length > 0) {
    choose([location.hash.slice(1), LARGEST, rows[0].symbol].find((code) => state.symbols.has(code)));
  }
  drawSymbols();
}

// A bar tells the last price before the table is asked for again.
export function priceFrom(bar) {
  const item = state.symbols.get(bar.symbol);
  if (!item) return false;
  item.last_price = bar.close;
  return true;
}

export function drawSymbols() {
  const wanted = search.value.trim().toLowerCase();
  const matches = (item) => item.symbol.toLowerCase().includes(wanted) || (item.name ?? "").toLowerCase().includes(wanted);
  shown = [...state.symbols.values()].filter(matches).sort((a, b) => (a.symbol < b.symbol ? -1 : 1));
  write(shown, (item) => item.symbol);
  const empty = byId("no-symbols");
  show(empty, shown.length === 0);
  say(empty, state.symbols.size === 0 ? text("noSymbols") : text("noMatch", { text: search.value }));
}

export const meanCoverage = () => {
  const known = [...state.symbols.values()].filter((item) => item.bars_today > 0);
  const bars = known.reduce((sum, item) => sum + item.bars_today, 0);
  return bars === 0 ? null : known.reduce((sum, item) => sum + item.coverage_today * item.bars_today, 0) / bars;
};

// The bars of the symbol with the most of them.
export const longest = () => Math.max(0, ...[...state.symbols.values()].map((item) => item.bars_today));

function choose(code) {
  if (!state.symbols.has(code) || code === state.selected) return;
  select(code);
  drawSymbols();
  chosen(code);
}

function create(item) {
  const line = row(["", "number", "number coverage", "number"]);
  const button = make("button", "name");
  button.type = "button";
  button.append(make("span"), make("small", "number"));
  line.cells[0].append(button);
  line.cells[2].append(make("span"), make("meter"));
  line.cells[2].lastChild.max = 1;
  line.cells[2].lastChild.setAttribute("aria-hidden", "true");
  line.addEventListener("click", () => choose(item.symbol));
  return line;
}

function update(line, item) {
  const [button, price, coverage, bars] = [line.cells[0].firstChild, line.cells[1], line.cells[2], line.cells[3]];
  say(button.firstChild, item.name ?? item.symbol);
  say(button.lastChild, item.name ? item.symbol : "");
  say(price, won(item.last_price));
  say(coverage.firstChild, percent(item.coverage_today));
  // Of one or two minutes, of which one is not over, it says little.
  coverage.dataset.grade = item.bars_today > 2 ? grade(item.coverage_today) : "none";
  if (coverage.lastChild.value !== (item.coverage_today ?? 0)) coverage.lastChild.value = item.coverage_today ?? 0;
  say(bars, count(item.bars_today));
  const selected = item.symbol === state.selected;
  // One of the buttons is in the tab order, arrow keys lead to the others.
  button.tabIndex = selected ? 0 : -1;
  if (selected) button.setAttribute("aria-current", "true");
  else button.removeAttribute("aria-current");
  line.classList.toggle("selected", selected);
}

function key(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  const inside = event.target instanceof Element ? event.target : document.body;
  const typing = inside.matches("input, select, textarea");
  if (event.key === "/" && !typing) {
    event.preventDefault();
    search.focus();
    search.select();
  } else if (inside === search && event.key === "Escape") {
    search.value = "";
    drawSymbols();
    search.blur();
  } else if (inside === search && event.key === "Enter" && shown.length > 0) {
    const current = shown.find((item) => item.symbol === state.selected) ?? shown[0];
    choose(current.symbol);
    focusSelected();
  } else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && (!typing || inside === search)) {
    step(event, event.key === "ArrowDown" ? 1 : -1, inside);
  }
}

// The next or the previous of the symbols that are shown. Elsewhere than in the list or the search, arrows scroll what has focus.
function step(event, by, inside) {
  const free = inside === document.body || inside === search || inside.id === "main" || table.contains(inside);
  if (!free || shown.length === 0) return;
  event.preventDefault();
  const at = shown.findIndex((item) => item.symbol === state.selected);
  const next = at < 0 ? 0 : Math.min(Math.max(at + by, 0), shown.length - 1);
  choose(shown[next].symbol);
  if (table.contains(inside)) focusSelected();
  else table.querySelector("tr.selected")?.scrollIntoView({ block: "nearest" });
}

function focusSelected() {
  table.querySelector("tr.selected button")?.focus();
}
