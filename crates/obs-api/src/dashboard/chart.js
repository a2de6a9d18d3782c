// The chart of one symbol: which bars there are, when it is drawn again, and what it says in words.

import { askAll } from "./api.js";
import { byId, row, rowsByKey, say, show } from "./dom.js";
import { figure } from "./figure.js";
import { change, count, dayOf, minuteOf, percent, won } from "./format.js";
import { text } from "./language.js";
import { endFor, nameOf, noteRun, now, state, touches } from "./state.js";

// Bars of the table behind the chart.
const LISTED = 30;
const PAUSE = 500;
const CONFIG = { displayModeBar: false, responsive: true, doubleClick: "reset", showTips: false };

const chart = byId("chart");
const bars = new Map();
let gaps = [];
let day = null;
let loading = 0;
// Two hours of candles are too many for a phone.
let span = matchMedia("(max-width: 700px)").matches ? "30" : "120";
let waiting = false;
let listed = null;

export function startChart() {
  listed = rowsByKey(byId("bars").tBodies[0], () => row(["number", ...Array(6).fill("number")]), listBar);
  const buttons = [...document.querySelectorAll("[data-span]")];
  const choose = (chosen) => {
    span = chosen.dataset.span;
    for (const button of buttons) button.setAttribute("aria-pressed", String(button === chosen));
    draw();
  };
  for (const button of buttons) button.addEventListener("click", () => choose(button));
  choose(buttons.find((button) => button.dataset.span === span));
}

// Asks for the selected symbol's bars: of today, or of the last day that has any.
export async function loadChart() {
  const code = state.selected;
  if (!code) return;
  const mine = ++loading;
  const item = state.symbols.get(code);
  const wanted = dayOf(item?.bars_today ? now() : (item?.last_time ?? now()));
  const asked = { symbol: code, from: wanted, to: wanted };
  const [found, touching] = await Promise.all([askAll("bars", { ...asked, healed: true }), askAll("gaps", asked)]);
  // Meanwhile another symbol may have been chosen.
  if (mine !== loading) return;
  noteRun(found[0]);
  day = wanted;
  gaps = touching;
  bars.clear();
  for (const bar of found) bars.set(bar.bar_time, bar);
  draw();
}

// A bar that is new or has changed. What the broker filled in stays until the bars are asked for again.
export function barToChart(bar) {
  if (bar.symbol !== state.selected || loading === 0) return;
  if (bars.get(bar.bar_time)?.origin === "healed") return;
  if (dayOf(bar.bar_time) !== day) {
    bars.clear();
    day = dayOf(bar.bar_time);
  }
  bars.set(bar.bar_time, bar);
  drawSoon();
}

export function gapToChart(gap) {
  if (!touches(gap, state.selected)) return;
  gaps.push(gap);
  drawSoon();
}

// Several bars and gaps come within a moment; they are drawn together.
function drawSoon() {
  if (waiting) return;
  waiting = true;
  setTimeout(() => {
    waiting = false;
    draw();
  }, PAUSE);
}

export function draw() {
  const code = state.selected;
  if (!code || !day) return;
  const all = [...bars.values()].sort((a, b) => (a.bar_time < b.bar_time ? -1 : 1));
  const holes = gapsOf(code);
  tell(code, all, holes);
  show(chart, all.length > 0);
  show(byId("chart-empty"), all.length === 0);
  listed(all.slice(-LISTED).reverse(), (bar) => bar.bar_time);
  // The library is large and may come after the data.
  if (all.length === 0 || !globalThis.Plotly) return;
  const { data, layout } = figure({ code, day, bars: all, gaps: holes, span, now: now() });
  globalThis.Plotly.react(chart, data, layout, CONFIG);
  // What Plotly measures letters with says nothing to those who hear the page.
  byId("js-plotly-tester")?.setAttribute("aria-hidden", "true");
  chart.dataset.symbol = code;
  chart.dataset.bars = all.length;
}

// The gaps in ticks, as long as they last for the symbol.
function gapsOf(code) {
  return gaps.filter((gap) => gap.scope !== "swing").map((gap) => ({ ...gap, end: endFor(gap, code) }));
}

// The chart in words, for those who do not see it.
function tell(code, all, holes) {
  const name = nameOf(code);
  const [first, last] = [all[0], all.at(-1)];
  const moved = first ? change(first.open, last.close) : "–";
  const coverage = percent(all.length ? all.reduce((sum, bar) => sum + bar.coverage, 0) / all.length : null);
  const title = name === code ? code : `${name} (${code})`;
  const values = { title, day, price: won(last?.close), change: moved, coverage, bars: count(all.length), gaps: holes.length };
  say(byId("chart-title"), name);
  say(byId("chart-code"), name === code ? day : `${code} · ${day}`);
  chart.setAttribute("aria-label", text("chartOf", { name }));
  const price = byId("chart-price");
  say(price, last ? `${won(last.close)} ${moved}` : "");
  price.dataset.moved = moved.startsWith("▲") ? "up" : moved.startsWith("▼") ? "down" : "";
  say(byId("chart-summary"), last ? text("summary", values) : "");
}

function listBar(line, bar) {
  const healed = bar.origin === "healed" ? ` (${text("healed")})` : "";
  const prices = [bar.open, bar.high, bar.low, bar.close].map(won);
  const cells = [minuteOf(bar.bar_time), ...prices, count(bar.volume), percent(bar.coverage) + healed];
  cells.forEach((words, index) => say(line.cells[index], words));
}
