// SPDX-License-Identifier: GPL-3.0-or-later
// What users of OpenAI's Node client rely on, through a running Gatehouse in front of the fake upstream.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import OpenAI from "openai";
import { start } from "./servers.mjs";

const messages = [{ role: "user", content: "Hello!" }];
let upstream, gatehouse, client;

before(async () => {
  upstream = await start("gatehouse-fake-upstream", ["--port", "0"]);
  gatehouse = await start("gatehouse", ["serve", "--port", "0"], { MODEL_ROUTE_BOX: `${upstream.url}/v1` });
  client = new OpenAI({ baseURL: `${gatehouse.url}/v1`, apiKey: "none", maxRetries: 0 });
});
after(async () => {
  await gatehouse?.stop();
  await upstream?.stop();
});

const ask = (fake, more = {}) => client.chat.completions.create({ model: "fake", user: `fake:${fake}`, messages, ...more });
const words = (n) => Array.from({ length: n }, (_, i) => `w${i} `).join("");

async function upstreamStats() {
  return (await fetch(`${upstream.url}/fake/stats`)).json();
}

describe("folded", () => {
  test("text, usage and finish reason", async () => {
    const answer = await ask("tokens=5");
    assert.equal(answer.object, "chat.completion");
    assert.equal(answer.choices[0].message.role, "assistant");
    assert.equal(answer.choices[0].message.content, words(5));
    assert.equal(answer.choices[0].finish_reason, "stop");
    assert.deepEqual([answer.usage.prompt_tokens, answer.usage.completion_tokens, answer.usage.total_tokens], [7, 5, 12]);
  });

  test("tool calls", async () => {
    const tools = [{ type: "function", function: { name: "get_weather", parameters: { type: "object", properties: {} } } }];
    const { choices: [choice] } = await ask("tools=2", { tools });
    assert.equal(choice.finish_reason, "tool_calls");
    assert.equal(choice.message.tool_calls.length, 2);
    for (const call of choice.message.tool_calls) {
      assert.equal(call.type, "function");
      assert.ok(call.id && call.function.name);
      JSON.parse(call.function.arguments);
    }
  });

  test("text completion", async () => {
    const answer = await client.completions.create({ model: "fake", prompt: "Once", user: "fake:tokens=3" });
    assert.equal(answer.object, "text_completion");
    assert.equal(answer.choices[0].text, words(3));
  });
});

describe("streamed", () => {
  test("deltas in order, one role, one finish reason, no usage unasked", async () => {
    let text = "", roles = 0, finishes = [];
    const ids = new Set();
    for await (const chunk of await ask("tokens=20", { stream: true })) {
      assert.equal(chunk.object, "chat.completion.chunk");
      ids.add(`${chunk.id} ${chunk.created} ${chunk.model}`);
      assert.ok(!chunk.usage);
      const choice = chunk.choices[0];
      text += choice.delta.content ?? "";
      roles += choice.delta.role ? 1 : 0;
      if (choice.finish_reason) finishes.push(choice.finish_reason);
    }
    assert.equal(text, words(20));
    assert.equal(roles, 1);
    assert.equal(ids.size, 1);
    assert.deepEqual(finishes, ["stop"]);
  });

  test("usage in one extra last chunk when asked", async () => {
    const chunks = [];
    for await (const chunk of await ask("tokens=4", { stream: true, stream_options: { include_usage: true } })) chunks.push(chunk);
    const last = chunks.pop();
    assert.deepEqual(last.choices, []);
    assert.equal(last.usage.total_tokens, 11);
    assert.ok(chunks.every((chunk) => chunk.usage === null));
  });

  test("the stream helper collects tool calls", async () => {
    const tools = [{ type: "function", function: { name: "get_weather", parameters: { type: "object", properties: {} } } }];
    const runner = client.beta.chat.completions.stream({ model: "fake", user: "fake:tools=2", messages, tools });
    const message = await runner.finalMessage();
    assert.equal(message.tool_calls.length, 2);
    for (const call of message.tool_calls) JSON.parse(call.function.arguments);
  });

  test("text completion", async () => {
    let text = "";
    for await (const chunk of await client.completions.create({ model: "fake", prompt: "Once", user: "fake:tokens=3", stream: true })) {
      assert.equal(chunk.object, "text_completion");
      text += chunk.choices[0].text;
    }
    assert.equal(text, words(3));
  });
});

describe("errors", () => {
  const rejects = (promise, type, more) => assert.rejects(promise, (error) => {
    assert.ok(error instanceof type, `${error.constructor.name}: ${error.message}`);
    for (const [name, value] of Object.entries(more)) assert.equal(error[name], value);
    return true;
  });

  test("the caller's own mistake names the field", () =>
    rejects(ask("tokens=1", { temperature: 9 }), OpenAI.BadRequestError, { status: 400, param: "temperature" }));
  test("a role that does not exist", () =>
    rejects(client.chat.completions.create({ model: "fake", messages: [{ role: "wizard", content: "x" }] }),
      OpenAI.BadRequestError, { param: "messages[0].role" }));
  test("the upstream's 429 passes through with Retry-After", () =>
    // A model of its own, because nobody asks for it again until then.
    assert.rejects(ask("status=429,retry_after=7", { model: "limited" }), (error) => {
      assert.ok(error instanceof OpenAI.RateLimitError, error.message);
      assert.equal(error.headers["retry-after"], "7");
      return true;
    }));
  test("the upstream's 404 passes through", () => rejects(ask("status=404"), OpenAI.NotFoundError, { status: 404 }));
  test("the upstream's 500 is a 502", () => rejects(ask("status=500"), OpenAI.InternalServerError, { status: 502 }));
  test("an upstream that hangs up before its head is a 502", () =>
    rejects(ask("fault=reset"), OpenAI.InternalServerError, { status: 502 }));
  test("a stream that breaks off ends in an error, never silently", async () => {
    let text = "";
    await assert.rejects(async () => {
      for await (const chunk of await ask("tokens=20,fault=close@3", { stream: true })) text += chunk.choices[0]?.delta?.content ?? "";
    }, OpenAI.APIError);
    assert.equal(text, words(3));
  });
  test("an error object inside a stream", () =>
    assert.rejects(async () => {
      for await (const chunk of await ask("tokens=20,fault=error@3", { stream: true })) assert.ok(chunk);
    }, OpenAI.APIError));
});

describe("abort", () => {
  test("breaking out of the loop stops the upstream", async () => {
    let seen = 0;
    const stream = await ask("tokens=100000,interval=2", { stream: true });
    for await (const chunk of stream) {
      assert.ok(chunk);
      if (++seen === 5) break; // The client aborts the request.
    }
    for (let tries = 0; tries < 100; ++tries) {
      const { requests } = await upstreamStats();
      const last = requests.filter((request) => request.body?.includes("tokens=100000")).at(-1);
      if (last?.client_left_us) return assert.ok(last.tokens_sent < 1000);
    }
    assert.fail("the upstream never saw the client leave");
  });

  test("an AbortController before the first token", async () => {
    const controller = new AbortController();
    const asked = client.chat.completions.create({ model: "fake", user: "fake:head_delay=60000", messages },
                                                 { signal: controller.signal });
    setImmediate(() => controller.abort());
    await assert.rejects(asked, OpenAI.APIUserAbortError);
  });
});

describe("embeddings", () => {
  test("as the client asks for them unless told otherwise (base64), and as numbers", async () => {
    const input = ["one", "two"];
    const asked = await client.embeddings.create({ model: "fake", input });
    assert.equal(asked.data.length, 2);
    assert.ok(asked.usage.prompt_tokens > 0);
    const numbers = await client.embeddings.create({ model: "fake", input, encoding_format: "float" });
    for (const index of [0, 1]) {
      assert.equal(asked.data[index].index, index);
      assert.equal(asked.data[index].embedding.length, 8);
      asked.data[index].embedding.forEach((value, i) =>
        assert.ok(Math.abs(value - numbers.data[index].embedding[i]) < 1e-6));
    }
  });

  test("what can't be embedded", () =>
    assert.rejects(client.embeddings.create({ model: "fake", input: [] }), { status: 400, param: "input" }));
});

test("models", async () => {
  const ids = [];
  for await (const model of client.models.list()) ids.push(model.id);
  assert.ok(ids.length > 0);
  const one = await client.models.retrieve(ids[0]);
  assert.equal(one.object, "model");
  await assert.rejects(client.models.retrieve("no/such/model"), OpenAI.NotFoundError);
});
