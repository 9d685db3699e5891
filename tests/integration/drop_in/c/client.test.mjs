// SPDX-License-Identifier: GPL-3.0-or-later
// A team on the Ollama API gateway: an admin who makes keys and users and reads the usage, and those who chat with them.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { Postgres } from "../postgres.mjs";
import { Gatehouse, Upstream, eventsOf, eventually, words } from "../scene.mjs";

const admin = "demo-admin-9c1f7be02a";
const demoUser = "demo-user-44d0a8e1b7";
const secretKey = "Zp0vJ4u7nQe1sXc8rTg5yHb2mKd9wLf6";
const hello = [{ role: "user", content: "Hello!" }];
let ollama, gateway;

const chat = (key, body = {}, headers = {}) => gateway.ask("/api/chat", { key, headers, body: { model: "llama3.2:3b", messages: hello, ...body } });

// Ada's key, as the admin made it: `{id, key, …}`.
async function newKey(fields) {
  const { status, json } = await gateway.ask("/api/keys", { key: admin, body: fields });
  assert.ok([200, 201].includes(status), `${status} ${json?.detail}`);
  assert.match(json.key, /^gh_[A-Za-z0-9_-]{43}$/);
  assert.match(json.id, /^[0-9a-f-]{36}$/);
  return json;
}

function assertDetail({ status, json }, expected) {
  assert.equal(status, expected);
  assert.ok(json.error.message);
  assert.equal(json.detail, json.error.message);
}

// All that the team does, on either database.
function teamOn(database) {
  test("the old file is valid, and what it hides stays hidden", async () => {
    const { code, text } = await gateway.check();
    assert.equal(code, 0, text);
    assert.ok(text.includes(`database.url = "${database}`), text);
    for (const secret of [admin, demoUser, secretKey]) assert.ok(!text.includes(secret));
  });

  describe("roles", () => {
    test("nobody without a key, and the configured ones work", async () => {
      assertDetail(await chat(undefined), 401);
      assertDetail(await chat("gh_" + "x".repeat(43)), 401);
      assert.equal((await chat(demoUser)).status, 200);
      assert.equal((await gateway.ask("/api/chat", { headers: { "x-api-key": demoUser }, body: { messages: hello } })).status, 200);
      assert.equal((await gateway.ask("/api/keys", { key: admin })).status, 200);
    });
    test("the start warns of them", () => {
      assert.match(gateway.log, /DEMO_ADMIN_KEY/);
      assert.match(gateway.log, /DEMO_USER_KEY/);
      for (const secret of [admin, demoUser, secretKey]) assert.ok(!gateway.log.includes(secret));
    });
    test("a user is no admin", async () => {
      for (const path of ["/api/keys", "/api/users", "/api/requests"]) assertDetail(await gateway.ask(path, { key: demoUser }), 403);
      assertDetail(await gateway.ask("/api/keys", { key: demoUser, body: { name: "mine", role: "admin" } }), 403);
    });
  });

  describe("chat", () => {
    test("one answer", async () => {
      const { json, headers } = await chat(demoUser, { model: "mistral:7b" });
      assert.equal(json.model, "mistral:7b");
      assert.equal(json.content, words(5));
      assert.deepEqual(json.usage, { prompt_tokens: 7, completion_tokens: 5, total_tokens: 12 });
      assert.ok(json.id && json.latency_ms >= 0);
      assert.ok(headers.get("x-request-id"));
    });
    test("a stream", async () => {
      const { text } = await chat(demoUser, { stream: true });
      const events = eventsOf(text).map((event) => JSON.parse(event.slice("data: ".length)));
      assert.equal(events.filter(({ type }) => type === "token").map(({ token }) => token).join(""), words(5));
      assert.deepEqual([events.at(-1).type, events.at(-1).finish_reason], ["done", "stop"]);
    });
    test("the model may be left out", async () =>
      assert.equal((await gateway.ask("/api/chat", { key: demoUser, body: { messages: hello } })).json.model, "llama3.2:3b"));
    test("models", async () => {
      const { json } = await gateway.ask("/api/models", { key: demoUser });
      assert.deepEqual(json.models.map(({ name }) => name).sort(), ["llama3.2:3b", "mistral:7b"]);
    });
  });

  describe("keys", () => {
    test("made, listed without the key itself, changed, revoked", async () => {
      const ada = await newKey({ name: "Ada", role: "user" });
      assert.equal((await chat(ada.key)).status, 200);
      const listed = await gateway.ask("/api/keys", { key: admin });
      assert.ok(listed.text.includes(ada.id));
      assert.ok(!listed.text.includes(ada.key));
      const changed = await gateway.ask(`/api/keys/${ada.id}`, { key: admin, method: "PATCH", body: { name: "Ada L." } });
      assert.equal(changed.status, 200);
      assert.equal(changed.json.name, "Ada L.");
      const revoked = await gateway.ask(`/api/keys/${ada.id}`, { key: admin, method: "DELETE" });
      assert.ok([200, 204].includes(revoked.status));
      assertDetail(await chat(ada.key), 401);
    });
    test("revoking ends a running stream", async () => {
      const bob = await newKey({ name: "Bob", role: "user" });
      const response = await fetch(`${gateway.url}/api/chat`, {
        method: "POST", headers: { "content-type": "application/json", "x-api-key": bob.key },
        body: JSON.stringify({ messages: [{ role: "user", content: "fake:tokens=100000,interval=5 go" }], stream: true }),
      });
      const reader = response.body.getReader();
      await reader.read();
      await gateway.ask(`/api/keys/${bob.id}`, { key: admin, method: "DELETE" });
      await assert.doesNotReject(async () => {
        try {
          while (!(await reader.read()).done);
        } catch { /* a cut connection is an end, too */ }
      });
      await eventually(async () => (await ollama.asked()).some(({ ending }) => ending === "client_left"), "the upstream's end");
    });
    test("an allow list of models", async () => {
      const eve = await newKey({ name: "Eve", role: "user", models: ["mistral:7b"] });
      assertDetail(await chat(eve.key), 403);
      assert.equal((await chat(eve.key, { model: "mistral:7b" })).status, 200);
      const { json } = await gateway.ask("/api/models", { key: eve.key });
      assert.deepEqual(json.data.map(({ id }) => id), ["mistral:7b"]);
    });
    test("requests an hour", async () => {
      const carl = await newKey({ name: "Carl", role: "user", rate_limit: 3 });
      const answers = [];
      for (let i = 0; i < 4; ++i) answers.push(await chat(carl.key));
      assert.deepEqual(answers.map(({ status }) => status), [200, 200, 200, 429]);
      assert.equal(answers[0].headers.get("x-ratelimit-limit-requests"), "3");
      assert.deepEqual(answers.slice(0, 3).map(({ headers }) => headers.get("x-ratelimit-remaining-requests")), ["2", "1", "0"]);
      assertDetail(answers[3], 429);
      assert.ok(Number(answers[3].headers.get("retry-after")) >= 1);
    });
    test("mistakes are told", async () => {
      assertDetail(await gateway.ask("/api/keys", { key: admin, body: { name: "X", role: "king" } }), 400);
      assertDetail(await gateway.ask("/api/keys/00000000-0000-0000-0000-000000000000", { key: admin, method: "DELETE" }), 404);
    });
  });

  describe("tokens", () => {
    const part = (token, index) => JSON.parse(Buffer.from(token.split(".")[index], "base64url"));

    test("a key for a token, signed with the operator's SECRET_KEY", async () => {
      const { status, json } = await gateway.ask("/auth/token", { body: { api_key: demoUser } });
      assert.equal(status, 200);
      assert.deepEqual([json.token_type, json.expires_in], ["bearer", 3600]);
      const [head, payload, signature] = json.access_token.split(".");
      assert.equal(part(json.access_token, 0).alg, "HS256");
      assert.equal(createHmac("sha256", secretKey).update(`${head}.${payload}`).digest("base64url"), signature);
      assert.ok(part(json.access_token, 1).exp > Date.now() / 1000 + 3500);
      assert.equal((await chat(json.access_token)).status, 200);
      assertDetail(await chat(`${head}.${payload}.${"A".repeat(43)}`), 401);
    });
    test("a name and a password for a token", async () => {
      const made = await gateway.ask("/api/users", { key: admin, body: { username: "grace", password: "correct horse battery" } });
      assert.ok([200, 201].includes(made.status), made.text);
      const { json } = await gateway.ask("/auth/token", { body: { username: "grace", password: "correct horse battery" } });
      assert.equal((await chat(json.access_token)).status, 200);
      assertDetail(await gateway.ask("/auth/token", { body: { username: "grace", password: "wrong" } }), 401);
      assertDetail(await gateway.ask("/auth/token", { body: { username: "nobody", password: "wrong" } }), 401);
    });
  });

  describe("usage", () => {
    let dora;
    // What was counted reaches the figures within a moment. Asking for them counts as a request, too, but not in the model's row.
    const usage = (key, query = "") => eventually(async () => {
      const { json } = await gateway.ask(`/api/stats${query}`, { key });
      return json.by_model?.find(({ model, requests }) => model === "llama3.2:3b" && requests === 3) && json;
    }, "three chats in the figures");

    test("tokens are counted for each key", async () => {
      dora = await newKey({ name: "Dora", role: "user" });
      for (const n of [2, 3]) await chat(dora.key, { messages: [{ role: "user", content: `fake:tokens=${n} go` }] });
      await chat(dora.key, { stream: true });
      const { by_model: [row], by_day: [day], ...total } = await usage(dora.key);
      assert.deepEqual([row.prompt_tokens, row.completion_tokens, row.errors], [21, 10, 0]);
      assert.ok(row.response_ms.p95 >= row.response_ms.p50 && row.response_ms.mean > 0);
      assert.deepEqual([total.prompt_tokens, total.completion_tokens], [21, 10]);
      assert.equal(day.completion_tokens, 10);
    });
    test("an admin sees them, too, and the single requests", async () => {
      const { by_model: [row] } = await usage(admin, `?key_id=${dora.id}`);
      assert.equal(row.completion_tokens, 10);
      const { json, text } = await gateway.ask(`/api/requests?key_id=${dora.id}`, { key: admin });
      const chats = json.data.filter(({ endpoint }) => endpoint === "/api/chat");
      assert.deepEqual(chats.map(({ completion_tokens }) => completion_tokens), [5, 3, 2]);
      assert.ok(chats.every(({ key_id, status, model }) => key_id === dora.id && status === 200 && model === "llama3.2:3b"));
      assert.ok(!text.includes("Hello!"));
    });
    test("keys, users and figures outlive a kill -9", async () => {
      await gateway.kill();
      await gateway.restart();
      assert.equal((await usage(dora.key)).completion_tokens, 10);
      assert.equal((await chat(dora.key)).status, 200);
      const { json } = await gateway.ask("/auth/token", { body: { username: "grace", password: "correct horse battery" } });
      assert.equal((await chat(json.access_token)).status, 200);
    });
  });

  describe("sessions", () => {
    const session = "standup-7";

    test("a session is its key's alone", async () => {
      const [ann, ben] = [await newKey({ name: "Ann", role: "user" }), await newKey({ name: "Ben", role: "user" })];
      await chat(ann.key, { messages: [{ role: "user", content: "The budget is 40." }] }, { "x-session-id": session });
      await chat(ann.key, { messages: [{ role: "user", content: "Say it again." }], session_id: session });
      assert.deepEqual((await ollama.last()).body.messages.map(({ content }) => content), ["The budget is 40.", words(5), "Say it again."]);
      const path = `/api/sessions/${session}/messages`;
      assert.equal((await gateway.ask(path, { key: ann.key })).status, 200);
      assertDetail(await gateway.ask(path, { key: ben.key }), 404);
      assert.ok((await gateway.ask("/api/search?q=budget", { key: ann.key })).text.includes(session));
      assert.ok(!(await gateway.ask("/api/search?q=budget", { key: ben.key })).text.includes(session));
      assert.ok((await gateway.ask("/api/sessions", { key: admin })).text.includes(session));
    });
  });

  test("/health tells of the database", async () =>
    assert.deepEqual((({ status, database }) => ({ status, database }))((await gateway.ask("/health")).json), { status: "ok", database: "ok" }));
}

describe("on SQLite", () => {
  before(async () => {
    ollama = await Upstream.start({ models: ["llama3.2:3b", "mistral:7b"], behave: "tokens=5" });
    gateway = await Gatehouse.start({ envFile: new URL(".env", import.meta.url), moved: { "http://ollama:11434": ollama.url } });
  });
  after(async () => {
    await gateway?.stop();
    await ollama?.stop();
  });
  teamOn("sqlite+aiosqlite:");
});

const postgres = await Postgres.start();
describe("on PostgreSQL", { skip: postgres ? false : "PostgreSQL's server is not installed" }, () => {
  before(async () => {
    ollama = await Upstream.start({ models: ["llama3.2:3b", "mistral:7b"], behave: "tokens=5" });
    gateway = await Gatehouse.start({
      envFile: new URL("production.env", import.meta.url),
      moved: { "http://ollama:11434": ollama.url, "postgresql+asyncpg://gateway:password@db:5432/gateway": postgres.url },
    });
  });
  after(async () => {
    await gateway?.stop();
    await ollama?.stop();
    await postgres?.stop();
  });
  teamOn("postgresql+asyncpg:");
});
