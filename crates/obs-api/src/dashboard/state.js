// What the panels share.

export const state = {
  // Rows of /symbols by code, in order of codes.
  symbols: new Map(),
  // The code whose chart is shown.
  selected: null,
  // Today's gaps, oldest first.
  gaps: [],
  // The last status; `now` in it is market time.
  status: null,
};

// Simulated runs say so in every row, which is all that a program knows that only reads a database.
let simulatedRows = false;
export function noteRun(row) {
  simulatedRows ||= row?.session_id.startsWith("sim-") ?? false;
}
export const isSimulated = () => simulatedRows || (state.status?.is_simulated ?? false);

// Market time in milliseconds: a compressed day of the simulated exchange has its own.
export const now = () => (state.status ? Date.parse(state.status.now) : Date.now());

export const nameOf = (code) => state.symbols.get(code)?.name ?? code;

export const touches = (gap, code) => gap.symbols.length === 0 || gap.symbols.includes(code);

// When a gap ends for a symbol: subscriptions come back one after the other.
export const endFor = (gap, code) => gap.returned?.[code] ?? gap.end;

// Remembered with the address, so that a link leads to the same chart.
export function select(code) {
  state.selected = code;
  history.replaceState(null, "", `#${code}`);
}
