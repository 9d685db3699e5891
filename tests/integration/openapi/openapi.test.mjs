// SPDX-License-Identifier: GPL-3.0-or-later
// Every operation of resources/openapi.json, called through a running Gatehouse in front of the fake upstream: each
// answer is held against the document, and the document against what the program has.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { after, before, describe, test } from "node:test";
import { Validator } from "@seriousme/openapi-schema-validator";
import { start } from "../openai_client/servers.mjs";
import { Client } from "./client.mjs";
import { Document } from "./document.mjs";
import { endpointsOf, socketPaths } from "./endpoints.mjs";

const adminKey = "admin-key-of-the-openapi-test";
const userKey = "user-key-of-the-openapi-test";
const hasEngine = process.env.GATEHOUSE_ENGINE === "ON";
const document = new Document();
const messages = [{ role: "user", content: "Hello!" }];
const body = (fake, more = {}) => ({ model: "fake", user: `fake:${fake}`, messages, ...more });
const tools = [{ type: "function", function: { name: "get_weather", parameters: { type: "object", properties: {} } } }];

const programs = [];
let box, admin, user, anybody, strict;

async function launch(program, args, environment) {
  programs.push(await start(program, args, environment));
  return programs.at(-1).url;
}

before(async () => {
  box = await launch("gatehouse-fake-upstream", ["--port", "0"]);
  const keys = { DEMO_ADMIN_KEY: adminKey, DEMO_USER_KEY: userKey };
  const url = await launch("gatehouse", ["serve", "--port", "0"], { MODEL_ROUTE_BOX: `${box}/v1`, CACHE_ENABLED: "true", ...keys });
  anybody = new Client(document, url);
  admin = anybody.as(adminKey);
  user = anybody.as(userKey);
  // Two routes with the same models, one that nobody listens at, and nobody gets in without a key.
  const crate = await launch("gatehouse-fake-upstream", ["--port", "0"]);
  const far = await launch("gatehouse", ["serve", "--port", "0"],
    { MODEL_ROUTE_BOX: `${box}/v1`, MODEL_ROUTE_CRATE: `${crate}/v1`, MODEL_ROUTE_GONE: "http://127.0.0.1:9/v1",
      AUTH_REQUIRED: "true", ...keys });
  strict = new Client(document, far, userKey);
});
after(async () => {
  for (const program of programs.reverse()) await program.stop();
});

test("the document is valid OpenAPI 3.1", async () => {
  const result = await new Validator().validate(structuredClone(document.content));
  assert.ok(result.valid, JSON.stringify(result.errors, null, 1));
});

test("each body has an example that is allowed", () => {
  for (const { id, operation } of document.operations()) {
    const content = operation.requestBody?.content["application/json"];
    if (!content) continue;
    const examples = content.examples ? Object.values(content.examples).map(({ value }) => value) : [content.example];
    for (const example of examples) document.checkValue(content.schema, example, `an example of ${id}`);
  }
});

describe("/v1", () => {
  test("chat", async () => {
    const id = "createChatCompletion";
    await user.call(id, 200, { body: body("tokens=3") });
    await user.call(id, 200, { body: body("tokens=3,reasoning=2", { temperature: 0.5, max_tokens: 5, stop: ["x"], seed: 7 }) });
    await user.call(id, 200, { body: body("tools=2", { tools, tool_choice: "auto" }) });
    await user.call(id, 200, { body: body("tokens=3", { n: 2, logprobs: true, top_logprobs: 2 }) });
    const { cache_hits } = await user.call("apiMetrics", 200);
    for (let i = 0; i < 2; ++i) await user.call(id, 200, { body: body("tokens=3", { seed: 1 }), headers: { "x-cache": "allow" } });
    assert.equal((await user.call("apiMetrics", 200)).cache_hits, cache_hits + 1);
    for (const more of [{}, { stream_options: { include_usage: true } }, { tools, user: "fake:tools=2" }, { user: "fake:tokens=9,fault=error@3" }])
      await user.call(id, 200, { body: body("tokens=4,reasoning=1", { stream: true, ...more }) });
  });
  test("chat refused", async () => {
    const id = "createChatCompletion";
    for (const wrong of [{ temperature: 9 }, { messages: [] }, { messages: "Hello" }, { messages: [{ role: "wizard", content: "x" }] },
                         { n: 99 }, { stream: "yes" }, { max_tokens: 0 }, { top_logprobs: 21, logprobs: true }, { tools: [{}] }])
      await user.call(id, 400, { body: body("tokens=1", wrong) });
    await user.call(id, 400, { body: "{" });
    await user.call(id, 400, { body: "[]" });
    await user.call(id, 415, { body: "model=fake", headers: { "content-type": "application/x-www-form-urlencoded" } });
    await user.call(id, 404, { body: body("tokens=1"), headers: { "x-model-key": "nowhere" } });
    await user.as("wrong").call(id, 401, { body: body("tokens=1") });
  });
  test("the upstream's failures", async () => {
    const id = "createChatCompletion";
    await user.call(id, 429, { body: body("status=429,retry_after=7", { model: "limited" }) }); // A model of its own: it rests.
    await user.call(id, 422, { body: body("status=422") });
    await user.call(id, 404, { body: body("status=404") });
    await user.call(id, 502, { body: body("status=500") });
    await user.call(id, 502, { body: body("fault=reset") });
    await strict.call(id, 502, { body: { model: "m", messages, modelKey: "gone" } });
    await strict.call(id, 409, { body: body("tokens=1", { model: "fake-model" }) });
    await strict.call(id, 200, { body: body("tokens=1", { model: "fake-model", modelKey: "crate" }) });
  });
  test("completions", async () => {
    await user.call("createCompletion", 200, { body: { model: "fake", prompt: "Once", user: "fake:tokens=3", logprobs: 2 } });
    await user.call("createCompletion", 200, { body: { model: "fake", prompt: ["Once", "Twice"], user: "fake:tokens=3" } });
    await user.call("createCompletion", 200, { body: { prompt: "Once", user: "fake:tokens=3", stream: true, stream_options: { include_usage: true } } });
    await user.call("createCompletion", 400, { body: { model: "fake" } });
    await user.call("createCompletion", 400, { body: { model: "fake", prompt: 7 } });
  });
  test("embeddings", async () => {
    await user.call("createEmbeddings", 200, { body: { model: "fake", input: ["one", "two"] } });
    await user.call("createEmbeddings", 200, { body: { model: "fake", input: "one", encoding_format: "base64" } });
    await user.call("createEmbeddings", 200, { body: { model: "fake", input: [[1, 2, 3], [4]], encoding_format: "float" } });
    await user.call("createEmbeddings", 200, { body: { model: "fake", input: [1, 2, 3] } });
    await user.call("createEmbeddings", 400, { body: { model: "fake", input: {} } });
    await user.call("createEmbeddings", 400, { body: { model: "fake", input: "x", encoding_format: "hex" } });
  });
  test("models", async () => {
    const { data } = await user.call("listModels", 200);
    await user.call("retrieveModel", 200, { path: { id: data[0].id } });
    await user.call("retrieveModel", 404, { path: { id: "no/such/model" } });
    await strict.as("").call("listModels", 401);
  });
});

describe("/api", () => {
  test("chat with messages", async () => {
    await user.call("chat", 200, { body: body("tokens=3") });
    await user.call("chat", 200, { body: body("tokens=3,reasoning=2", { stream: true }) });
    await user.call("chat", 200, { body: body("tools=2", { tools, stream: true }) });
    await user.call("chat", 200, { body: body("tools=2", { tools }) });
    await user.call("chat", 200, { body: body("tokens=9,fault=error@3", { stream: true }) });
    await user.call("chat", 400, { body: body("tokens=1", { temperature: "hot" }) });
    await user.call("chat", 502, { body: body("status=500") });
  });
  test("chat with one message", async () => {
    await user.call("chat", 200, { body: { message: "Hello!", system: "Be brief.", user: "fake:tokens=3", modelKey: "box" } });
    await user.call("chat", 200, { body: { message: "Hello!", user: "fake:tokens=3", stream: true } });
    await user.call("chat", 400, { body: { message: "Hello!", messages } });
    await user.call("chat", 400, { body: { model: "fake" } });
  });
  test("chat as a stream of chunks", async () => {
    await user.call("chatStream", 200, { body: { message: "Hello!", user: "fake:tokens=3" } });
    await user.call("chatStream", 200, { body: body("tokens=3") });
    await user.call("chatStream", 400, { body: { message: 7 } });
  });
  test("embeddings and models", async () => {
    await user.call("apiEmbeddings", 200, { body: { input: "one" } });
    await user.call("apiEmbeddings", 400, { body: {} });
    assert.ok((await user.call("apiModels", 200)).data.length > 0);
    const { unavailable, data } = await strict.call("apiModels", 200);
    assert.deepEqual(unavailable, ["gone"]);
    assert.equal(data[0].sources.length, 2);
    await user.call("availableModels", 200);
    await strict.as("wrong").call("availableModels", 401);
  });
});

describe("WebSockets", () => {
  const isOver = ({ type }) => ["done", "error", "chat_complete"].includes(type);

  test("/ws/chat", async () => {
    const socket = await user.open("socketChat");
    assert.equal((await user.call("apiMetrics", 200)).websockets_open, 1);
    const answer = await socket.ask(body("tokens=3,reasoning=1"), isOver);
    assert.equal(answer.at(-1).type, "done");
    assert.equal((await socket.ask(body("status=500"), isOver)).at(-1).type, "error");
    assert.equal((await socket.ask({ type: "ping" }, () => true))[0].type, "pong");
    assert.equal((await socket.sendWrong({ messages: 5 })).type, "error");
    assert.equal((await socket.sendWrong({ type: "dance" })).type, "error");
    socket.close();
  });
  test("/ws", async () => {
    const socket = await user.open("socketGemma", { greets: true });
    assert.equal(socket.greeting.type, "connected");
    const answer = await socket.ask({ type: "chat", data: { message: "Hello!", model: "fake", user: "fake:tokens=3" } }, isOver);
    assert.equal(answer.at(-1).type, "chat_complete");
    assert.equal((await socket.ask({ type: "ping" }, () => true))[0].type, "pong");
    assert.equal((await socket.sendWrong({ type: "chat" })).type, "error");
    socket.close();
  });
  test("/websockets/chat/{session_id}", async () => {
    const socket = await user.open("socketSession", { path: { session_id: "socket-1" } });
    const answer = await socket.ask({ message: "Hello!", user: "fake:tokens=3" }, isOver);
    assert.equal(answer.at(-1).type, "done");
    socket.close();
  });
  test("a plain request", async () => {
    for (const [id, path] of [["socketChat"], ["socketGemma"], ["socketSession", { session_id: "x" }]]) await user.call(id, 426, { path });
    await assert.rejects(strict.as("wrong").open("socketChat"), /401/);
  });
});

describe("sessions", () => {
  const session = { id: "openapi-1" };

  test("are kept, listed, read, found, renamed, exported and deleted", async () => {
    await user.call("createChatCompletion", 200, { body: body("tokens=3"), headers: { "x-session-id": session.id } });
    const { data } = await user.call("listSessions", 200);
    assert.ok(data.some(({ id }) => id === session.id));
    assert.equal((await user.call("listSessionMessages", 200, { path: session })).data.length, 2);
    await user.call("listSessionMessages", 200, { path: session, query: { after: "1", limit: "1" } });
    assert.ok((await user.call("searchMessages", 200, { query: { q: "hello" } })).data.length > 0);
    await user.call("getSession", 200, { path: session });
    await user.call("renameSession", 200, { path: session, body: { title: "A greeting" } });
    await user.call("exportSession", 200, { path: session });
    await user.call("exportSession", 200, { path: session, query: { format: "markdown" } });
    await admin.call("listSessions", 200, { query: { limit: "1" } });
    await user.as("").call("getSession", 401, { path: session });
    assert.equal((await admin.call("getSession", 200, { path: session })).title, "A greeting");
    await user.call("deleteSession", 200, { path: session });
    await user.call("listSessionMessages", 404, { path: session });
  });
  test("refused", async () => {
    const none = { id: "no-such-session" };
    await user.call("getSession", 404, { path: none });
    await user.call("renameSession", 404, { path: none, body: { title: "x" } });
    await user.call("renameSession", 400, { path: none, body: { title: 7 } });
    await user.call("exportSession", 404, { path: none });
    await user.call("exportSession", 400, { path: none, query: { format: "stone" } });
    await user.call("deleteSession", 404, { path: none });
    await user.call("listSessionMessages", 400, { path: none, query: { limit: "x" } });
    await user.call("listSessions", 400, { query: { limit: "0" } });
    await user.call("searchMessages", 400);
    await strict.as("wrong").call("listSessions", 401);
  });
});

describe("access", () => {
  test("tokens", async () => {
    await anybody.call("createToken", 200, { body: { api_key: userKey } });
    await anybody.call("createToken", 401, { body: { api_key: "wrong" } });
    await anybody.call("createToken", 400, { body: {} });
    await anybody.call("createToken", 400, { body: { username: "somebody" } });
    await admin.call("createUser", 201, { body: { username: "ann", password: "a long enough password" } });
    const { access_token } = await anybody.call("createToken", 200, { body: { username: "ann", password: "a long enough password" } });
    await anybody.as(access_token).call("listModels", 200);
  });
  test("keys", async () => {
    const made = await admin.call("createKey", 201, { body: { name: "one", rpm: 60, models: ["fake"], expires_at: "2099-01-01T00:00:00Z" } });
    const path = { id: made.id };
    await admin.call("listKeys", 200);
    await admin.call("getKey", 200, { path });
    await admin.as(made.key).call("createChatCompletion", 200, { body: body("tokens=1") });
    await admin.as(made.key).call("createChatCompletion", 403, { body: body("tokens=1", { model: "another" }) });
    await admin.call("changeKey", 200, { path, body: { rpm: null, name: "two" } });
    for (const wrong of [{ rpm: 0 }, { role: "king" }, { colour: "red" }, { is_active: "no" }])
      await admin.call("changeKey", 400, { path, body: wrong });
    await admin.call("createKey", 400, { body: { role: "user" } });
    await admin.call("deleteKey", 200, { path });
    for (const id of ["getKey", "deleteKey"]) await admin.call(id, 404, { path });
    await admin.call("changeKey", 404, { path, body: {} });
    await user.call("listKeys", 403);
    await anybody.call("createKey", 401, { body: { name: "one" } });
  });
  test("users", async () => {
    const made = await admin.call("createUser", 201, { body: { username: "bob", password: "a long enough password", role: "user" } });
    const path = { id: made.id };
    await admin.call("listUsers", 200);
    await admin.call("getUser", 200, { path });
    await admin.call("changeUser", 200, { path, body: { is_active: false } });
    await admin.call("changeUser", 400, { path, body: { username: "rob" } });
    await admin.call("createUser", 400, { body: { username: "eve" } });
    await admin.call("createUser", 400, { body: { username: "bob", password: "a long enough password" }, lenient: true });
    await admin.call("deleteUser", 200, { path });
    for (const id of ["getUser", "deleteUser"]) await admin.call(id, 404, { path });
    await user.call("listUsers", 403);
  });
  test("routes", async () => {
    const path = { key: "second" };
    const made = await admin.call("putRoute", 201, { body: { key: "Second", url: `${box}/v1`, models: ["second-model"],
      api_key: "a-secret-of-the-test", headers: { "X-Extra": "another-secret" }, weight: 2, timeouts: { read_seconds: 30, queue_seconds: 5 } } });
    assert.deepEqual([made.key, made.managed, made.has_api_key, made.headers, made.timeouts.read_seconds],
      ["second", true, true, ["X-Extra"], 30]);
    assert.doesNotMatch(JSON.stringify(made), /secret/);
    await user.call("createChatCompletion", 200, { body: body("tokens=1", { model: "second-model" }) });
    const list = await admin.call("listRoutes", 200);
    assert.deepEqual(list.data.map(({ key, managed }) => [key, managed]).sort(), [["box", false], ["second", true]]);
    await admin.call("putRoute", 200, { body: { key: "second", kind: "ollama", url: box, models: { small: "fake-model" }, pool: "boxes", max_concurrent: 4, queue_limit: 9 } });
    assert.deepEqual((await admin.call("getRoute", 200, { path })).models, { small: "fake-model" });
    for (const wrong of [{ kind: "smoke" }, { url: "box" }, { weight: 0 }, { colour: "red" }, { timeouts: { tea_seconds: 1 } },
                         { timeouts: { read_seconds: "long" } }, { models: 7 }, { headers: ["X-A"] }, { max_concurrent: -1 }, { key: "no spaces" }])
      await admin.call("putRoute", 400, { body: { key: "second", url: `${box}/v1`, ...wrong } });
    await admin.call("putRoute", 400, { body: { url: box } });
    await admin.call("putRoute", 400, { body: { key: "second" }, lenient: true });
    await admin.call("putRoute", 409, { body: { key: "box", url: `${box}/v1` } });
    await admin.call("deleteRoute", 409, { path: { key: "box" } });
    await user.call("listRoutes", 403);
    await anybody.call("putRoute", 401, { body: { key: "third", url: `${box}/v1` } });
    assert.deepEqual(await admin.call("deleteRoute", 200, { path }), { object: "route", key: "second", deleted: true });
    for (const id of ["getRoute", "deleteRoute"]) await admin.call(id, 404, { path });
  });
  test("usage", async () => {
    await user.call("getStats", 200);
    await admin.call("getStats", 200, { query: { from: "2026-01-01", model: "fake" } });
    await user.call("getStats", 400, { query: { from: "yesterday" } });
    await user.call("getStats", 403, { query: { key_id: "another" } });
    const page = await admin.call("listRequests", 200, { query: { limit: "2" } });
    await admin.call("listRequests", 200, { query: { before: String(page.next_before), status: "200" } });
    await admin.call("listRequests", 400, { query: { limit: "many" } });
    await user.call("listRequests", 403);
  });
});

describe("health", () => {
  test("well", async () => {
    for (const id of ["healthz", "healthLive", "healthReady"]) await anybody.call(id, 200);
    const health = await anybody.call("health", 200);
    assert.deepEqual([health.status, health.vllm, health.routes], ["ok", "ok", { box: "ok" }]);
    assert.equal(health.version, document.content.info.version);
    await user.call("healthStatus", 200);
    await user.call("healthMetrics", 200);
  });
  test("with a route that is down", async () => {
    const everybody = strict.as("");
    const health = await everybody.call("health", 200);
    assert.deepEqual([health.status, health.vllm, health.routes], ["degraded", "ok", { box: "ok", crate: "ok", gone: "unavailable" }]);
    await everybody.call("healthReady", 200);
    const status = await strict.call("healthStatus", 200);
    assert.ok(status.routes.find(({ key }) => key === "gone").error.message);
    assert.doesNotMatch(JSON.stringify(status), /127\.0\.0\.1/, "no upstream's address");
    for (const id of ["healthStatus", "healthMetrics", "apiMetrics", "metrics"]) await everybody.call(id, 401);
  });
  test("with no route that can be used", async () => {
    const url = await launch("gatehouse", ["serve", "--port", "0"], { VLLM_BASE_URL: "http://127.0.0.1:9/v1" });
    const alone = new Client(document, url);
    assert.deepEqual(await alone.call("healthReady", 503), { status: "no_route" });
    assert.equal((await alone.call("health", 200)).vllm, "unavailable");
    // Without a key of any kind, this machine's own callers need none.
    for (const id of ["metrics", "apiMetrics", "healthMetrics"]) await alone.call(id, 200);
    assert.equal((await alone.call("healthStatus", 200)).readiness, "no_route");
  });
  test("with a route that never answers", async () => {
    const silent = createServer(() => {}).listen(0, "127.0.0.1");
    await once(silent, "listening");
    try {
      const url = await launch("gatehouse", ["serve", "--port", "0"], { MODEL_ROUTE_BOX: `http://127.0.0.1:${silent.address().port}/v1` });
      const waiting = new Client(document, url);
      const begin = Date.now();
      assert.equal((await waiting.call("health", 200)).vllm, "unknown");
      await waiting.call("healthReady", 200);
      assert.ok(Date.now() - begin < 4000, "a probe is answered long before the upstream's time is up");
    } finally {
      silent.close();
    }
  });
  test("metrics for everybody, where they are public", async () => {
    const url = await launch("gatehouse", ["serve", "--port", "0"],
      { MODEL_ROUTE_BOX: `${box}/v1`, AUTH_REQUIRED: "true", METRICS_PUBLIC: "true" });
    const everybody = new Client(document, url);
    await everybody.call("metrics", 200);
    await everybody.call("apiMetrics", 401);
  });
  test("figures", async () => {
    const before = await user.call("apiMetrics", 200);
    await user.call("createChatCompletion", 200, { body: body("tokens=5") });
    const after = await user.call("apiMetrics", 200);
    assert.equal(after.tokens_completion_total - before.tokens_completion_total, 5);
    assert.ok(after.latency_ms_p95 >= after.latency_ms_p50 && after.latency_ms_p50 > 0);
    const text = await user.call("metrics", 200);
    for (const name of ["http_requests_total", "active_connections_total", "model_inference_total", "gatehouse_upstream_up",
                        "gatehouse_route_requests_in_flight", "gatehouse_route_circuit_open", "gatehouse_route_waiting", "gatehouse_queue_wait_seconds_count"])
      assert.match(text, new RegExp(`^${name}[ {]`, "m"));
    assert.match(text, /^http_requests_total\{.*endpoint="\/v1\/models\/\{id\.\.\.\}".*\} /m);
  });
});

describe("documents", () => {
  test("the document as it is served", async () => {
    const served = await anybody.call("openapi", 200);
    assert.deepEqual(served, document.content);
    const { headers } = await fetch(`${anybody.url}/openapi.json`);
    await anybody.call("openapi", 304, { headers: { "if-none-match": headers.get("etag") } });
  });
  test("the pages", async (context) => {
    const isBuiltIn = (await fetch(`${anybody.url}/docs`)).status === 200;
    for (const id of ["docs", "redoc"]) await anybody.call(id, isBuiltIn ? 200 : 404);
    for (const file of ["nothing.js", "swagger.html", ".."]) await anybody.call("docsFile", 404, { path: { file } });
    if (!isBuiltIn) return context.skip("built without the pages");
    for (const page of ["docs", "redoc"]) {
      const { headers } = await fetch(`${anybody.url}/${page}`, { method: "HEAD" });
      assert.match(headers.get("content-security-policy"), /script-src 'self';/);
      const text = await anybody.call(page, 200);
      assert.doesNotMatch(text, /https?:|<script>|\son\w+=/, "all of it comes from here, and no script stands in the page");
      for (const [, file] of text.matchAll(/(?:src|href)="docs\/([^"]+)"/g)) {
        const asset = await anybody.call("docsFile", 200, { path: { file } });
        const plain = await fetch(`${anybody.url}/docs/${file}`, { headers: { "accept-encoding": "identity" } });
        if (!file.endsWith(".png")) assert.equal(await plain.text(), asset, "compressed or not, it is the same");
      }
    }
  });
});

describe("local models", { skip: !hasEngine && "built without the engine" }, () => {
  let boss, id;
  const becomes = async (status) => {
    for (const end = Date.now() + 30_000; Date.now() < end;)
      if ((await boss.call("retrieveModel", 200, { path: { id } })).status === status) return;
    assert.fail(`the model never became ${status}`);
  };
  before(async () => {
    const url = await launch("gatehouse", ["serve", "--port", "0"], { DEMO_ADMIN_KEY: adminKey });
    boss = new Client(document, url, adminKey);
    id = (await boss.call("listModels", 200)).data[0].id;
  });

  test("load and unload", async () => {
    await becomes("ready");
    await boss.call("loadModel", 200, { path: { id } });
    await boss.call("unloadModel", 202, { path: { id } });
    await becomes("unloaded");
    await boss.call("unloadModel", 200, { path: { id } });
    await boss.call("loadModel", 202, { path: { id } });
    await becomes("ready");
    assert.equal((await boss.call("health", 200)).vllm, "unconfigured");
  });
  test("answers and vectors", async () => {
    const few = { messages, max_tokens: 4 };
    await boss.call("createChatCompletion", 200, { body: { ...few, logprobs: true, top_logprobs: 2 } });
    await boss.call("createChatCompletion", 200, { body: { ...few, stream: true, stream_options: { include_usage: true } } });
    await boss.call("createCompletion", 200, { body: { prompt: "Once", max_tokens: 4 } });
    await boss.call("chat", 200, { body: few });
    await boss.call("createEmbeddings", 200, { body: { input: ["one", "two"] } });
    await boss.call("apiModels", 200);
    await boss.call("healthStatus", 200);
  });
});
test("load and unload refused", async () => {
  for (const id of ["loadModel", "unloadModel"]) {
    await user.call(id, 403, { path: { id: "fake" } });
    await admin.call(id, 404, { path: { id: "no/such/model" } });
    await admin.call(id, 409, { path: { id: "fake-model" } });
  }
});

test("HEAD answers as GET does, without the body", async () => {
  for (const id of ["healthz", "health", "healthReady", "healthStatus", "metrics", "openapi", "docs", "redoc", "listModels", "listSessions"]) {
    const url = user.url + document.find(id).path;
    const headers = { authorization: `Bearer ${userKey}` };
    const [get, head] = [await fetch(url, { headers }), await fetch(url, { method: "HEAD", headers })];
    assert.deepEqual([head.status, head.headers.get("content-type"), await head.text()], [get.status, get.headers.get("content-type"), ""], id);
  }
});

test("every operation of the document was called and answered well", () => {
  const needEngine = ["loadModel", "unloadModel"];
  assert.deepEqual(document.uncalled().filter((id) => hasEngine || !needEngine.includes(id)), []);
});

test("the document and the program have the same endpoints", async () => {
  const documented = document.operations().filter(({ operation }) => !operation["x-websocket"]).map(({ method, path, operation }) => `${method} ${operation["x-pattern"] ?? path}`);
  const shape = (list) => list.map((endpoint) => endpoint.replaceAll(/\{\w+(\.\.\.)?\}/g, "{}"));
  const sorted = (list) => [...new Set(shape(list))].sort();
  assert.deepEqual(sorted(await endpointsOf(anybody.url)), sorted(documented));
  const sockets = document.operations().filter(({ operation }) => operation["x-websocket"]).map(({ path }) => path);
  assert.deepEqual(sorted(socketPaths()), sorted(sockets));
});
