// SPDX-License-Identifier: GPL-3.0-or-later
// Clients of the Gemma chatbot server: one that speaks OpenAI's API, one on /ws, and Kubernetes with Prometheus.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Gatehouse, Upstream, eventsOf, words } from "../scene.mjs";
import { Socket } from "../socket.mjs";

const model = "google/gemma-2b-it";
const hello = [{ role: "user", content: "Hello!" }];
let upstream, server;

before(async () => {
  upstream = await Upstream.start({ models: [model], behave: "tokens=5" });
  server = await Gatehouse.start({ envFile: new URL(".env", import.meta.url), moved: { "http://127.0.0.1:8080/v1": `${upstream.url}/v1` } });
});
after(async () => {
  await server?.stop();
  await upstream?.stop();
});

const complete = (body, more = {}) => server.ask("/v1/chat/completions", { body: { messages: hello, ...body }, ...more });
const asking = (fake) => ({ messages: [{ role: "user", content: `fake:${fake} please` }] });
const question = (text) => ({ messages: [{ role: "user", content: text }] });

test("the old file is valid, and what has no effect is told", async () => {
  const { code, text } = await server.check();
  assert.equal(code, 0, text);
  for (const line of [/server\.lanes = 2 /, /auth\.mode = "off"/, /cache\.enabled = true/, /model\.temperature = 0\.7/, /warning: .*GEMMA_PERFORMANCE_PRECISION/])
    assert.match(text, line);
});

describe("OpenAI's API, without a key", () => {
  test("one answer, the model left out", async () => {
    const { status, json, headers } = await complete({ max_tokens: 50 });
    assert.equal(status, 200);
    assert.equal(json.object, "chat.completion");
    assert.equal(json.model, model);
    assert.deepEqual(json.choices.map(({ index, message, finish_reason }) => [index, message.role, message.content, finish_reason]),
                     [[0, "assistant", words(5), "stop"]]);
    assert.deepEqual([json.usage.prompt_tokens, json.usage.completion_tokens, json.usage.total_tokens], [7, 5, 12]);
    assert.ok(headers.get("x-request-id"));
    const { body } = await upstream.last();
    assert.deepEqual([body.model, body.temperature, body.max_tokens], [model, 0.7, 50]); // The file's temperature.
    await complete({ temperature: 0.1 });
    assert.equal((await upstream.last()).body.temperature, 0.1);
  });
  test("a stream: one role, one finish reason, [DONE]", async () => {
    const { headers, text } = await complete({ ...asking("tokens=3"), stream: true });
    assert.match(headers.get("content-type"), /^text\/event-stream\b/);
    const events = eventsOf(text);
    assert.equal(events.pop(), "data: [DONE]");
    for (const event of events) assert.match(event, /^data: \{[^\n]*\}$/);
    const chunks = events.map((event) => JSON.parse(event.slice("data: ".length)));
    assert.equal(new Set(chunks.map(({ id, created, model: name, object }) => `${id} ${created} ${name} ${object}`)).size, 1);
    assert.equal(chunks[0].object, "chat.completion.chunk");
    assert.equal(chunks.filter(({ choices: [{ delta }] }) => delta.role).length, 1);
    assert.equal(chunks.map(({ choices: [{ delta }] }) => delta.content ?? "").join(""), words(3));
    assert.deepEqual(chunks.map(({ choices: [choice] }) => choice.finish_reason).filter(Boolean), ["stop"]);
    assert.ok(chunks.every(({ usage }) => !usage));
  });
  test("the usage of a stream, where it is asked for", async () => {
    const { text } = await complete({ ...asking("tokens=2"), stream: true, stream_options: { include_usage: true } });
    const chunks = eventsOf(text).slice(0, -1).map((event) => JSON.parse(event.slice("data: ".length)));
    const last = chunks.pop();
    assert.deepEqual(last.choices, []);
    assert.equal(last.usage.total_tokens, 9);
    assert.ok(chunks.every(({ usage }) => usage === null));
  });
  test("an error inside a stream, and no [DONE]", async () => {
    const { text } = await complete({ ...asking("tokens=9,fault=close@2"), stream: true });
    const last = eventsOf(text).at(-1);
    assert.ok(JSON.parse(last.slice("data: ".length)).error.message);
    assert.ok(!text.includes("[DONE]"));
  });
  test("text completions", async () => {
    const { json } = await server.ask("/v1/completions", { body: { prompt: "The future of AI is", max_tokens: 100 } });
    assert.equal(json.object, "text_completion");
    assert.equal(json.choices[0].text, words(5));
  });
  test("embeddings", async () => {
    const { json } = await server.ask("/v1/embeddings", { body: { model, input: ["a", "b"] } });
    assert.deepEqual(json.data.map(({ index, embedding }) => [index, embedding.length]), [[0, 8], [1, 8]]);
  });
  test("models, one with a / in its name", async () => {
    const { json } = await server.ask("/v1/models");
    assert.deepEqual(json.data.map(({ id }) => id), [model]);
    assert.equal((await server.ask(`/v1/models/${model}`)).json.id, model);
    assert.equal((await server.ask("/v1/models/google/gemma-9b")).status, 404);
  });
  test("loading models is an admin's, with or without keys", async () => {
    const { status } = await server.ask(`/v1/models/${model}/load`, { method: "POST" });
    assert.ok([401, 403].includes(status), `${status}`);
  });
  test("errors are OpenAI's", async () => {
    const { status, json } = await complete({ temperature: 9 });
    assert.equal(status, 400);
    assert.deepEqual([json.error.type, json.error.param], ["invalid_request_error", "temperature"]);
    const unknown = await complete({ model: "fake:status=404" }); // As the model's server says it.
    assert.equal(unknown.status, 404);
    assert.ok(unknown.json.error.message);
  });
});

describe("the cache", () => {
  const hitOrMiss = ({ headers }) => headers.get("x-cache");
  const countOf = async (text) => (await upstream.asked()).filter(({ body }) => JSON.stringify(body).includes(text)).length;

  test("the same question at temperature 0 is answered once", async () => {
    const first = await complete({ ...question("What is 6 times 7?"), temperature: 0 });
    const second = await complete({ ...question("What is 6 times 7?"), temperature: 0 });
    assert.deepEqual([hitOrMiss(first), hitOrMiss(second)], ["MISS", "HIT"]);
    assert.equal(second.text, first.text);
    assert.match(second.headers.get("content-type"), /^application\/json\b/);
    assert.notEqual(second.headers.get("x-request-id"), first.headers.get("x-request-id"));
    assert.equal(await countOf("6 times 7"), 1);
  });
  test("another question, another temperature, a stream: not", async () => {
    for (const more of [{ max_tokens: 9 }, { temperature: 0.5 }, { stream: true }])
      assert.notEqual(hitOrMiss(await complete({ ...question("What is 6 times 7?"), temperature: 0, ...more })), "HIT");
    assert.equal(await countOf("6 times 7"), 4);
  });
  test("at any temperature where the caller allows it", async () => {
    const ask = () => complete({ ...question("Tell me a joke"), temperature: 0.9 }, { headers: { "x-cache": "allow" } });
    assert.deepEqual([hitOrMiss(await ask()), hitOrMiss(await ask())], ["MISS", "HIT"]);
  });
  test("those who ask the same at once ask the model once", async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => complete({ messages: asking("first_delay=300").messages, temperature: 0, user: "herd" })));
    assert.deepEqual(answers.map(hitOrMiss).sort(), [...Array(7).fill("HIT"), "MISS"]);
    assert.equal(new Set(answers.map(({ text }) => text)).size, 1);
    assert.equal(await countOf("herd"), 1);
  });
  test("errors are not kept", async () => {
    const ask = () => complete({ ...asking("status=500"), temperature: 0 });
    assert.deepEqual([(await ask()).status, (await ask()).status], [502, 502]);
    assert.equal(await countOf("status=500"), 2);
  });
});

describe("/ws", () => {
  const open = async () => {
    const socket = await Socket.open(`${server.url}/ws`);
    const connected = await socket.next();
    assert.equal(connected.type, "connected");
    assert.ok(connected.session_id);
    return [socket, connected.session_id];
  };
  const say = (socket, data) => socket.send({ type: "chat", data });

  test("chunks, then the whole", async () => {
    const [socket, session] = await open();
    say(socket, { message: "Hello via WebSocket!", stream: true });
    const messages = await socket.until("chat_complete", "error");
    assert.deepEqual(messages.map(({ type }) => type), [...Array(5).fill("chat_chunk"), "chat_complete"]);
    assert.ok(messages.every(({ session_id }) => session_id === session));
    assert.equal(messages.slice(0, -1).map(({ data }) => data.content).join(""), words(5));
    assert.equal(messages.at(-1).data.content, words(5));
    await socket.close();
  });
  test("only the whole where no stream is wanted", async () => {
    const [socket] = await open();
    say(socket, { message: "Hello!", stream: false });
    assert.equal((await socket.next()).type, "chat_complete");
    await socket.close();
  });
  test("the conversation goes on, and goes on after the connection", async () => {
    const [socket, session] = await open();
    say(socket, { message: "My name is Ada." });
    await socket.until("chat_complete");
    say(socket, { message: "What is my name?" });
    await socket.until("chat_complete");
    const said = async () => (await upstream.last()).body.messages.map(({ role, content }) => [role, content]);
    assert.deepEqual(await said(), [["user", "My name is Ada."], ["assistant", words(5)], ["user", "What is my name?"]]);
    await socket.close();
    const [again] = await open();
    say(again, { message: "And now?", session_id: session });
    const done = (await again.until("chat_complete", "error")).at(-1);
    assert.equal(done.session_id, session);
    assert.deepEqual((await said()).at(0), ["user", "My name is Ada."]);
    assert.equal((await said()).length, 5);
    await again.close();
  });
  test("ping, nonsense, cancel", async () => {
    const [socket, session] = await open();
    socket.send({ type: "ping" });
    const pong = await socket.next();
    assert.deepEqual([pong.type, pong.session_id], ["pong", session]);
    for (const nonsense of ["{", { type: "dance" }, { type: "chat" }, { type: "chat", data: {} }]) {
      socket.send(nonsense);
      assert.equal((await socket.next()).type, "error");
    }
    say(socket, { message: "fake:tokens=100000,interval=5 go" });
    await socket.until("chat_chunk");
    socket.send({ type: "cancel" });
    assert.equal((await socket.until("chat_complete", "error")).at(-1).data.finish_reason, "cancelled");
    await socket.close();
  });
});

describe("what Kubernetes and Prometheus ask", () => {
  test("the health family", async () => {
    const { status, json } = await server.ask("/health");
    assert.equal(status, 200);
    assert.deepEqual([json.status, json.ok], ["ok", true]);
    assert.ok(json.version && json.uptime_seconds >= 0);
    assert.equal((await server.ask("/health/live")).status, 200);
    assert.equal((await server.ask("/health/ready")).status, 200);
    assert.equal(typeof (await server.ask("/health/status")).json, "object");
    const figures = (await server.ask("/health/metrics")).json;
    assert.ok(JSON.stringify(figures).includes("hit"), "a cache hit rate");
  });
  test("/metrics has the names that dashboards use", async () => {
    const { headers, text } = await server.ask("/metrics");
    assert.match(headers.get("content-type"), /^text\/plain\b/);
    assert.match(text, /^http_requests_total\{(?=[^}]*method="POST")(?=[^}]*endpoint="\/v1\/chat\/completions")(?=[^}]*status="200")[^}]*\} [1-9]/m);
    assert.match(text, /^http_request_duration_seconds_bucket\{[^}]*le="\+Inf"[^}]*\} [1-9]/m);
    for (const name of ["active_connections_total", "model_inference_total", "model_inference_duration_seconds_count", "memory_usage_bytes", "cpu_usage_percent"])
      assert.match(text, new RegExp(`^${name}(\\{[^}]*\\})? [0-9.e+-]+$`, "m"), name);
    assert.ok(!text.includes("gemma-9b"), "an endpoint is a pattern, never a path as it came");
  });
});

test("any page may call, without credentials", async () => {
  const origin = "https://any.example";
  const preflight = await server.ask("/v1/chat/completions", { method: "OPTIONS", headers: { origin, "access-control-request-method": "POST" } });
  assert.equal(preflight.status, 204);
  assert.equal(preflight.headers.get("access-control-allow-origin"), "*");
  assert.equal(preflight.headers.get("access-control-allow-credentials"), null);
  const socket = await Socket.open(`${server.url}/ws`, { origin });
  await socket.close();
});

test("a setting of the old file that has no effect is told", () =>
  assert.match(server.log, /GEMMA_PERFORMANCE_PRECISION/));

test("a herd may come at once, as long as the minute bears it", async () => {
  const answers = await Promise.all(Array.from({ length: 30 }, () => server.ask("/v1/models")));
  assert.ok(answers.every(({ status }) => status === 200));
});

// Last: it uses up the minute.
test("so many requests a minute, and Retry-After", async () => {
  const answers = await Promise.all(Array.from({ length: 160 }, () => server.ask("/v1/models")));
  const refused = answers.filter(({ status }) => status === 429);
  assert.ok(refused.length >= 10, `${refused.length} refused`);
  assert.ok(refused.every(({ status }) => status === 429));
  const wait = Number(refused[0].headers.get("retry-after"));
  assert.ok(wait >= 1 && wait <= 60, `${wait}`);
  assert.equal(refused[0].json.error.code, "rate_limit_exceeded");
});
