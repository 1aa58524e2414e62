import { createWriteStream } from "node:fs";
import { Guestbook } from "./guestbook.js";
import { requestLog } from "./request-log.js";
import { guestbookServer } from "./server.js";

const file = createWriteStream(process.env.LOG_FILE ?? "guestbook.log", { flags: "a" });
const server = guestbookServer({ book: new Guestbook(), log: requestLog((line) => file.write(line)) });
server.listen(Number(process.env.PORT ?? 8080), "127.0.0.1", () => console.log(`guestbook on http://127.0.0.1:${server.address().port}`));
