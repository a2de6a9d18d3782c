// The language of the page: which one, and its texts.

import { TEXTS } from "./texts.js";

const LANGUAGES = ["ko", "en"];

export const language = () => document.documentElement.lang;

// A text in the current language, its `{names}` filled in.
export function text(name, values = {}) {
  const both = TEXTS[name];
  if (!both) return name;
  return both[LANGUAGES.indexOf(language())].replace(/\{(\w+)\}/g, (_, key) => values[key] ?? "");
}

// Writes all texts that stand in the page itself.
export function translatePage() {
  document.title = text("title");
  for (const element of document.querySelectorAll("[data-text]")) element.textContent = text(element.dataset.text);
  for (const element of document.querySelectorAll("[data-placeholder]")) element.placeholder = text(element.dataset.placeholder);
  for (const element of document.querySelectorAll("[data-label]")) element.setAttribute("aria-label", text(element.dataset.label));
}
