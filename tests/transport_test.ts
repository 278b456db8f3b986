/** Who sends much at once gets a turn of the event loop for each frame, between which others have theirs. */
import assert from "node:assert/strict";
import { setImmediate } from "node:timers";
import { Hono } from "hono";
import type { Env } from "../routes/parts.ts";
import { serve } from "../routes/transport.ts";
import { openLog } from "../services/log.ts";
import { eventually, test } from "./helpers.ts";
import { frame, RawSocket } from "./raw_socket.ts";

const FRAMES = 40;

test("of frames that come together one is handled a turn, in their order", async () => {
  let turn = 0;
  let isOver = false;
  const next = () => void (++turn, isOver || setImmediate(next));
  const heard: { readonly text: string | undefined; readonly turn: number }[] = [];
  const app = new Hono<Env>().get("*", (c) => {
    c.env.takeOver?.((socket) => {
      socket.onFrame = (text) => Promise.resolve(void heard.push({ text, turn }));
    });
    return c.body(null);
  });
  const serving = await serve(app, { port: 0, host: "127.0.0.1", log: openLog("error") });
  {
    using socket = await RawSocket.open(`http://127.0.0.1:${serving.port}`, "/", {});
    next();
    const texts = Array.from({ length: FRAMES }, (_, i) => `frame ${i}`);
    assert.ok(await socket.write(new Uint8Array(texts.flatMap((text) => [...frame(text)]))));
    await eventually(() => heard.length === FRAMES);
    assert.deepEqual(heard.map(({ text }) => text), texts);
    assert.equal(new Set(heard.map(({ turn }) => turn)).size, FRAMES);
  }
  isOver = true;
  await serving.close();
});
