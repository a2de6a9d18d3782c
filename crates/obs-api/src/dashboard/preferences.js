// The switches of language and theme, which the browser remembers.

import { translatePage } from "./language.js";

const root = document.documentElement;
const dark = matchMedia("(prefers-color-scheme: dark)");

// Wires the switches; `changed` is called when what is drawn by script must be drawn again.
export function startPreferences(changed) {
  const language = document.getElementById("language");
  const theme = document.getElementById("theme");
  translatePage();
  language.value = root.lang;
  theme.value = root.dataset.theme;
  language.addEventListener("change", () => {
    root.lang = language.value;
    remember("observer.language", language.value);
    translatePage();
    changed();
  });
  theme.addEventListener("change", () => {
    root.dataset.theme = theme.value;
    remember("observer.theme", theme.value);
    changed();
  });
  dark.addEventListener("change", changed);
}

function remember(name, value) {
  try {
    localStorage.setItem(name, value);
  } catch {
    // A browser that stores nothing asks again next time.
  }
}
