/** Seeds of the simulation, part 1 of 2: docs/testing.md says how to run one of them, or more. */
import { testSeeds } from "./seeds.ts";

testSeeds(1, 2);
