// SPDX-License-Identifier: GPL-3.0-or-later
// Web pages that talk to Gatehouse from an origin that is allowed and from one that is not.
import { after, before, describe, test } from "node:test";
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createServer } from "node:http";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { start } from "../openai_client/servers.mjs";

const key = "gh_page_key_that_is_long_enough";

// What the page does; it tells its own server what it saw.
async function inThePage(gatehouse, key) {
  const seen = {};
  const note = (name, work) => work().then((value) => (seen[name] = value), (error) => (seen[name] = `refused: ${error.name}`));
  await note("fetch", async () => {
    const response = await fetch(`${gatehouse}/v1/chat/completions`, {
      method: "POST",
      headers: { "Content-Type": "application/json", "Authorization": `Bearer ${key}` },
      body: JSON.stringify({ messages: [{ role: "user", content: "x" }], stream: true }),
    });
    // As an EventSource would have it, were it able to POST.
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    for (let part = await reader.read(); !part.done; part = await reader.read()) text += part.value;
    const deltas = text.split("\n\n").filter((event) => event.startsWith("data: {"))
      .map((event) => JSON.parse(event.slice(6)).choices[0]?.delta.content ?? "");
    return { status: response.status, id: !!response.headers.get("x-request-id"), text: deltas.join(""), done: text.includes("[DONE]") };
  });
  await note("socket", () => new Promise((resolve, reject) => {
    const socket = new WebSocket(`${gatehouse.replace("http", "ws")}/ws/chat`, ["gatehouse.v1", `key.${key}`]);
    let text = "";
    socket.onopen = () => socket.send(JSON.stringify({ message: "x" }));
    socket.onerror = () => reject(new DOMException("no socket", "SocketError"));
    socket.onmessage = ({ data }) => {
      const message = JSON.parse(data);
      if (message.type === "token") text += message.token;
      if (message.type === "done") resolve({ protocol: socket.protocol, text, content: message.content });
    };
  }));
  await fetch("/seen", { method: "POST", body: JSON.stringify(seen) });
}

// Serves the page on an origin of its own; `target.url` is known by the time it is asked for.
async function servePage(target) {
  const page = { origin: "", told: null };
  page.seen = new Promise((resolve) => (page.told = resolve));
  const server = createServer(async (request, response) => {
    if (request.method !== "POST")
      return response.setHeader("Content-Type", "text/html").end(
        `<!doctype html><title>page</title><script>(${inThePage})(${JSON.stringify(target.url)}, ${JSON.stringify(key)})</script>`);
    let body = "";
    for await (const chunk of request) body += chunk;
    response.end();
    page.told(JSON.parse(body));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  page.origin = `http://127.0.0.1:${server.address().port}`;
  page.stop = () => server.close();
  return page;
}

async function visit(page) {
  const profile = mkdtempSync(join(tmpdir(), "gatehouse-browser-"));
  const browser = spawn(process.env.CHROMIUM, ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
    `--user-data-dir=${profile}`, page.origin], { stdio: "ignore" });
  const ended = new Promise((resolve, reject) => {
    browser.once("exit", resolve);
    browser.once("error", reject);
  });
  try {
    return await Promise.race([page.seen, ended.then(() => { throw new Error("the browser ended first"); })]);
  } finally {
    browser.kill("SIGKILL");
    await ended.catch(() => {});
    rmSync(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }
}

describe("a page in Chromium", () => {
  let upstream, gatehouse, allowed, refused;
  before(async () => {
    // The page must know where Gatehouse is, and Gatehouse where the page comes from: the pages' ports come first.
    const target = { url: "" };
    allowed = await servePage(target);
    refused = await servePage(target);
    upstream = await start("gatehouse-fake-upstream", ["--port", "0", "--behave", "tokens=4"]);
    gatehouse = await start("gatehouse", ["serve", "--port", "0"], {
      MODEL_ROUTE_FAKE: `${upstream.url}/v1`, API_KEY: key, CORS_ORIGINS: JSON.stringify([allowed.origin]) });
    target.url = gatehouse.url;
  });
  after(async () => {
    allowed?.stop();
    refused?.stop();
    await gatehouse?.stop();
    await upstream?.stop();
  });

  test("from an allowed origin streams by fetch and by WebSocket", async () => {
    const seen = await visit(allowed);
    assert.deepEqual(seen.fetch, { status: 200, id: true, text: "w0 w1 w2 w3 ", done: true });
    assert.deepEqual(seen.socket, { protocol: "gatehouse.v1", text: "w0 w1 w2 w3 ", content: "w0 w1 w2 w3 " });
  });

  test("from another origin gets neither", async () => {
    const seen = await visit(refused);
    assert.equal(seen.fetch, "refused: TypeError");
    assert.equal(seen.socket, "refused: SocketError");
  });
});
