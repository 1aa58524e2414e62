/** What the page shows of an entry. */
export function entryView(entry) {
  return { by: entry.name ?? "a visitor", text: entry.text };
}
