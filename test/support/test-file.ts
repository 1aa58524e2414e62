/** Before each test file: what it starts carries its name, so that a process which is left behind can be told by it. */
import { relative } from "node:path";
import { expect } from "vitest";

process.env.PETREL_TEST_FILE = relative(process.cwd(), expect.getState().testPath ?? "");
