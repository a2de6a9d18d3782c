// The figures at the top, and whether what is shown is simulated.

import { byId, say, show } from "./dom.js";
import { clockOf, count, duration, grade, percent, shortDuration } from "./format.js";
import { text } from "./language.js";
import { isSimulated, state } from "./state.js";
import { longest, meanCoverage } from "./symbols.js";

// While the market is open, trades that are older than this are a matter of concern.
const LATE = 10;

export function drawStatus() {
  const { status } = state;
  if (!status) return;
  say(byId("clock"), `${clockOf(status.now)} KST · ${text(status.market_open ? "marketOpen" : "marketClosed")}`);
  say(byId("rate"), status.ticks_per_second.toFixed(1));
  const lag = byId("lag");
  // Of a closed market no trade can be late.
  const known = status.market_open && status.lag_seconds !== null;
  say(lag, known ? shortDuration(status.lag_seconds) : "–");
  mark(lag, known && status.lag_seconds > LATE ? "poor" : "");
  say(byId("newest"), status.newest_tick ? clockOf(status.newest_tick) : "–");
  const mean = byId("mean-coverage");
  say(mean, percent(meanCoverage(), 2));
  mark(mean, longest() > 2 ? grade(meanCoverage()) : "none");
  say(byId("gaps-today"), gapsToday(status));
  show(byId("simulated"), isSimulated());
}

function gapsToday(status) {
  if (status.gaps_today === 0) return "0";
  return `${count(status.gaps_today)} · ${duration(status.gap_seconds_today)}`;
}

function mark(element, grade) {
  if (element.dataset.grade !== grade) element.dataset.grade = grade;
}
