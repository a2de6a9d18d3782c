// A chart as Plotly is told: candles, volume, coverage, and gaps as shaded stretches. Pure, except that colours come from the
// page's theme.

import { axisTime, dayOf, duration, grade } from "./format.js";
import { hoverOf, hoverOfGap } from "./hover.js";
import { text } from "./language.js";

const MINUTE = 60_000;
// Less than this would make a few candles look like many.
const LEAST = 20 * MINUTE;
// A shorter gap could not be seen in a day.
const LEAST_SHADE = 1 / 400;

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

export function figure({ code, day, bars, gaps, span, now }) {
  const range = rangeOf(bars, span, now);
  const observed = bars.filter((bar) => bar.origin !== "healed");
  const healed = bars.filter((bar) => bar.origin === "healed");
  const [up, down, muted, ground] = ["--up", "--down", "--muted", "--panel"].map(colour);
  const data = [
    // Rising candles are hollow and falling ones filled: the colour is not the only sign.
    candles(observed, { line: { color: up, width: 1.4 }, fillcolor: ground }, { line: { color: down, width: 1.4 }, fillcolor: down }),
    candles(healed, { line: { color: muted, width: 1.4 }, fillcolor: ground }, { line: { color: muted, width: 1.4 }, fillcolor: muted }),
    columns(bars, (bar) => bar.volume, "y2", bars.map(() => colour("--volume"))),
    columns(bars, (bar) => bar.coverage, "y3", bars.map((bar) => gradeColour(bar, now))),
    marks(gaps.filter((gap) => Date.parse(gap.end) >= range[0]), range),
    measure(bars[0]),
  ];
  return { data, layout: layout(`${code} ${day} ${span}`, range, gaps, bars, muted) };
}

// Of a minute that is not over, nobody can say how well it was observed.
function gradeColour(bar, now) {
  if (Date.parse(bar.bar_time) + MINUTE > now) return colour("--volume");
  return colour({ good: "--good", fair: "--fair", poor: "--poor" }[grade(bar.coverage)]);
}

// A minute's candle stands in the middle of its minute, so that gaps lie where they were.
const middle = (bar) => axisTime(Date.parse(bar.bar_time) + MINUTE / 2);

function candles(bars, increasing, decreasing) {
  const of = (field) => bars.map((bar) => Number(bar[field]));
  const [open, high, low, close] = ["open", "high", "low", "close"].map(of);
  const hover = { text: bars.map(hoverOf), hoverinfo: "text" };
  return { type: "candlestick", x: bars.map(middle), open, high, low, close, increasing, decreasing, ...hover };
}

// Two candles a minute apart, the day before and so out of sight. Plotly makes candles as wide as the least time between two, and
// a single one as thin as a line.
function measure(bar) {
  const x = [1_440, 1_441].map((back) => axisTime(Date.parse(bar.bar_time) + MINUTE / 2 - back * MINUTE));
  const price = [bar.open, bar.open].map(Number);
  return { type: "candlestick", x, open: price, high: price, low: price, close: price, hoverinfo: "skip" };
}

function columns(bars, value, yaxis, colours) {
  const [x, y] = [bars.map(middle), bars.map(value)];
  return { type: "bar", x, y, yaxis, width: 0.7 * MINUTE, marker: { color: colours, line: { width: 0 } }, hoverinfo: "skip" };
}

// A sign above each gap: a short one would be too narrow to be seen.
function marks(gaps, range) {
  const x = gaps.map((gap) => axisTime(Math.max((Date.parse(gap.start) + Date.parse(gap.end)) / 2, range[0])));
  const hover = gaps.map((gap) => hoverOfGap(gap, duration((Date.parse(gap.end) - Date.parse(gap.start)) / 1_000)));
  const marker = { symbol: "triangle-down", size: 9, color: colour("--gap-line") };
  return { type: "scatter", mode: "markers", x, y: gaps.map(() => 0.985), yaxis: "y4", text: hover, hoverinfo: "text", marker };
}

// From when to when the chart goes, in milliseconds.
function rangeOf(bars, span, now) {
  const [first, last] = [Date.parse(bars[0].bar_time), Date.parse(bars.at(-1).bar_time) + MINUTE];
  // While bars come the chart ends now; of a day that is over, with its last bar.
  const end = dayOf(now) === dayOf(last) && now - last < LEAST ? Math.max(last, now) : last;
  const length = span === "day" ? end - first : Math.min(Number(span) * MINUTE, end - first);
  const wide = Math.max(length, LEAST);
  return [end - wide, end + wide / 60];
}

function layout(revision, range, gaps, bars, muted) {
  const grid = { gridcolor: colour("--grid"), zeroline: false, fixedrange: true, tickfont: { size: 11 } };
  const seen = bars.filter((bar) => Date.parse(bar.bar_time) >= range[0] - MINUTE);
  return {
    // What people zoomed to stays while data comes.
    uirevision: revision,
    font: { family: colour("--font"), size: 12, color: colour("--text") },
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    margin: { l: 8, r: 62, t: 6, b: 26 },
    showlegend: false,
    hovermode: "x",
    hoverdistance: 30,
    hoverlabel: {
      bgcolor: colour("--raised"),
      bordercolor: colour("--line"),
      font: { family: colour("--font"), color: colour("--text") },
      align: "left",
    },
    // A finger on the chart scrolls the page.
    dragmode: matchMedia("(pointer: coarse)").matches ? false : "pan",
    separators: ".,",
    xaxis: {
      type: "date",
      range: range.map(axisTime),
      rangeslider: { visible: false },
      gridcolor: colour("--grid"),
      tickformat: "%H:%M",
      hoverformat: "%H:%M",
      tickfont: { size: 11, color: muted },
      nticks: 8,
      anchor: "y3",
      showspikes: true,
      spikemode: "across",
      spikethickness: 1,
      spikedash: "dot",
      spikecolor: muted,
    },
    yaxis: { ...grid, side: "right", domain: [0.36, 1], tickformat: ",", range: pricesOf(seen), nticks: 7 },
    yaxis2: { ...grid, side: "right", domain: [0.17, 0.31], tickformat: "~s", nticks: 3, rangemode: "tozero" },
    yaxis3: { ...grid, side: "right", domain: [0, 0.12], range: [0, 1.05], tickvals: [0.5, 1], tickformat: ".0%" },
    yaxis4: { overlaying: "y", domain: [0, 1], range: [0, 1], visible: false, fixedrange: true },
    shapes: gaps.map((gap) => shade(gap, range)),
    annotations: [label("volume", 0.31, muted), label("coverage", 0.12, muted)],
  };
}

// What the columns below the candles are.
function label(name, y, color) {
  const place = { xref: "paper", yref: "paper", x: 0, y, xanchor: "left", yanchor: "bottom" };
  return { ...place, text: text(name), showarrow: false, font: { size: 11, color } };
}

// The prices that are seen, with some air: candles at the edge are hard to read.
function pricesOf(bars) {
  const [low, high] = [Math.min(...bars.map((bar) => Number(bar.low))), Math.max(...bars.map((bar) => Number(bar.high)))];
  const air = Math.max((high - low) * 0.08, high * 0.0005);
  return [low - air, high + air * 1.6];
}

function shade(gap, range) {
  const [start, end] = [Date.parse(gap.start), Date.parse(gap.end)];
  const least = (range[1] - range[0]) * LEAST_SHADE;
  const until = Math.max(end, start + least);
  return {
    type: "rect",
    layer: "below",
    xref: "x",
    yref: "paper",
    x0: axisTime(start),
    x1: axisTime(until),
    y0: 0,
    y1: 1,
    fillcolor: colour("--gap"),
    line: { color: colour("--gap-line"), width: 1, dash: "dot" },
  };
}
