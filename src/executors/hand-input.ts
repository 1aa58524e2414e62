/** An order's input against its hand's schema. */
import { z } from "zod";
import type { WorkOrder } from "../contract/envelope.ts";
import { Terminal } from "../contract/errors.ts";

/** Throws Terminal `bad-input` that names hand, field and transition. */
export function parseInput<T extends z.ZodType>(schema: T, order: WorkOrder): z.output<T> {
  const parsed = schema.safeParse(order.input);
  if (parsed.success) return parsed.data;
  throw new Terminal({
    code: "bad-input",
    message: `the input of ${order.hand} is wrong: ${z.prettifyError(parsed.error)}`,
    hint: `correct \`input\` or \`workspace\` of the transition ${order.transition}`,
    where: `${order.net}/${order.transition}`,
  });
}
