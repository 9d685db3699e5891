// SPDX-License-Identifier: GPL-3.0-or-later
// A web front end of the AI backend gateway, with several vLLM servers behind it.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Gatehouse, Upstream, eventsOf, eventually, words } from "../scene.mjs";

const key = "front-end-5b8e0d37c6a14f92";
const page = "https://app.example.com";
const llama = "meta-llama/Llama-3.1-8B-Instruct";
const qwen = "Qwen/Qwen2.5-7B-Instruct";
let atLlama, atQwen, gateway;

before(async () => {
  atLlama = await Upstream.start({ models: [llama, "shared/tiny", "secret/model"], behave: "tokens=5" });
  atQwen = await Upstream.start({ models: [qwen, "shared/tiny"], behave: "tokens=6" });
  gateway = await Gatehouse.start({
    envFile: new URL(".env", import.meta.url),
    moved: { "http://vllm-llama:8000/v1": `${atLlama.url}/v1`, "http://vllm-qwen:8000/v1": `${atQwen.url}/v1` },
  });
});
after(async () => {
  await gateway?.stop();
  await atLlama?.stop();
  await atQwen?.stop();
});

const post = (path, body, headers = {}) => gateway.ask(path, { key, body, headers: { origin: page, ...headers } });
const say = (body, headers) => post("/api/chat", { message: "Hello!", ...body }, headers);

function assertRefusal({ status, json }, expected, code) {
  assert.equal(status, expected, JSON.stringify(json));
  assert.equal(json.detail, json.error.message);
  if (code) assert.equal(json.error.code, code);
}

test("the old file is valid, and what it hides stays hidden", async () => {
  const { code, text } = await gateway.check();
  assert.equal(code, 0, text);
  assert.match(text, /model\.default_route = "llama"/);
  assert.ok(!text.includes(key));
});

describe("who may ask", () => {
  test("with the one key, in either header", async () => {
    assert.equal((await say({})).status, 200);
    assert.equal((await gateway.ask("/api/chat", { headers: { "x-api-key": key }, body: { message: "Hello!" } })).status, 200);
    assertRefusal(await gateway.ask("/api/chat", { body: { message: "Hello!" } }), 401);
    assertRefusal(await gateway.ask("/api/chat", { key: "guess", body: { message: "Hello!" } }), 401);
  });
  test("the figures need none, as the file says", async () =>
    assert.match((await gateway.ask("/metrics")).text, /^http_requests_total\{/m));
});

describe("/api/chat with one message", () => {
  test("is answered as OpenAI would", async () => {
    const { status, json } = await say({ system: "Be brief.", temperature: 0.4, max_tokens: 20 });
    assert.equal(status, 200);
    assert.deepEqual([json.object, json.model], ["chat.completion", llama]);
    assert.equal(json.choices[0].message.content, words(5));
    assert.equal(json.usage.total_tokens, 12);
    const { body } = await atLlama.last();
    assert.deepEqual(body.messages, [{ role: "system", content: "Be brief." }, { role: "user", content: "Hello!" }]);
    assert.deepEqual([body.model, body.temperature, body.max_tokens], [llama, 0.4, 20]);
  });
  test("both or neither of message and messages", async () => {
    assertRefusal(await say({ messages: [{ role: "user", content: "Hello!" }] }), 400);
    assertRefusal(await post("/api/chat", { model: llama }), 400);
  });
});

describe("where a model is", () => {
  const answered = async (response) => [(await response).status, (await response).json.model];

  test("the default, the one that has it, the one that is named", async () => {
    assert.deepEqual(await answered(say({})), [200, llama]);
    assert.deepEqual(await answered(say({ model: qwen })), [200, qwen]);
    assert.deepEqual(await answered(say({ modelKey: "QWEN", model: "shared/tiny" })), [200, "shared/tiny"]);
    assert.equal((await atQwen.last()).body.model, "shared/tiny");
    assert.deepEqual(await answered(say({ modelKey: "LLAMA", model: "shared/tiny" })), [200, "shared/tiny"]);
    assert.equal((await atLlama.last()).body.model, "shared/tiny");
  });
  test("a modelKey alone means that server's model", async () =>
    assert.deepEqual(await answered(say({ modelKey: "QWEN" })), [200, qwen]));
  test("a key that doesn't serve it, and two that do", async () => {
    const wrong = await say({ modelKey: "QWEN", model: llama });
    assertRefusal(wrong, 409);
    assert.equal(wrong.headers.get("x-should-retry"), "false");
    const both = await say({ model: "shared/tiny" });
    assertRefusal(both, 409, "ambiguous_model");
    assert.equal(both.headers.get("x-should-retry"), "false");
  });
  test("a model that is not on the list", async () => assertRefusal(await say({ model: "secret/model" }), 403));
  test("on /v1, too", async () => {
    const body = { model: "shared/tiny", messages: [{ role: "user", content: "Hello!" }] };
    assert.deepEqual(await answered(post("/v1/chat/completions", { ...body, modelKey: "LLAMA" })), [200, "shared/tiny"]);
    assert.deepEqual(await answered(post("/v1/chat/completions", body, { "x-model-key": "QWEN" })), [200, "shared/tiny"]);
    assert.equal((await atQwen.last()).body.modelKey, undefined);
  });
  test("/api/models merges the servers, one row a model", async () => {
    const { json } = await gateway.ask("/api/models", { key });
    assert.deepEqual(json.data.map(({ id }) => id).sort(), [qwen, llama, "shared/tiny"].sort());
    const shared = json.data.find(({ id }) => id === "shared/tiny");
    assert.deepEqual(shared.sources.map(({ source }) => source).sort(), ["llama", "qwen"]);
  });
});

describe("/api/chat/stream", () => {
  test("OpenAI's chunks", async () => {
    const { headers, text } = await post("/api/chat/stream", { message: "Hello!", modelKey: "QWEN", model: qwen });
    assert.match(headers.get("content-type"), /^text\/event-stream\b/);
    const events = eventsOf(text);
    assert.equal(events.pop(), "data: [DONE]");
    const chunks = events.map((event) => JSON.parse(event.slice("data: ".length)));
    assert.ok(chunks.every(({ object, model }) => object === "chat.completion.chunk" && model === qwen));
    assert.equal(chunks.map(({ choices: [choice] }) => choice?.delta.content ?? "").join(""), words(6));
  });
  test("messages, too", async () => {
    const { text } = await post("/api/chat/stream", { messages: [{ role: "user", content: "Hello!" }] });
    assert.ok(text.endsWith("data: [DONE]\n\n"));
  });
  test("a heartbeat while the model thinks", async () => {
    const { text } = await post("/api/chat/stream", { message: "fake:first_delay=2500 Hello!" });
    assert.ok(text.startsWith(": keepalive\n\n"), text.slice(0, 80));
    assert.ok(text.endsWith("data: [DONE]\n\n"));
  });
  test("the total bounds a stream, since it is written down", async () => {
    const started = Date.now();
    const { text } = await post("/api/chat/stream", { message: "fake:tokens=1000,interval=100 Hello!" });
    assert.ok(Date.now() - started < 15_000);
    assert.ok(JSON.parse(eventsOf(text).at(-1).slice("data: ".length)).error);
    assert.ok(!text.includes("[DONE]"));
  });
});

test("/api/embeddings", async () => {
  const { json } = await post("/api/embeddings", { input: "Hello!", model: qwen });
  assert.equal(json.object, "list");
  assert.equal(json.data[0].embedding.length, 8);
});

describe("servers in trouble", () => {
  test("silence is a 504, an error a 502, the server's own no passes through", async () => {
    assertRefusal(await say({ message: "fake:fault=stall Hello!" }), 504);
    assertRefusal(await say({ message: "fake:status=503 Hello!" }), 502);
    // Of a model that nobody needs any more: it isn't asked for again before that.
    const refused = await say({ message: "fake:status=429,retry_after=7 Hello!", model: "shared/tiny", modelKey: "LLAMA" });
    assertRefusal(refused, 429);
    assert.equal(refused.headers.get("retry-after"), "7");
  });
  test("/health says how vLLM is", async () => {
    const { json } = await gateway.ask("/health");
    assert.deepEqual([json.ok, json.vllm], [true, "ok"]);
    assert.deepEqual(Object.keys(json.routes).sort(), ["llama", "qwen"]);
  });
});

describe("pages of other origins", () => {
  const preflight = (origin) => gateway.ask("/api/chat/stream", {
    method: "OPTIONS", headers: { origin, "access-control-request-method": "POST", "access-control-request-headers": "content-type,x-api-key" },
  });
  test("the front end's may call and read", async () => {
    for (const origin of [page, "https://admin.example.com"]) {
      const { status, headers } = await preflight(origin);
      assert.equal(status, 204);
      assert.equal(headers.get("access-control-allow-origin"), origin);
      assert.match(headers.get("access-control-allow-headers"), /x-api-key/i);
    }
    const { headers } = await say({});
    assert.equal(headers.get("access-control-allow-origin"), page);
    assert.match(headers.get("vary") ?? "", /origin/i);
  });
  test("others may not", async () => {
    for (const origin of ["https://evil.example", "https://app.example.com.evil.example", "null"])
      assert.equal((await preflight(origin)).headers.get("access-control-allow-origin"), null, origin);
  });
});

// Nearly last: one server goes.
test("a server that is gone is a 502, and left out of the models by name", async () => {
  await atQwen.stop();
  atQwen = undefined;
  assertRefusal(await say({ model: qwen, modelKey: "QWEN" }), 502);
  const json = await eventually(async () => { // A list of models holds for some seconds.
    const models = (await gateway.ask("/api/models", { key })).json;
    return models.unavailable?.length && models;
  }, "the loss of a server", 1000);
  assert.deepEqual(json.unavailable, ["qwen"]);
  assert.ok(json.data.every(({ sources }) => sources.every(({ source }) => source === "llama")));
  assert.equal((await say({})).status, 200);
});

// Last: it uses up the minute.
test("so many requests a minute", async () => {
  const answers = await Promise.all(Array.from({ length: 120 }, () => gateway.ask("/v1/models", { key })));
  const refused = answers.filter(({ status }) => status === 429);
  assert.ok(refused.length >= 20, `${refused.length} refused`);
  const wait = Number(refused[0].headers.get("retry-after"));
  assert.ok(wait >= 1 && wait <= 60, `${wait}`);
});
