// SPDX-License-Identifier: GPL-3.0-or-later
// A WebSocket as a chat client has it: what came is kept in order until somebody asks for it.
import WebSocket from "ws";

export class Socket {
  // Gives the socket once it is open; throws `{status}` where the handshake is refused.
  static open(url, { protocols = [], headers = {}, origin } = {}) {
    const socket = new Socket();
    socket.ws = new WebSocket(url.replace(/^http/, "ws"), protocols, { headers, origin });
    socket.texts = [];
    socket.waiting = [];
    socket.closed = new Promise((resolve) => socket.ws.once("close", (code) => resolve(code)));
    socket.ws.on("message", (data, isBinary) => {
      socket.texts.push(isBinary ? data : data.toString("utf8"));
      socket.waiting.shift()?.();
    });
    socket.ws.once("close", () => socket.waiting.forEach((wake) => wake()));
    return new Promise((resolve, reject) => {
      socket.ws.once("open", () => resolve(socket));
      socket.ws.once("unexpected-response", (request, response) => {
        response.resume();
        reject(Object.assign(new Error(`refused with ${response.statusCode}`), { status: response.statusCode }));
      });
      socket.ws.on("error", reject); // After the opening nobody listens, and the close tells enough.
    });
  }

  send(message) { this.ws.send(typeof message === "string" || Buffer.isBuffer(message) ? message : JSON.stringify(message)); }

  // The next message as text.
  async text() {
    for (const end = Date.now() + 20_000; this.texts.length === 0;) {
      if (this.ws.readyState === WebSocket.CLOSED) throw new Error("the server has closed the socket");
      if (Date.now() >= end) throw new Error("no message came");
      let alarm;
      await new Promise((wake) => {
        this.waiting.push(wake);
        alarm = setTimeout(wake, end - Date.now());
      });
      clearTimeout(alarm);
    }
    return this.texts.shift();
  }
  async next() { return JSON.parse(await this.text()); }

  // All messages up to and with the first of such a type.
  async until(...types) {
    const messages = [];
    do messages.push(await this.next());
    while (!types.includes(messages.at(-1).type));
    return messages;
  }

  close() {
    this.ws.close();
    return this.closed;
  }
}
