// SPDX-License-Identifier: GPL-3.0-or-later
// A kiosk of the Jetson Chat Gateway: a page that chats over /api/chat and /ws/chat, in front of Ollama.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Gatehouse, Upstream, eventsOf, eventually, words } from "../scene.mjs";
import { Socket } from "../socket.mjs";

const key = "kiosk-7f3b2c91d4e85a60";
const page = "http://kiosk.local:3000";
const hello = [{ role: "user", content: "Hello!" }];
let ollama, gateway;

before(async () => {
  ollama = await Upstream.start({ models: ["llama3.2:3b", "qwen2.5:0.5b"], behave: "tokens=5" });
  gateway = await Gatehouse.start({ envFile: new URL(".env", import.meta.url), moved: { "http://localhost:11434": ollama.url } });
});
after(async () => {
  await gateway?.stop();
  await ollama?.stop();
});

const chat = (body, more = {}) => gateway.ask("/api/chat", { key, body: { messages: hello, ...body }, ...more });
// What the fake upstream is to do comes first in the last message.
const asking = (fake) => ({ messages: [{ role: "user", content: `fake:${fake} please` }] });

function assertError({ status, json, headers }, expected) {
  assert.equal(status, expected);
  assert.deepEqual(Object.keys(json.error).sort(), ["code", "message", "param", "type"]);
  assert.equal(json.detail, json.error.message);
  assert.ok(headers.get("x-request-id"));
}

test("the old file is valid, and what it hides stays hidden", async () => {
  const { code, text } = await gateway.check();
  assert.equal(code, 0, text);
  assert.match(text, /auth\.mode = "required"/);
  assert.ok(!text.includes(key));
});

describe("who may ask", () => {
  test("anybody may see that it is alive", async () => {
    const { status, json } = await gateway.ask("/healthz");
    assert.equal(status, 200);
    assert.deepEqual(json, { status: "ok" });
  });
  test("nobody chats without the key", async () => {
    assertError(await gateway.ask("/api/chat", { body: { messages: hello } }), 401);
    assertError(await gateway.ask("/api/chat", { body: { messages: hello }, key: "wrong" }), 401);
  });
  test("the key goes as bearer token or as x-api-key, and never to Ollama", async () => {
    assert.equal((await chat({})).status, 200);
    assert.equal((await chat({}, { key: undefined, headers: { "x-api-key": key } })).status, 200);
    for (const { headers } of await ollama.asked())
      assert.ok(!JSON.stringify(headers).includes(key));
  });
});

describe("/api/chat", () => {
  test("one answer, of the default model", async () => {
    const { status, json } = await chat({ temperature: 0.3, max_tokens: 64 });
    assert.equal(status, 200);
    assert.deepEqual(Object.keys(json).filter((name) => ["id", "model", "content", "usage", "latency_ms"].includes(name)).length, 5);
    assert.equal(json.model, "llama3.2:3b");
    assert.equal(json.content, words(5));
    assert.deepEqual(json.usage, { prompt_tokens: 7, completion_tokens: 5, total_tokens: 12 });
    assert.equal(typeof json.latency_ms, "number");
    const { path, body } = await ollama.last();
    assert.equal(path, "/api/chat");
    assert.equal(body.model, "llama3.2:3b");
    assert.deepEqual(body.messages, hello);
    assert.deepEqual([body.options.temperature, body.options.num_predict], [0.3, 64]);
  });
  test("another model where the kiosk names one", async () => {
    const { json } = await chat({ model: "qwen2.5:0.5b" });
    assert.equal(json.model, "qwen2.5:0.5b");
    assertError(await chat({ model: "fake:status=404" }), 404); // As Ollama says it of a model that it hasn't.
  });
  test("a stream is token events and one done, byte by byte", async () => {
    const { status, headers, text } = await chat({ ...asking("tokens=3"), stream: true });
    assert.equal(status, 200);
    assert.match(headers.get("content-type"), /^text\/event-stream\b/);
    assert.equal(headers.get("cache-control"), "no-cache");
    assert.equal(headers.get("x-accel-buffering"), "no");
    assert.equal(headers.get("content-encoding"), null);
    const events = eventsOf(text);
    const done = events.pop();
    assert.deepEqual(events, [0, 1, 2].map((i) => `data: {"type":"token","token":"w${i} "}`));
    assert.match(done, /^data: \{"type":"done",[^\n]*\}$/);
    const { id, latency_ms, ...rest } = JSON.parse(done.slice("data: ".length));
    assert.ok(id && latency_ms >= 0);
    assert.deepEqual(rest, { type: "done", model: "llama3.2:3b", content: words(3),
                             usage: { prompt_tokens: 7, completion_tokens: 3, total_tokens: 10 }, finish_reason: "stop" });
    assert.ok(text.endsWith("\n\n"));
  });
  test("a stream that breaks off ends in an error event, never silently", async () => {
    const { text } = await chat({ ...asking("tokens=9,fault=close@2"), stream: true });
    const events = eventsOf(text).map((event) => JSON.parse(event.slice("data: ".length)));
    assert.deepEqual(events.map(({ type }) => type), ["token", "token", "error"]);
    assert.ok(events.at(-1).error.message);
  });
  test("Ollama's own trouble", async () => {
    assertError(await chat(asking("status=500")), 502);
    assertError(await chat(asking("fault=reset")), 502);
    const { status, json } = await chat(asking("status=404"));
    assert.equal(status, 404);
    assert.match(json.detail, /404/);
  });
  test("bad requests name what is wrong", async () => {
    assertError(await chat({ messages: "Hello!" }), 400);
    assertError(await gateway.ask("/api/chat", { key, body: {} }), 400);
    assertError(await gateway.ask("/api/chat", { key, body: "{" }), 400);
    const { json } = await chat({ temperature: "hot" });
    assert.equal(json.error.param, "temperature");
    assertError(await gateway.ask("/api/chat", { key, body: "{}", headers: { "content-type": "text/plain" } }), 415);
    const wrongMethod = await gateway.ask("/api/chat", { key });
    assertError(wrongMethod, 405);
    assert.match(wrongMethod.headers.get("allow"), /\bPOST\b/);
    assertError(await gateway.ask("/api/chats", { key }), 404);
  });
  test("a kiosk that goes away stops Ollama", async () => {
    const controller = new AbortController();
    const response = await fetch(`${gateway.url}/api/chat`, {
      method: "POST", signal: controller.signal, headers: { "content-type": "application/json", "x-api-key": key },
      body: JSON.stringify({ ...asking("tokens=100000,interval=5"), stream: true }),
    });
    await response.body.getReader().read();
    controller.abort();
    const left = await eventually(async () => (await ollama.asked()).find((request) => request.ending === "client_left"), "the hang-up");
    assert.ok(left.tokens_sent < 10_000);
  });
});

test("/api/models lists what Ollama has", async () => {
  const { json } = await gateway.ask("/api/models", { key });
  assert.equal(json.object, "list");
  assert.deepEqual(json.data.map(({ id, object }) => [id, object]), [["llama3.2:3b", "model"], ["qwen2.5:0.5b", "model"]]);
  assert.deepEqual(json.data[0].sources.map(({ source }) => source), ["ollama"]);
  assert.equal(typeof json.data[0].sources[0].latency_ms, "number");
  assert.deepEqual(json.models.map(({ name, model }) => [name, model]), [["llama3.2:3b", "llama3.2:3b"], ["qwen2.5:0.5b", "qwen2.5:0.5b"]]);
});

test("/api/metrics counts", async () => {
  const { json } = await gateway.ask("/api/metrics", { key });
  for (const name of ["requests_total", "tokens_prompt_total", "tokens_completion_total", "latency_ms_p50", "latency_ms_p95"])
    assert.equal(typeof json[name], "number", name);
  assert.ok(json.requests_total > 5);
  assert.ok(json.tokens_prompt_total >= 7 && json.tokens_completion_total >= 5);
  assert.ok(json.latency_ms_p95 >= json.latency_ms_p50);
});

describe("/ws/chat", () => {
  const open = (more = {}) => Socket.open(`${gateway.url}/ws/chat`, { headers: { authorization: `Bearer ${key}` }, ...more });

  test("tokens, then done, byte by byte", async () => {
    const socket = await open();
    socket.send({ messages: hello, params: { temperature: 0.2 } });
    for (let i = 0; i < 5; ++i)
      assert.equal(await socket.text(), `{"type":"token","token":"w${i} "}`);
    const { id, latency_ms, ...done } = await socket.next();
    assert.ok(id && latency_ms >= 0);
    assert.deepEqual(done, { type: "done", model: "llama3.2:3b", content: words(5),
                             usage: { prompt_tokens: 7, completion_tokens: 5, total_tokens: 12 }, finish_reason: "stop" });
    assert.equal((await ollama.last()).body.options.temperature, 0.2);
    await socket.close();
  });
  test("each message is answered, in order", async () => {
    const socket = await open();
    for (const n of [1, 2, 3]) socket.send(asking(`tokens=${n}`));
    for (const n of [1, 2, 3]) assert.equal((await socket.until("done")).at(-1).content, words(n));
    await socket.close();
  });
  test("cancel stops the answer, and the next one comes", async () => {
    const socket = await open();
    socket.send(asking("tokens=100000,interval=5"));
    await socket.until("token");
    socket.send({ type: "cancel" });
    const done = (await socket.until("done", "error")).at(-1);
    assert.equal(done.finish_reason, "cancelled");
    assert.ok(done.content.startsWith("w0 "));
    socket.send({ messages: hello });
    assert.equal((await socket.until("done")).at(-1).content, words(5));
    await socket.close();
  });
  test("what waits is bounded, and what is refused is told", async () => {
    const socket = await open();
    socket.send(asking("tokens=100000,interval=5"));
    await socket.until("token");
    for (let i = 0; i < 9; ++i) socket.send(asking(`tokens=${i + 1}`)); // Eight may wait.
    const refused = (await socket.until("error")).at(-1);
    assert.equal(refused.error.code, "queue_full");
    socket.send({ type: "cancel" });
    await socket.until("done");
    for (let i = 0; i < 8; ++i) assert.equal((await socket.until("done")).at(-1).content, words(i + 1));
    await socket.close();
  });
  test("a malformed message gets an error, and the connection stays", async () => {
    const socket = await open();
    for (const message of ["{", "[]", { messages: 1 }, { hello: "world" }]) {
      socket.send(message);
      const answer = await socket.next();
      assert.equal(answer.type, "error");
      assert.ok(answer.error.message);
    }
    socket.send({ messages: hello });
    assert.equal((await socket.until("done")).at(-1).content, words(5));
    await socket.close();
  });
  test("an upstream that breaks off is told", async () => {
    const socket = await open();
    socket.send(asking("tokens=9,fault=close@2"));
    assert.deepEqual((await socket.until("done", "error")).map(({ type }) => type), ["token", "token", "error"]);
    await socket.close();
  });
  test("binary frames are refused", async () => {
    const socket = await open();
    socket.send(Buffer.from("{}"));
    assert.equal(await socket.closed, 1003);
  });
  test("a page brings its key as a subprotocol or in the address", async () => {
    for (const [query, protocols] of [["", ["gatehouse.v1", `key.${key}`]], [`?api_key=${key}`, []]]) {
      const socket = await Socket.open(`${gateway.url}/ws/chat${query}`, { protocols, origin: page });
      if (protocols.length) assert.equal(socket.ws.protocol, "gatehouse.v1");
      socket.send({ messages: hello });
      await socket.until("done");
      await socket.close();
    }
  });
  test("a refused handshake is an HTTP answer", async () => {
    await assert.rejects(open({ headers: {} }), { status: 401 });
    await assert.rejects(open({ headers: { "x-api-key": "wrong" } }), { status: 401 });
    await assert.rejects(open({ origin: "http://elsewhere.example" }), { status: 403 });
  });
});

describe("pages of other origins", () => {
  const preflight = (origin) => gateway.ask("/api/chat", {
    method: "OPTIONS", headers: { origin, "access-control-request-method": "POST", "access-control-request-headers": "authorization, content-type" },
  });
  test("the kiosk's page is let in, without a key for the preflight", async () => {
    const { status, headers } = await preflight(page);
    assert.equal(status, 204);
    assert.equal(headers.get("access-control-allow-origin"), page);
    assert.match(headers.get("access-control-allow-methods"), /\bPOST\b/);
    assert.match(headers.get("access-control-allow-headers"), /authorization/i);
    const answer = await chat({}, { headers: { origin: page } });
    assert.equal(answer.headers.get("access-control-allow-origin"), page);
    assert.match(answer.headers.get("access-control-expose-headers"), /x-request-id/i);
  });
  test("another page is not", async () => {
    const { headers } = await preflight("http://elsewhere.example");
    assert.equal(headers.get("access-control-allow-origin"), null);
    const answer = await chat({}, { headers: { origin: "http://elsewhere.example" } });
    assert.equal(answer.headers.get("access-control-allow-origin"), null);
  });
});

test("the log holds no key and no word of the chats", () => {
  assert.ok(gateway.log.length > 0);
  for (const secret of [key, "Hello!", "w0 w1"]) assert.ok(!gateway.log.includes(secret), secret);
});

// Last: it uses up what the address may ask.
test("one address may ask so much, and is told when it may again", async () => {
  const answers = await Promise.all(Array.from({ length: 120 }, () => gateway.ask("/api/models", { key })));
  const refused = answers.filter(({ status }) => status === 429);
  assert.ok(refused.length > 0 && refused.length < 120, `${refused.length} of 120`);
  assertError(refused[0], 429);
  const wait = Number(refused[0].headers.get("retry-after"));
  assert.ok(wait >= 1 && wait <= 60, `${wait}`);
});
