// The stream of events, and how fresh it is.

import { eventsAddress } from "./api.js";
import { byId, say, show } from "./dom.js";
import { text } from "./language.js";

// The stream says something every second; after this time people are told that it does not.
const STALE = 5_000;
const RETRY = 2_000;
// So long a failed request is told of.
const COMPLAINT = 15_000;
const KINDS = ["status", "bar", "gap"];

let source = null;
let heard = performance.now();
let state = "waiting";
let handlers = {};
let complaint = null;

// Listens. `handlers` has a function for each kind of event; `opened` is called whenever the stream begins, since what happened
// before has to be asked for, and `refused` when the answer was no stream.
export function listen(given) {
  handlers = given;
  open();
  setInterval(tell, 1_000);
  // Nobody looks at a hidden page; when it is looked at again it starts afresh.
  document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
}

function open() {
  close();
  source = new EventSource(eventsAddress());
  source.addEventListener("open", () => {
    heard = performance.now();
    become("live");
    handlers.opened();
  });
  source.addEventListener("error", () => {
    become("reconnecting");
    // The browser tries again by itself, except after an answer that is no stream.
    if (source?.readyState !== EventSource.CLOSED) return;
    handlers.refused();
    setTimeout(() => document.hidden || open(), RETRY);
  });
  for (const kind of KINDS) {
    source.addEventListener(kind, (event) => {
      heard = performance.now();
      if (state !== "live") become("live");
      handlers[kind](JSON.parse(event.data));
    });
  }
}

function close() {
  source?.close();
  source = null;
}

function become(next) {
  state = next;
  tell();
}

// Says how it is, also after the language has changed.
export function tell() {
  const stale = state === "live" && performance.now() - heard > STALE;
  const pill = byId("connection");
  pill.dataset.state = stale ? "stale" : state;
  say(pill, text(stale ? "stale" : state));
  if (complaint && performance.now() - complaint.at > COMPLAINT) complaint = null;
  const failed = complaint && text("failed", { detail: complaint.detail });
  const words = state === "reconnecting" ? text("unreachable") : (failed ?? "");
  const trouble = byId("trouble");
  show(trouble, words !== "");
  say(trouble, words);
}

// Says that a request failed.
export function complain(detail) {
  complaint = { detail, at: performance.now() };
  tell();
}
