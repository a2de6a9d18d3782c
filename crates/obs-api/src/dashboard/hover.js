// What the pointer is told.

import { clockOf, count, minuteOf, percent, won } from "./format.js";
import { text } from "./language.js";

export function hoverOf(bar) {
  const healed = bar.origin === "healed" ? ` · ${text("healed")}` : "";
  return [
    `<b>${minuteOf(bar.bar_time)} KST</b>${healed}`,
    `${text("open")} ${won(bar.open)}  ${text("high")} ${won(bar.high)}`,
    `${text("low")} ${won(bar.low)}  ${text("close")} ${won(bar.close)}`,
    `${text("volume")} ${count(bar.volume)}  ${text("coverage")} ${percent(bar.coverage)}`,
  ].join("<br>");
}

export const hoverOfGap = (gap, length) =>
  `<b>${text("gap")}</b> ${clockOf(gap.start)}–${clockOf(gap.end)} KST<br>${length} · ${text(gap.reason)}`;
