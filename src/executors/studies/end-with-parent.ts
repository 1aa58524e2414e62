/** For a process that computes for long and hears nothing meanwhile: a second thread looks whether the one that started it lives. */
import { Worker } from "node:worker_threads";

const WATCH = `
const { workerData } = require("node:worker_threads");
setInterval(() => { if (process.ppid !== workerData) process.kill(process.pid, "SIGKILL"); }, 500);`;

export function endWithParent(parent: number): void {
  new Worker(WATCH, { eval: true, env: {}, workerData: parent }).unref();
}
