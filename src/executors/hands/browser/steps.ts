/** What a flow may do, and how a step is done on a page. A model's tools do the same steps one by one. */
import type { Locator, Page } from "playwright-core";
import * as z from "zod";
import { type Target, type TypedText, target, typedText } from "../../../tools/browser-words.ts";

const FORMS =
  'a step is one of {"open": "/path"}, {"click": TARGET}, {"fill": TARGET, "with": "text"}, {"press": "Enter"}, {"select": TARGET, "option": "name"}, {"check": TARGET}, {"see": TARGET}, {"gone": TARGET}, {"at": "/path"}, {"screenshot": "name"}';

const forms = [
  z.strictObject({ open: z.string().min(1).describe("An address, or a path on the flow's own") }),
  z.strictObject({ click: target }),
  z.strictObject({ fill: target, with: typedText }),
  z.strictObject({ press: z.string().min(1).describe("A key, like Enter or Control+A") }),
  z.strictObject({ select: target, option: z.string() }),
  z.strictObject({ check: target }),
  z.strictObject({ see: target.describe("Must come into sight") }),
  z.strictObject({ gone: target.describe("Must be out of sight") }),
  z.strictObject({ at: z.string().min(1).describe("The address must contain this") }),
  z.strictObject({ screenshot: z.string().regex(/^[\w.-]{1,60}$/, "a name of letters, digits, dots and dashes") }),
] as const;
export const step = z.union(forms, { error: FORMS });
export type Step = z.output<typeof step>;

export interface StepParts {
  page: Page;
  /** What a path is relative to. */
  base: string;
  timeoutMs: number;
  secrets: Readonly<Record<string, string>>;
  /** Throws Refused when the machine's owner does not let hands speak to it. */
  checkHost(url: string): void;
  screenshot(name: string): Promise<void>;
}

/** Throws what Playwright says when the page does not do as the step wants. */
export async function doStep(parts: StepParts, doing: Step): Promise<void> {
  const { page, timeoutMs } = parts;
  const timeout = { timeout: timeoutMs };
  if ("open" in doing) await openPage(parts, doing.open);
  else if ("click" in doing) await find(page, doing.click).click(timeout);
  else if ("fill" in doing) await find(page, doing.fill).fill(textOf(parts, doing.with), timeout);
  else if ("press" in doing) await page.keyboard.press(doing.press);
  else if ("select" in doing) await find(page, doing.select).selectOption(doing.option, timeout);
  else if ("check" in doing) await find(page, doing.check).check(timeout);
  else if ("see" in doing) await find(page, doing.see).waitFor({ state: "visible", ...timeout });
  else if ("gone" in doing) await find(page, doing.gone).waitFor({ state: "hidden", ...timeout });
  else if ("at" in doing) await page.waitForURL((url) => url.href.includes(doing.at), timeout);
  else await parts.screenshot(doing.screenshot);
}

async function openPage({ page, base, timeoutMs, checkHost }: StepParts, where: string): Promise<void> {
  const url = new URL(where, base);
  if (url.protocol !== "http:" && url.protocol !== "https:") throw new Error(`${url.protocol} is no address of the web`);
  checkHost(url.href);
  await page.goto(url.href, { timeout: timeoutMs, waitUntil: "load" });
}

export function find(page: Page, wanted: Target): Locator {
  if (typeof wanted === "string") return page.locator(wanted).first();
  if ("label" in wanted) return page.getByLabel(wanted.label).first();
  if ("text" in wanted) return page.getByText(wanted.text).first();
  if ("testId" in wanted) return page.getByTestId(wanted.testId).first();
  const role = wanted.role as Parameters<Page["getByRole"]>[0];
  return page.getByRole(role, wanted.name === undefined ? {} : { name: wanted.name }).first();
}

function textOf({ secrets }: StepParts, given: TypedText): string {
  if (typeof given === "string") return given;
  const value = secrets[given.secret];
  if (value === undefined) throw new Error(`the step has no secret in the variable ${given.secret}`);
  return value;
}

/** In a few words, for people. */
export function stepWords(doing: Step): string {
  const [verb = "", about] = Object.entries(doing)[0] ?? [];
  if (typeof about === "string") return `${verb} ${about}`;
  const { role: named, name, label, text: words, testId } = (about ?? {}) as Record<string, string | undefined>;
  return `${verb} ${[named, name ?? label ?? words ?? testId].filter(Boolean).join(" ")}`;
}
