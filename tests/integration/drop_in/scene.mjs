// SPDX-License-Identifier: GPL-3.0-or-later
// Starts the programs as an operator would who kept a predecessor's `.env`: the fake upstream in the place of the model
// server, and Gatehouse with that file, in which nothing is changed but where the upstreams are.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const bin = process.env.GATEHOUSE_BIN_DIR;
if (!bin) throw new Error("GATEHOUSE_BIN_DIR must name the folder of the built programs");

// Nothing of the developer's own configuration may reach the program under test.
function cleanEnvironment(home) {
  const kept = ["PATH", "LSAN_OPTIONS", "ASAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS"].filter((name) => process.env[name]);
  return { HOME: home, XDG_CONFIG_HOME: home, XDG_DATA_HOME: home, LC_ALL: "C.UTF-8",
           ...Object.fromEntries(kept.map((name) => [name, process.env[name]])) };
}

// A running program. `log` is what it has said on standard error.
async function run(program, args, home) {
  const child = spawn(join(bin, program), args, { env: cleanEnvironment(home), cwd: home, stdio: ["ignore", "pipe", "pipe"] });
  process.once("exit", () => child.kill("SIGKILL")); // Nothing outlives a test that fell.
  const running = { child, url: "", log: "" };
  running.ended = new Promise((resolve) => child.once("exit", (code, signal) => resolve({ code, signal })));
  child.stderr.setEncoding("utf8").on("data", (text) => (running.log += text));
  running.url = await new Promise((resolve, reject) => {
    child.once("error", reject);
    running.ended.then(({ code }) => reject(new Error(`${program} ended with ${code} before it was ready:\n${running.log}`)));
    createInterface({ input: child.stdout }).on("line", (line) => {
      const ready = line.match(/ ready on (http:\/\/\S+)/);
      if (ready) resolve(ready[1]);
    });
  });
  return running;
}

const folder = () => mkdtempSync(join(tmpdir(), "gatehouse-drop-in-"));

export class Upstream {
  static async start({ models, behave = "", port = "0" }) {
    const upstream = new Upstream();
    upstream.home = folder();
    upstream.program = await run("gatehouse-fake-upstream",
                                 ["--port", port, "--models", models.join(","), ...(behave ? ["--behave", behave] : [])], upstream.home);
    return upstream;
  }
  get url() { return this.program.url; }

  // The chats that it was asked to answer, oldest first: each `{headers, path, body, …}`, the body parsed.
  async asked() {
    const stats = await (await fetch(`${this.url}/fake/stats`)).json();
    return stats.requests.filter((request) => request.method === "POST").map((request) => ({ ...request, body: JSON.parse(request.body) }));
  }
  async last() { return (await this.asked()).at(-1); }

  async stop() {
    this.program.child.kill("SIGTERM");
    await this.program.ended;
    rmSync(this.home, { recursive: true, force: true });
  }
}

export class Gatehouse {
  // `envFile`: the predecessor's own. `moved`: from the addresses in it to those of the test.
  static async start({ envFile, moved }) {
    const gatehouse = new Gatehouse();
    gatehouse.home = folder();
    let text = readFileSync(envFile, "utf8");
    for (const [from, to] of Object.entries(moved)) {
      if (!text.includes(from)) throw new Error(`${envFile} doesn't name ${from}`);
      text = text.replaceAll(from, to);
    }
    gatehouse.envFile = join(gatehouse.home, "predecessor.env");
    writeFileSync(gatehouse.envFile, text, { mode: 0o600 });
    await gatehouse.restart();
    return gatehouse;
  }

  // On the address that it had, so that clients find it again.
  async restart() {
    const port = this.url ? new URL(this.url).port : "0";
    this.program = await run("gatehouse", ["serve", "--env-file", this.envFile, "--host", "127.0.0.1", "--port", port,
                                           "--data-dir", join(this.home, "data")], this.home);
    this.url = this.program.url;
  }

  get log() { return this.program.log; }

  // What `gatehouse config check` says to the same file: `{code, text}`.
  async check() {
    const child = spawn(join(bin, "gatehouse"), ["config", "check", "--env-file", this.envFile], { env: cleanEnvironment(this.home), cwd: this.home });
    let text = "";
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (more) => (text += more));
    const code = await new Promise((resolve, reject) => child.once("error", reject).once("close", resolve));
    return { code, text };
  }

  async kill() {
    this.program.child.kill("SIGKILL");
    await this.program.ended;
  }

  async stop() {
    this.program.child.kill("SIGTERM");
    const { code } = await this.program.ended;
    rmSync(this.home, { recursive: true, force: true });
    if (code !== 0) throw new Error(`gatehouse ended with ${code}:\n${this.program.log}`);
  }

  // One request, read to its end: `{status, headers, text, json}`; `json` is undefined where the body is none.
  async ask(path, { method, body, key, headers = {} } = {}) {
    const response = await fetch(this.url + path, {
      method: method ?? (body === undefined ? "GET" : "POST"),
      headers: { ...(body === undefined ? {} : { "content-type": "application/json" }), ...(key ? { authorization: `Bearer ${key}` } : {}), ...headers },
      body: body === undefined || typeof body === "string" ? body : JSON.stringify(body),
    });
    const text = await response.text();
    let json;
    try { json = JSON.parse(text); } catch { /* not JSON */ }
    return { status: response.status, headers: response.headers, text, json };
  }
}

// What the fake upstream answers with n tokens.
export const words = (n) => Array.from({ length: n }, (_, i) => `w${i} `).join("");

// The events of a stream as they came: the text is cut at the empty lines and nothing else is done to it.
export const eventsOf = (text) => text.split("\n\n").filter((event) => event !== "");

// Waits until `find` gives something true.
export async function eventually(find, what = "it", pauseMs = 20) {
  for (const end = Date.now() + 20_000; Date.now() < end;) {
    const found = await find();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
  throw new Error(`${what} never happened`);
}
