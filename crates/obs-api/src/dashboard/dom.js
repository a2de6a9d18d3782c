// What the panels do with elements. Nothing is written that is there already, so nothing flickers.

export const byId = (id) => document.getElementById(id);

export function say(element, words) {
  if (element.textContent !== words) element.textContent = words;
}

export function show(element, visible) {
  if (element.hidden === visible) element.hidden = !visible;
}

export function make(name, className, words) {
  const element = document.createElement(name);
  if (className) element.className = className;
  if (words !== undefined) element.textContent = words;
  return element;
}

// A table's body whose rows have keys: rows stay, come and go as the items do, in their order. `create` makes a row of an item,
// `update` writes an item into its row.
export function rowsByKey(body, create, update) {
  const rows = new Map();
  return (items, keyOf) => {
    const kept = new Set();
    let place = body.firstElementChild;
    for (const item of items) {
      const key = keyOf(item);
      kept.add(key);
      if (!rows.has(key)) rows.set(key, create(item));
      const row = rows.get(key);
      update(row, item);
      if (row === place) place = place.nextElementSibling;
      else body.insertBefore(row, place);
    }
    for (const [key, row] of rows) {
      if (!kept.has(key)) {
        row.remove();
        rows.delete(key);
      }
    }
  };
}

// A row with cells of these classes; the first is its heading.
export function row(classes) {
  const line = make("tr");
  classes.forEach((className, index) => {
    const cell = make(index === 0 ? "th" : "td", className);
    if (index === 0) cell.scope = "row";
    line.append(cell);
  });
  return line;
}
