// Today's gaps, and the word about a new one.

import { askAll } from "./api.js";
import { byId, make, row, rowsByKey, say, show } from "./dom.js";
import { clockOf, duration } from "./format.js";
import { text } from "./language.js";
import { nameOf, state } from "./state.js";

// So many are listed; more are counted.
const LISTED = 200;

let write = null;

export function startGaps() {
  write = rowsByKey(byId("gaps").tBodies[0], create, update);
}

export async function loadGaps() {
  state.gaps = await askAll("gaps");
  drawGaps();
}

// A gap that has just been recorded: it is over, or its end would not be known.
export function newGap(gap) {
  if (state.gaps.some((known) => keyOf(known) === keyOf(gap))) return;
  state.gaps.push(gap);
  drawGaps();
  const values = { from: `${clockOf(gap.start)} KST`, length: duration(gap.seconds), reason: text(gap.reason), touches: touched(gap) };
  say(byId("new-gap"), text("newGap", values));
}

export function drawGaps() {
  const newest = [...state.gaps].sort((a, b) => (a.start < b.start ? 1 : -1)).slice(0, LISTED);
  write(newest, keyOf);
  show(byId("gaps"), newest.length > 0);
  show(byId("no-gaps"), newest.length === 0);
}

const keyOf = (gap) => [gap.start, gap.end, gap.scope, gap.reason, gap.session_id, ...gap.symbols].join(" ");

function touched(gap) {
  const scope = text(`scope_${gap.scope}`);
  if (gap.symbols.length === 0) return `${scope} · ${text("allSymbols")}`;
  const which = gap.symbols.length === 1 ? nameOf(gap.symbols[0]) : text("someSymbols", { number: gap.symbols.length });
  return `${scope} · ${which}`;
}

function create(gap) {
  const line = row(["number", "number", "", ""]);
  line.dataset.severity = gap.severity;
  line.cells[1].append(make("span"), make("small"));
  return line;
}

function update(line, gap) {
  say(line.cells[0], `${clockOf(gap.start)}–${clockOf(gap.end)}`);
  say(line.cells[1].firstChild, duration(gap.seconds));
  say(line.cells[1].lastChild, text(gap.severity));
  say(line.cells[2], text(gap.reason));
  say(line.cells[3], touched(gap));
}
