/** Gemini through its SDK: answers stream to every screen, with sources that stand in the articles. */
import assert from "node:assert/strict";
import type { Piece, Quote } from "../services/llm.ts";
import { openSqlite } from "../services/sqlite/open.ts";
import { BuiltInAssistant } from "../services/builtin.ts";
import type { LlmClient } from "../services/llm.ts";
import { Library } from "../services/library.ts";
import { eventually, listen, type Person, test, type TestSite } from "./helpers.ts";
import {
  answerTo,
  asks,
  ends,
  gemini,
  geminiSite,
  live,
  MODEL,
  RETURNS,
  says,
  StandIn,
  streams,
  trailer,
  words,
} from "./gemini_stand_in.ts";
import { ARTICLES, info, isFrom, logOf, say } from "./talk.ts";

const page = (site: TestSite, { cookie }: Person, path: string) =>
  listen(`${site.url.replace("http", "ws")}${path}`, { headers: { cookie, origin: site.url } });

// ---- as it is written ---------------------------------------------------------------------------

test("the first words are on every screen while the model still writes, on another instance too", async () => {
  const goOn = Promise.withResolvers<void>();
  await using standIn = await StandIn.open(() =>
    live(async function* () {
      yield words("Within 30 ");
      await goOn.promise;
      yield words("days.");
      yield words(`\n${trailer([RETURNS])}`);
      yield ends();
    }())
  );
  await using store = await openSqlite({ file: ":memory:" });
  await using here = await geminiSite({ url: standIn.url, store });
  await using there = await geminiSite({ url: standIn.url, store });
  const ada = await here.agent("Ada");
  await ada.post("/api/agent/status", { status: "busy" });
  const { who, sessionId } = await asks(here, "Linus", "Hello");
  const away = there.known(who);
  await using socket = await who.socket(`sessionId=${sessionId}`);
  await using farSocket = await away.socket(`sessionId=${sessionId}`);
  await using farPage = await page(there, away, `/chat/${sessionId}/live`);
  await using desk = await page(there, ada, `/agent/live?list=ai&session=${sessionId}`);
  await say(who, sessionId, "May I return my lamp?");
  const deltas = await Promise.all(
    [socket, farSocket].map((at) => at.next((f) => f.type === "delta" && f.text !== "")),
  );
  for (const html of [farPage, desk]) {
    await eventually(() => html.frames.some((frame) => String(frame).includes("Within 30 ")));
  }
  assert.match(await away.page(`/chat/${sessionId}`), /id="growing"[^]*Within 30 /);
  assert.deepEqual(deltas.map(({ text }) => text), ["Within 30 ", "Within 30 "]);
  assert.deepEqual((await logOf(who, sessionId)).filter(isFrom("ai")), []); // still being made
  goOn.resolve();
  const message = await farSocket.next((f) => f.type === "message" && f.sender === "ai");
  assert.equal(message.message, "Within 30 days.");
  assert.equal(message.id, deltas[1].id);
  assert.deepEqual(message.sources, [{ slug: "returns", title: "Returns", quote: RETURNS.quote }]);
  await eventually(() => farPage.frames.some((frame) => String(frame).includes("/help/returns")));
  for (const { frames } of [socket, farSocket, farPage, desk]) {
    assert.ok(!JSON.stringify(frames).includes("quotes"), "the line of quotes is never shown");
  }
});

test("the line of quotes is kept back however it is cut, and where it is only begun", async () => {
  const text = "Within {30} days, `so` be quick.";
  const line = trailer([RETURNS]);
  const tails: readonly (readonly [string, boolean])[] = [
    [`\n${line}`, true],
    [`\n\n ${line}\n`, true],
    ["\n```json\n" + line + "\n```\n", true],
    [`\n${line.replaceAll(":", " : ")}`, true],
    [` ${line}`, false], // not on a line of its own
    [`\n${line}\nAnd so on`, false], // not at the end
    [`\n${line.slice(0, 30)}`, false],
    [`\n{"quotes":"all of them"}`, false],
    ["", false],
  ];
  for (const [tail, hasQuotes] of tails) {
    for (const cut of [1, 3, 1_000]) {
      const pieces = (text + tail).match(new RegExp(`[^]{1,${cut}}`, "g")) ?? [];
      await using standIn = await StandIn.open(() => streams(...pieces.map(words), ends()));
      const said = await collect(gemini(standIn.url));
      assert.equal(said.text.trim(), text, tail);
      assert.deepEqual(said.quotes, hasQuotes ? [RETURNS] : [], tail);
    }
  }
});

async function collect(llm: LlmClient, question = "May I return my lamp?") {
  const passages = new Library(ARTICLES).passages(question);
  const prompt = { company: "Northwind", question, history: [], passages };
  const pieces: Piece[] = await Array.fromAsync(llm.answer(prompt, new AbortController().signal));
  return {
    pieces,
    text: pieces.map((piece) => "text" in piece ? piece.text : "").join(""),
    quotes: pieces.flatMap((piece) => "quotes" in piece ? piece.quotes : []),
  };
}

test("each answer says that the assistant wrote it, the second of two in a row too", async () => {
  const goOn = Promise.withResolvers<void>();
  await using standIn = await StandIn.open(async () => {
    await goOn.promise;
    return says("Within 30 days.", [RETURNS]);
  });
  await using site = await geminiSite({ url: standIn.url });
  const { who, sessionId } = await asks(site, "Linus");
  await eventually(() => standIn.running === 1);
  const { seq } = await say(who, sessionId, "And within how many days?");
  goOn.resolve();
  await answerTo(who, sessionId, seq + 1);
  const senders = (await logOf(who, sessionId)).map(({ sender }) => sender);
  assert.deepEqual(senders, ["user", "user", "ai", "ai"]);
  const labels = (text: string) => text.match(/Assistant · AI|Assistant \(AI\)/g)?.length;
  const html = await who.page(`/chat/${sessionId}`);
  assert.equal(labels(html.slice(html.indexOf('<ol id="messages"'))), 2);
  assert.equal(labels(await who.page(`/chat/${sessionId}/transcript.txt`)), 2);
});

// ---- one contract, two models -------------------------------------------------------------------

async function* bothModels(): AsyncGenerator<LlmClient> {
  yield new BuiltInAssistant();
  await using standIn = await StandIn.open(({ said }) =>
    said.includes('slug="returns"') ? says("Within 30 days.", [RETURNS]) : says("I found nothing.")
  );
  yield gemini(standIn.url);
}

test("either model answers in pieces, with quotes that stand the check where articles match", async () => {
  const library = new Library(ARTICLES);
  for await (const llm of bothModels()) {
    const { text, pieces, quotes } = await collect(llm);
    assert.match(text, /30 days/, llm.name);
    assert.ok(pieces.length > 2, llm.name);
    assert.ok("quotes" in pieces.at(-1)!, llm.name);
    assert.deepEqual(library.verify(quotes).map(({ slug }) => slug), ["returns"], llm.name);
    const unknown = await collect(llm, "What is the capital of Peru?");
    assert.match(unknown.text, /found nothing/, llm.name);
    assert.deepEqual(unknown.quotes, [], llm.name);
  }
});

test("either model stops at once when nobody waits any more", async () => {
  for await (const llm of bothModels()) {
    const stop = new AbortController();
    const prompt = { company: "Northwind", question: "returns", history: [], passages: [] };
    await assert.rejects(async () => {
      for await (const _piece of llm.answer(prompt, stop.signal)) stop.abort(new Error("Enough"));
    }, /Enough/);
    const aborted = AbortSignal.abort(new Error("Too late"));
    await assert.rejects(Array.fromAsync(llm.answer(prompt, aborted)), /Too late/);
  }
});

// ---- sources ------------------------------------------------------------------------------------

test("only quotes that stand in the article they name become sources, on pages and in JSON", async () => {
  const madeUp: readonly Quote[] = [
    { slug: "returns", quote: "You can return a lamp within 300 days." },
    { slug: "delivery", quote: RETURNS.quote },
    { slug: "secrets", quote: RETURNS.quote },
    { slug: "../admin", quote: RETURNS.quote },
    { slug: "returns", quote: "lamp" },
    { slug: "returns", quote: "an return a lamp within 30 days." },
    { slug: "returns", quote: "You can return a lam" },
    { slug: "returns", quote: "" },
  ];
  await using standIn = await StandIn.open();
  await using site = await geminiSite({ url: standIn.url });
  for (const [i, quotes] of [...madeUp.map((quote) => [quote]), [...madeUp, RETURNS]].entries()) {
    standIn.reply = () => says("Within 30 days.", quotes);
    const { who, sessionId, seq } = await asks(site, `Guest ${i}`);
    const { sources, text } = await answerTo(who, sessionId, seq);
    const real = quotes.includes(RETURNS);
    assert.equal(text, "Within 30 days.");
    assert.deepEqual(sources, real ? [{ ...RETURNS, title: "Returns" }] : []);
    const links = (await who.page(`/chat/${sessionId}`)).match(/class="chip" href="[^"]*"/g) ?? [];
    assert.deepEqual(links, real ? ['class="chip" href="/help/returns"'] : []);
  }
});

test("a factual answer without a source counts as no match, small talk doesn't", async () => {
  await using standIn = await StandIn.open(() => says("Sure!"));
  await using site = await geminiSite({ url: standIn.url });
  const { who, sessionId, seq } = await asks(site, "Linus");
  await answerTo(who, sessionId, seq);
  for (const text of ["Thanks!", "Hello"]) {
    await answerTo(who, sessionId, (await say(who, sessionId, text)).seq);
    assert.equal((await info(who, sessionId)).waiting, false);
  }
  await answerTo(who, sessionId, (await say(who, sessionId, "And the carton?")).seq);
  await eventually(async () => (await info(who, sessionId)).waiting);
});

test("it is asked for the configured model, with the key in its header only", async () => {
  await using standIn = await StandIn.open();
  await collect(gemini(standIn.url));
  const [{ path, headers, raw } = assert.fail()] = standIn.asked;
  assert.equal(path, `/v1beta/models/${MODEL}:streamGenerateContent?alt=sse`);
  assert.match(headers.get("x-goog-api-key") ?? "", /canary/);
  assert.doesNotMatch(path + raw, /canary/);
});
