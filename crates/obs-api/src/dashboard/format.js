// Times in Korea, prices, shares and lengths of time as people read them.

import { language, text } from "./language.js";

const KST = 9 * 3600 * 1000;

// Korea has no summer time: its clock is UTC and nine hours. `time` is in milliseconds or RFC 3339.
const korean = (time) => new Date(new Date(time).getTime() + KST).toISOString();

export const dayOf = (time) => korean(time).slice(0, 10);
export const clockOf = (time) => korean(time).slice(11, 19);
export const minuteOf = (time) => korean(time).slice(11, 16);
// What Plotly takes for a date: it knows no time zones, so it is given Korea's clock.
export const axisTime = (time) => korean(time).slice(0, 23).replace("T", " ");

// A sum or price that comes as text, exact to the last digit, with separators.
export function won(exact) {
  if (exact === null || exact === undefined) return "–";
  const [whole, fraction] = String(exact).split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  const rest = fraction?.replace(/0+$/, "");
  return rest ? `${grouped}.${rest}` : grouped;
}

export const count = (number) => (number === null || number === undefined ? "–" : number.toLocaleString(language()));

// A share of one as a percentage. What is not whole never reads as 100 %.
export function percent(ratio, digits = 1) {
  if (ratio === null || ratio === undefined) return "–";
  const scale = 10 ** digits;
  const rounded = ratio < 1 ? Math.floor(ratio * 100 * scale + 1e-6) / scale : ratio * 100;
  return `${rounded.toFixed(digits)}%`;
}

// How well something was observed, in a word for styles.
export const grade = (ratio) => (ratio === null ? "none" : ratio >= 0.995 ? "good" : ratio >= 0.9 ? "fair" : "poor");

// How far a price moved, with a sign that needs no colour.
export function change(from, to) {
  const [first, last] = [Number(from), Number(to)];
  if (!(first > 0)) return "–";
  const difference = last - first;
  const sign = difference > 0 ? "▲" : difference < 0 ? "▼" : "–";
  const size = won(Math.abs(Math.round(difference * 100) / 100));
  return `${sign} ${size} (${difference < 0 ? "−" : "+"}${((Math.abs(difference) / first) * 100).toFixed(2)}%)`;
}

// A length of time in seconds.
export function duration(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return text("seconds", { n: whole });
  if (whole < 3600) return text("minutesLong", { m: Math.floor(whole / 60), s: whole % 60 });
  return text("hoursLong", { h: Math.floor(whole / 3600), m: Math.floor((whole % 3600) / 60) });
}

// A length of time of which tenths of seconds matter.
export const shortDuration = (seconds) => (seconds < 10 ? text("seconds", { n: seconds.toFixed(1) }) : duration(seconds));
