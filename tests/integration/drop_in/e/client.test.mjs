// SPDX-License-Identifier: GPL-3.0-or-later
// A chat application made from the AI chat template: a list of models, and a WebSocket for each conversation.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Gatehouse, Upstream, eventually, words } from "../scene.mjs";
import { Socket } from "../socket.mjs";

let openRouter, server;

before(async () => {
  openRouter = await Upstream.start({ models: ["openai/gpt-4o-mini", "anthropic/claude-3.5-haiku"], behave: "tokens=4" });
  server = await Gatehouse.start({ envFile: new URL(".env", import.meta.url), moved: { "https://openrouter.ai/api/v1": `${openRouter.url}/v1` } });
});
after(async () => {
  await server?.stop();
  await openRouter?.stop();
});

const open = (session) => Socket.open(`${server.url}/websockets/chat/${session}`);
// Says something and gives the last event of the answer.
async function say(socket, message, more = {}) {
  socket.send({ message, ...more });
  return (await socket.until("done", "error")).at(-1);
}
// The conversation as the model was given it last.
const told = async () => (await openRouter.last()).body.messages.map(({ role, content }) => [role, content]);
const answer = ["assistant", words(4)];
const messagesOf = async (session) => (await server.ask(`/api/sessions/${session}/messages`)).json.data;

test("the old file is valid, and what it hides stays hidden", async () => {
  const { code, text } = await server.check();
  assert.equal(code, 0, text);
  assert.match(text, /routes\.openrouter\.api_key = \*+ /);
  for (const secret of ["sk-or-v1-2d7c", "c7Rk2Wq9"]) assert.ok(!text.includes(secret));
});

test("the models to choose from", async () => {
  const { json } = await server.ask("/chat/metadata/available_models");
  assert.deepEqual(json, { models: ["openai/gpt-4o-mini", "anthropic/claude-3.5-haiku"], default: "openai/gpt-4o-mini" });
});

describe("a conversation", () => {
  test("events as they come", async () => {
    const socket = await open("first");
    socket.send({ message: "Hello!" });
    for (let i = 0; i < 4; ++i) assert.equal(await socket.text(), `{"type":"token","token":"w${i} "}`);
    const { id, latency_ms, ...done } = await socket.next();
    assert.ok(id && latency_ms >= 0);
    assert.deepEqual(done, { type: "done", model: "openai/gpt-4o-mini", content: words(4),
                             usage: { prompt_tokens: 7, completion_tokens: 4, total_tokens: 11 }, finish_reason: "stop" });
    assert.equal((await openRouter.last()).headers.authorization, "Bearer sk-or-v1-2d7c90b1e4a85f36");
    await socket.close();
  });
  test("another model for one message", async () => {
    const socket = await open("models");
    assert.equal((await say(socket, "Hello!", { model: "anthropic/claude-3.5-haiku" })).model, "anthropic/claude-3.5-haiku");
    assert.equal((await say(socket, "Hello!")).model, "openai/gpt-4o-mini");
    await socket.close();
  });
  test("each has its own history", async () => {
    const [one, two] = [await open("one"), await open("two")];
    await say(one, "I am One.");
    await say(two, "I am Two.");
    await say(one, "Who am I?");
    assert.deepEqual(await told(), [["user", "I am One."], answer, ["user", "Who am I?"]]);
    await one.close();
    await two.close();
  });
  test("it goes on after the client came again", async () => {
    const before = await open("again");
    await say(before, "Remember 17.");
    await before.close();
    const after = await open("again");
    await say(after, "What was it?");
    assert.deepEqual(await told(), [["user", "Remember 17."], answer, ["user", "What was it?"]]);
    await after.close();
  });
});

describe("kill -9", () => {
  test("the conversation goes on, with all that was answered", async () => {
    const before = await open("survivor");
    await say(before, "My cat is called Tom.");
    await say(before, "My dog is called Rex.");
    await server.kill();
    await before.closed;
    await server.restart();
    const after = await open("survivor");
    const done = await say(after, "What are they called?");
    assert.equal(done.type, "done", JSON.stringify(done));
    assert.deepEqual(await told(), [["user", "My cat is called Tom."], answer, ["user", "My dog is called Rex."], answer,
                                    ["user", "What are they called?"]]);
    await after.close();
    assert.equal((await messagesOf("survivor")).length, 6);
  });
  test("in the middle of an answer, nothing that was answered before is lost", async () => {
    const before = await open("cut");
    await say(before, "The number is 5.");
    before.send({ message: "fake:tokens=100000,interval=5 go on" });
    await before.until("token");
    await server.kill();
    await before.closed;
    await server.restart();
    const after = await open("cut");
    await say(after, "Which number?");
    const said = await told();
    assert.deepEqual(said.slice(0, 2), [["user", "The number is 5."], answer]);
    assert.deepEqual(said.at(-1), ["user", "Which number?"]);
    await after.close();
  });
});

describe("what is being answered", () => {
  test("a cancelled answer is kept as far as it came", async () => {
    const socket = await open("cancel");
    socket.send({ message: "fake:tokens=100000,interval=5 a long story" });
    await socket.until("token");
    socket.send({ type: "cancel" });
    const done = (await socket.until("done", "error")).at(-1);
    assert.equal(done.finish_reason, "cancelled");
    const kept = await eventually(async () => (await messagesOf("cancel")).find(({ role }) => role === "assistant"), "the answer");
    assert.equal(kept.finish_reason, "cancelled");
    assert.equal(kept.content, done.content);
    await socket.close();
  });
  test("an answer that broke off is kept as an error", async () => {
    const socket = await open("broken");
    assert.equal((await say(socket, "fake:tokens=9,fault=close@2 please")).type, "error");
    const kept = await eventually(async () => (await messagesOf("broken")).find(({ role }) => role === "assistant"), "the answer");
    assert.deepEqual([kept.finish_reason, kept.content], ["error", words(2)]);
    await socket.close();
  });
  test("so is one whose reader left", async () => {
    const socket = await open("gone");
    socket.send({ message: "fake:tokens=100000,interval=5 a long story" });
    await socket.until("token");
    await socket.close();
    const kept = await eventually(async () => (await messagesOf("gone"))?.find(({ role }) => role === "assistant"), "the answer");
    assert.equal(kept.finish_reason, "cancelled");
  });
  test("messages wait for their turn", async () => {
    const socket = await open("turns");
    for (const n of [1, 2, 3]) socket.send({ message: `fake:tokens=${n} ${n}` });
    for (const n of [1, 2, 3]) assert.equal((await socket.until("done")).at(-1).content, words(n));
    assert.deepEqual((await messagesOf("turns")).map(({ role }) => role), Array(3).fill(["user", "assistant"]).flat());
    await socket.close();
  });
});

describe("the history", () => {
  test("sessions, their messages in pages, and a title", async () => {
    const { json } = await server.ask("/api/sessions");
    const ids = json.data.map(({ id }) => id);
    for (const id of ["one", "two", "survivor"]) assert.ok(ids.includes(id), `${id} in ${ids}`);
    const [first] = (await server.ask("/api/sessions/survivor/messages?limit=1")).json.data;
    assert.deepEqual([first.role, first.content], ["user", "My cat is called Tom."]);
    const named = await server.ask("/api/sessions/survivor", { method: "PATCH", body: { title: "Pets" } });
    assert.deepEqual([named.status, named.json.title], [200, "Pets"]);
  });
  test("search finds a word, and whose it is", async () => {
    const { json } = await server.ask("/api/search?q=Rex");
    assert.equal(json.data.length, 1);
    assert.equal(json.data[0].session_id, "survivor");
    assert.equal((await server.ask("/api/search?q=Nobody")).json.data.length, 0);
  });
  test("export", async () => {
    const asJson = await server.ask("/api/sessions/survivor/export?format=json");
    assert.equal(JSON.parse(asJson.text).messages.length, 6);
    const asText = await server.ask("/api/sessions/survivor/export?format=markdown");
    assert.match(asText.headers.get("content-type"), /^text\/markdown\b/);
    assert.ok(asText.text.includes("Pets") && asText.text.includes("My cat is called Tom."));
  });
  test("what is deleted is gone", async () => {
    const { status } = await server.ask("/api/sessions/survivor", { method: "DELETE" });
    assert.ok([200, 204].includes(status));
    assert.equal((await server.ask("/api/sessions/survivor/messages")).status, 404);
    assert.equal((await server.ask("/api/search?q=Rex")).json.data.length, 0);
    const socket = await open("survivor");
    await say(socket, "Hello!");
    assert.deepEqual(await told(), [["user", "Hello!"]]);
    await socket.close();
  });
});

describe("mistakes", () => {
  test("are told, and the socket stays", async () => {
    const socket = await open("mistakes");
    for (const message of ["{", {}, { message: 7 }, { message: "Hello!", model: "fake:status=404" }]) {
      socket.send(message);
      const { type, error } = await socket.next();
      assert.equal(type, "error");
      assert.ok(error.message);
    }
    assert.equal((await say(socket, "Hello!")).type, "done");
    await socket.close();
  });
  test("HTTP errors have a detail", async () => {
    const { status, json } = await server.ask("/api/sessions/none/messages");
    assert.equal(status, 404);
    assert.equal(json.detail, json.error.message);
  });
});

test("neither the secret nor the chats are in the log", () => {
  for (const secret of ["sk-or-v1", "c7Rk2Wq9", "My cat"]) assert.ok(!server.log.includes(secret), secret);
});
