// SPDX-License-Identifier: GPL-3.0-or-later
// Calls operations by their names in the document, and holds every answer against it.
import assert from "node:assert/strict";
import WebSocket from "ws";

export class Client {
  constructor(document, url, key) {
    this.document = document;
    this.url = url;
    this.key = key;
  }

  /// The same for another key.
  as(key) {
    return new Client(this.document, this.url, key);
  }

  target(path, parameters, query) {
    const filled = path.replace(/\{(\w+)\}/g, (_, name) => {
      assert.ok(parameters[name] !== undefined, `${path} needs '${name}'`);
      return String(parameters[name]).split("/").map(encodeURIComponent).join("/");
    });
    const search = new URLSearchParams(query).toString();
    return this.url + filled + (search && `?${search}`);
  }

  /// `status`: what must be answered. The answer's JSON comes back, or its text.
  async call(id, status, { path = {}, query = {}, headers = {}, body, lenient = false } = {}) {
    const found = this.document.find(id);
    const isJson = body !== undefined;
    const response = await fetch(this.target(found.path, path, query), {
      method: found.method,
      headers: { ...(this.key && { authorization: `Bearer ${this.key}` }),
                 ...(isJson && { "content-type": "application/json" }), ...headers },
      body: isJson ? (typeof body === "string" ? body : JSON.stringify(body)) : undefined,
    });
    const answer = { status: response.status, headers: response.headers, text: await response.text() };
    this.document.checkAnswer(found, answer);
    assert.ok([status].flat().includes(answer.status), `${id}: ${answer.status} and not ${status}: ${answer.text.slice(0, 500)}`);
    this.document.checkRequest(found, body, answer.status, lenient);
    const isAnsweredInJson = response.headers.get("content-type") === "application/json";
    return isAnsweredInJson && answer.text ? JSON.parse(answer.text) : answer.text;
  }

  /// Opens a WebSocket; `ask(message)` sends a message that the document allows and resolves with what came up to the one
  /// of which `isLast` is true.
  async open(id, { path = {}, query = {}, greets = false } = {}) {
    const found = this.document.find(id);
    const protocol = found.operation["x-websocket"];
    const target = this.target(found.path, path, query).replace(/^http/, "ws");
    const socket = new WebSocket(target, { headers: this.key ? { authorization: `Bearer ${this.key}` } : {} });
    const messages = [];
    let wake = () => {};
    socket.on("message", (data) => { messages.push(JSON.parse(data)); wake(); });
    socket.on("close", () => wake());
    const next = async () => {
      while (messages.length === 0) {
        assert.ok(socket.readyState <= WebSocket.OPEN, `${id}: closed before an answer`);
        await new Promise((resolve) => { wake = resolve; });
      }
      const message = messages.shift();
      this.document.checkValue(protocol.receive, message, `a message of ${id}`);
      return message;
    };
    await new Promise((resolve, reject) => {
      socket.once("open", resolve);
      socket.once("error", reject);
      socket.once("unexpected-response", (_, response) => reject(new Error(`${id}: ${response.statusCode}`)));
    });
    this.document.called.add(id);
    const greeting = greets ? await next() : undefined;
    return {
      greeting,
      close: () => socket.close(),
      ask: async (message, isLast) => {
        this.document.checkValue(protocol.send, message, `the message to ${id}`);
        socket.send(JSON.stringify(message));
        const received = [];
        do received.push(await next()); while (!isLast(received.at(-1)));
        return received;
      },
      /// A message that the document refuses, and the answer.
      sendWrong: async (message) => {
        assert.notEqual(this.document.complaints(protocol.send, message), "", `the document allows ${JSON.stringify(message)}`);
        socket.send(JSON.stringify(message));
        return next();
      },
    };
  }
}
