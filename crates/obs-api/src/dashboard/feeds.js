// The feeds: what was subscribed and when each was last known to be alive.

import { askAll } from "./api.js";
import { byId, make, row, rowsByKey, say, show } from "./dom.js";
import { count, duration } from "./format.js";
import { text } from "./language.js";
import { noteRun, now } from "./state.js";

// Feeds of this time are shown.
const RECENT = 10 * 60_000;
// A feed that said nothing for so long is called quiet; the collector asks it at the latest after a minute.
const QUIET = 75;
// So much of a run's name tells it from others.
const RUN = 12;

let feeds = [];
let write = null;

export function startFeeds() {
  write = rowsByKey(byId("feeds").tBodies[0], create, update);
}

export async function loadFeeds() {
  const from = new Date(now() - RECENT).toISOString();
  const sessions = await askAll("sessions", { from });
  noteRun(sessions[0]);
  feeds = summed(sessions);
  drawFeeds();
}

export function drawFeeds() {
  write(feeds, (feed) => feed.id);
  show(byId("feeds"), feeds.length > 0);
  show(byId("no-feeds"), feeds.length === 0);
  const states = feeds.map(stateOf);
  const alive = states.filter((each) => each === "alive").length;
  say(byId("feeds-alive"), text("aliveFeeds", { number: alive }));
  // One that has ended was followed by another, or none is left.
  const grade = alive === 0 ? "poor" : states.includes("quiet") ? "fair" : "good";
  if (byId("feeds-alive").dataset.grade !== grade) byId("feeds-alive").dataset.grade = grade;
}

// One line a feed: of how many symbols its subscriptions are open, and its last sign of life.
function summed(sessions) {
  const byFeed = new Map();
  for (const session of sessions) {
    const feed = byFeed.get(session.feed_id) ?? { id: session.feed_id, open: new Set(), until: 0 };
    if (!session.closed) feed.open.add(session.symbol);
    feed.until = Math.max(feed.until, Date.parse(session.attested_until));
    byFeed.set(session.feed_id, feed);
  }
  return [...byFeed.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
}

function stateOf(feed) {
  if (feed.open.size === 0) return "over";
  return (now() - feed.until) / 1_000 > QUIET ? "quiet" : "alive";
}

function create() {
  const line = row(["", "", "number", "number"]);
  line.cells[0].append(make("span"), make("small"));
  line.cells[1].append(make("span", "pill"));
  return line;
}

function update(line, feed) {
  const pill = line.cells[1].firstChild;
  // The run of the collector, and which of its connections.
  const [run, number] = feed.id.split("#");
  say(line.cells[0].firstChild, number ? text("connection", { number }) : run);
  say(line.cells[0].lastChild, number ? run.slice(0, RUN) : "");
  line.cells[0].title = feed.id;
  say(pill, text(stateOf(feed)));
  pill.dataset.state = stateOf(feed);
  say(line.cells[2], count(feed.open.size));
  say(line.cells[3], text("ago", { time: duration((now() - feed.until) / 1_000) }));
}
