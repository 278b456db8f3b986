/** Handoff with a transaction for each message: the same path, but no two appends wait together. */
import { openSite } from "../../main.ts";
import { serve } from "../../routes/transport.ts";
import { parseConfig } from "../../services/config.ts";
import { Library } from "../../services/library.ts";
import { openLog } from "../../services/log.ts";
import { Passwords } from "../../services/passwords.ts";
import { openSqlite } from "../../services/sqlite/open.ts";

const config = parseConfig(Deno.env.toObject());
const log = openLog(config.logLevel);
const store = await openSqlite({ file: config.dataFile });
const { messages } = store;
const append = messages.append.bind(messages);
let turn: Promise<unknown> = Promise.resolve();
messages.append = (...message) => {
  const appended = turn.then(() => append(...message));
  turn = appended.catch(() => undefined);
  return appended;
};
const passwords = await Passwords.open(log);
const site = openSite({ config, store, log, passwords, library: new Library([]) });
const serving = await serve(site.app, { host: config.host, port: config.port, log });
log.info("listening", { address: `http://${config.host}:${serving.port}` });
