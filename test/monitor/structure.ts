/** What a screen consists of, for people and for programs, and what is wrong with how it is laid out. No pixel is compared. */
import type { Page } from "playwright-core";

/** The tree that assistive technology sees, without what differs from run to run. */
export async function partsOf(page: Page): Promise<string> {
  return (await page.locator("body").ariaSnapshot())
    .replaceAll(/\d{1,2}\/\d{1,2}\/\d{4},? /g, "")
    .replaceAll(/\d{1,2}:\d{2}(:\d{2})?(\s?[AP]M)?/g, "TIME")
    .replaceAll(/\b[0-9a-f]{12,64}\b/g, "HASH")
    .replaceAll(/\b[a-z]-[0-9a-z]{16,}\b/g, "ID")
    .replaceAll(/\b\d+ (ms|s|min|m|h|d)\b/g, "AGE");
}

/** Left edge, top edge and width in hundredths of the window. */
export type Boxes = Record<string, [x: number, y: number, width: number]>;

/** Where the named parts of a screen stand: landmarks, regions, tables, drawings, headings. */
export async function boxesOf(page: Page): Promise<Boxes> {
  return (await page.evaluate((await inPage()).boxes)) as Boxes;
}

/** In hundredths of the window: fonts are not the same on every machine. */
const SIDEWAYS = 4;
const DOWN = 14;

/** What has vanished or stands elsewhere. */
export function movedParts(stored: Boxes, now: Boxes): string[] {
  return Object.entries(stored).flatMap(([name, [x, y, width]]) => {
    const there = now[name];
    if (!there) return [`${name} is not there`];
    const isElsewhere = Math.abs(there[0] - x) > SIDEWAYS || Math.abs(there[1] - y) > DOWN || Math.abs(there[2] - width) > 2 * SIDEWAYS;
    return isElsewhere ? [`${name} stands at ${there.join(", ")} and not at ${[x, y, width].join(", ")}`] : [];
  });
}

/** What lies over something else, is cut off, or leaves the window. */
export async function layoutFaults(page: Page): Promise<string[]> {
  return (await page.evaluate((await inPage()).layoutFaults)) as string[];
}

const inPage = () => import("./in-page.mjs" as string) as Promise<Record<"boxes" | "layoutFaults", () => unknown>>;
