import { createWriteStream } from "node:fs";
import { NoteStore } from "./note-store.js";
import { requestLog } from "./request-log.js";
import { notesServer } from "./server.js";

const port = Number(process.env.PORT ?? 8080);
const file = createWriteStream(process.env.LOG_FILE ?? "requests.log", { flags: "a" });
const server = notesServer({ store: new NoteStore(), log: requestLog((line) => file.write(line)) });
server.listen(port, "127.0.0.1", () => console.log(`notes on http://127.0.0.1:${server.address().port}`));
