// Asking the interface under /api/v1.

import { byId } from "./dom.js";

const TOKEN = "observer.token";
let token = sessionStorage.getItem(TOKEN);
let asking = null;

// An answer, read. If a token is wanted, the person is asked for it first.
export async function ask(path, parameters = {}) {
  const query = new URLSearchParams(parameters).toString();
  const response = await fetch(`/api/v1/${path}${query && `?${query}`}`, { headers: headers() });
  if (response.status === 401) {
    await askForToken();
    return ask(path, parameters);
  }
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.detail ?? response.statusText);
  return answer;
}

// All items of a list, page by page.
export async function askAll(path, parameters = {}) {
  const items = [];
  let cursor = {};
  do {
    const page = await ask(path, { limit: 10_000, ...parameters, ...cursor });
    items.push(...page.items);
    cursor = page.next && { cursor: page.next };
  } while (cursor);
  return items;
}

// The event stream's address: a browser cannot send headers with it.
export const eventsAddress = () => `/api/v1/events${token ? `?token=${encodeURIComponent(token)}` : ""}`;

const headers = () => (token ? { Accept: "application/json", Authorization: `Bearer ${token}` } : { Accept: "application/json" });

function askForToken() {
  asking ??= new Promise((resolve) => {
    const dialog = byId("token");
    const closed = () => {
      token = byId("token-input").value;
      sessionStorage.setItem(TOKEN, token);
      asking = null;
      resolve();
    };
    byId("token-input").value = "";
    dialog.addEventListener("close", closed, { once: true });
    dialog.showModal();
  });
  return asking;
}
