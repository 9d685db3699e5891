// SPDX-License-Identifier: GPL-3.0-or-later
// Starts the programs under test on free ports and waits for the line in which each says that it is ready.
import { spawn } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const bin = process.env.GATEHOUSE_BIN_DIR;
if (!bin) throw new Error("GATEHOUSE_BIN_DIR must name the folder of the built programs");

// Nothing of the developer's own configuration may reach the program under test.
function cleanEnvironment(extra) {
  const home = mkdtempSync(join(tmpdir(), "gatehouse-client-"));
  return { PATH: process.env.PATH, HOME: home, XDG_CONFIG_HOME: home, XDG_DATA_HOME: home, LC_ALL: "C.UTF-8",
           LSAN_OPTIONS: process.env.LSAN_OPTIONS ?? "", ...extra };
}

export async function start(program, args, environment = {}) {
  const env = cleanEnvironment(environment);
  const child = spawn(join(bin, program), args, { env, cwd: env.HOME, stdio: ["ignore", "pipe", "inherit"] });
  const url = await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`${program} ended with ${code} before it was ready`)));
    createInterface({ input: child.stdout }).on("line", (line) => {
      const ready = line.match(/ ready on (http:\/\/\S+)/);
      if (ready) resolve(ready[1]);
    });
  });
  return {
    url,
    stop: () => new Promise((resolve) => {
      child.removeAllListeners("exit");
      child.once("exit", resolve);
      child.kill("SIGTERM");
    }),
  };
}
