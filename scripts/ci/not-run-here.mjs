// A reporter of vitest: a test that says it cannot run on this machine (`context.skip(why)`) is named with its reason after the run, and
// in the file that PETREL_NOT_RUN names, as [{file, name, why}], for the closing line. One that gives no reason is no matter of the machine.
import { writeFileSync } from "node:fs";

export default class NotRunHere {
  onTestRunEnd(modules) {
    const all = modules.flatMap((module) =>
      [...module.children.allTests("skipped")].flatMap((test) => {
        const { note: why } = test.result();
        return why ? [{ file: module.moduleId, name: nameOf(test), why }] : [];
      }),
    );
    for (const { name, why } of all) process.stderr.write(`not run here: ${name}: ${why}\n`);
    if (process.env.PETREL_NOT_RUN) writeFileSync(process.env.PETREL_NOT_RUN, JSON.stringify(all));
  }
}

/** As the JSON report writes it. */
function nameOf(test) {
  const names = [test.name];
  for (let { parent } = test; parent.type === "suite"; parent = parent.parent) names.unshift(parent.name);
  return names.join(" ");
}
