// The latest snapshot of the portfolio: weights against targets.

import { ask } from "./api.js";
import { byId, make, row, rowsByKey, say, show } from "./dom.js";
import { clockOf, dayOf, percent, won } from "./format.js";
import { text } from "./language.js";
import { nameOf } from "./state.js";

let latest = null;
let write = null;

export function startPortfolio() {
  write = rowsByKey(byId("positions").tBodies[0], create, update);
}

export async function loadPortfolio() {
  const { items } = await ask("snapshots", { limit: 1 });
  const newest = items[0]?.snapshot_id;
  if (newest === undefined) latest = null;
  // A snapshot does not change once it is there.
  else if (newest !== latest?.snapshot.snapshot_id) latest = await ask(`snapshots/${newest}`);
  drawPortfolio();
}

export function drawPortfolio() {
  show(byId("positions"), latest !== null);
  show(byId("no-portfolio"), latest === null);
  const snapshot = latest?.snapshot;
  const time = snapshot && `${dayOf(snapshot.snapshot_time)} ${clockOf(snapshot.snapshot_time)} KST`;
  const drift = snapshot?.drift && percent(Number(snapshot.drift), 2);
  const values = snapshot && { time, value: won(snapshot.total_value), drift: drift ?? "–" };
  say(byId("portfolio-summary"), snapshot ? text("portfolioSummary", values) : "");
  write(latest ? [...latest.positions, cashOf(latest)] : [], (position) => position.symbol ?? "cash");
}

// Cash is what is left of the weights, and what is left of the targets is meant for it.
function cashOf({ snapshot, positions }) {
  const target = 1 - positions.reduce((sum, position) => sum + Number(position.target_weight), 0);
  const current = Number(snapshot.total_value) > 0 ? Number(snapshot.cash) / Number(snapshot.total_value) : 0;
  return { symbol: null, market_value: snapshot.cash, current_weight: current, target_weight: target };
}

function create() {
  const line = row(["", "number", "number", "number", "number"]);
  line.cells[0].append(make("span"), make("small", "number"));
  line.cells[2].append(make("span"), make("meter"));
  line.cells[2].lastChild.setAttribute("aria-hidden", "true");
  return line;
}

function update(line, position) {
  const [current, target] = [Number(position.current_weight), Number(position.target_weight)];
  const name = position.symbol === null ? text("cash") : nameOf(position.symbol);
  say(line.cells[0].firstChild, name);
  say(line.cells[0].lastChild, name === position.symbol ? "" : (position.symbol ?? ""));
  say(line.cells[1], won(position.market_value));
  say(line.cells[2].firstChild, `${(current * 100).toFixed(1)}%`);
  line.cells[2].lastChild.value = current;
  say(line.cells[3], `${(target * 100).toFixed(1)}%`);
  const off = (current - target) * 100;
  say(line.cells[4], `${off < 0 ? "−" : "+"}${Math.abs(off).toFixed(2)}`);
}
