/** The CI systems that the hand knows. */
import { jenkins } from "./jenkins.ts";
import type { CiAccess, CiSystem } from "./port.ts";

export const CI_SYSTEMS = { jenkins } satisfies Record<string, (access: CiAccess) => CiSystem>;
export type CiName = keyof typeof CI_SYSTEMS;
