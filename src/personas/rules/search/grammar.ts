/** The words of which a program is made. */
import type { Op } from "./op.ts";
import { conditions } from "./ops/conditions.ts";
import { lists } from "./ops/lists.ts";
import { numbers } from "./ops/numbers.ts";
import { texts } from "./ops/texts.ts";

export const GRAMMAR: readonly Op[] = [...numbers, ...texts, ...lists, ...conditions];
