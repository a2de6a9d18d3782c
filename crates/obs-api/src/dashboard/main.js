// The page's beginning: who is told what, and what is asked for when.

import { ask } from "./api.js";
import { barToChart, draw, gapToChart, loadChart, startChart } from "./chart.js";
import { drawFeeds, loadFeeds, startFeeds } from "./feeds.js";
import { drawGaps, loadGaps, newGap, startGaps } from "./gaps.js";
import { complain, listen, tell } from "./live.js";
import { drawPortfolio, loadPortfolio, startPortfolio } from "./portfolio.js";
import { startPreferences } from "./preferences.js";
import { state } from "./state.js";
import { drawStatus } from "./status.js";
import { drawSymbols, loadSymbols, priceFrom, startSymbols } from "./symbols.js";

const SECOND = 1_000;

// Some things are asked for again now and then; nobody is bothered by a hidden page's questions.
function every(seconds, question) {
  setInterval(() => document.hidden || attempt(question), seconds * SECOND);
}

// Does something and says it if that fails. The stream says by itself that nobody answers.
async function attempt(question) {
  try {
    await question();
    return true;
  } catch (error) {
    if (error instanceof TypeError) return false;
    complain(error.message);
    return false;
  }
}

function drawAll() {
  tell();
  drawStatus();
  drawSymbols();
  drawGaps();
  drawFeeds();
  drawPortfolio();
  draw();
}

async function begin() {
  state.status = await ask("status");
  drawStatus();
  await loadSymbols();
  await Promise.all([loadGaps(), loadFeeds(), loadPortfolio(), loadChart()]);
  drawAll();
}

startPreferences(drawAll);
startSymbols(() => attempt(loadChart));
startChart();
startGaps();
startFeeds();
startPortfolio();
addEventListener("load", draw);

let pricesChanged = false;
let symbolsAppeared = false;
// The stream is opened right after the first answers, and need not ask for them again.
let fresh = await attempt(begin);
listen({
  opened() {
    if (!fresh) attempt(begin);
    fresh = false;
  },
  // Perhaps a token is wanted: asking finds out.
  refused: () => attempt(() => ask("status")),
  status(status) {
    state.status = status;
    drawStatus();
    drawFeeds();
    if (pricesChanged) drawSymbols();
    if (symbolsAppeared) attempt(loadSymbols);
    pricesChanged = symbolsAppeared = false;
  },
  bar(bar) {
    if (priceFrom(bar)) pricesChanged = true;
    else symbolsAppeared = true;
    barToChart(bar);
  },
  gap(gap) {
    newGap(gap);
    gapToChart(gap);
  },
});
every(5, loadFeeds);
every(10, loadSymbols);
every(60, loadPortfolio);
// What the broker filled in afterwards, and gaps of a day that has ended.
every(60, loadChart);
every(60, loadGaps);
