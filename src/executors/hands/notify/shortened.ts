/** Cuts a text for people: at the end of a word where one is near, with an ellipsis, and within no letter of two code units. */
export function shortened(text: string, most: number): string {
  if (text.length <= most) return text;
  const room = text.slice(0, most - 1);
  const word = room.search(/\s\S*$/);
  const end = word > most * 0.8 ? word : most - 1;
  return `${text
    .slice(0, end)
    .replace(/[\uD800-\uDBFF]$/, "")
    .trimEnd()}…`;
}
