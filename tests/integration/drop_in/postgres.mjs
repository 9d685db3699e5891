// SPDX-License-Identifier: GPL-3.0-or-later
// A PostgreSQL server of the test's own, on a Unix socket, where the machine has one installed.
import { execFileSync, spawn } from "node:child_process";
import { chownSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually } from "./scene.mjs";

const installed = "/usr/lib/postgresql";

// Debian keeps each version's programs in a folder of its own; the newest counts.
function folderOfPrograms() {
  const versions = existsSync(installed) ? readdirSync(installed).sort((a, b) => Number(b) - Number(a)) : [];
  return versions.map((version) => join(installed, version, "bin")).find((folder) => existsSync(join(folder, "postgres")));
}

// It refuses to run as root.
function otherUser() {
  if (process.getuid() !== 0) return {};
  const line = readFileSync("/etc/passwd", "utf8").split("\n").find((user) => user.startsWith("postgres:"));
  if (!line) return undefined;
  const [, , uid, gid] = line.split(":").map(Number);
  return { uid, gid };
}

export class Postgres {
  // Gives nothing where there is none to start.
  static async start() {
    const programs = folderOfPrograms(), user = otherUser();
    if (!programs || !user) return undefined;
    const postgres = new Postgres();
    postgres.home = mkdtempSync(join(tmpdir(), "gatehouse-postgres-"));
    if (user.uid !== undefined) chownSync(postgres.home, user.uid, user.gid);
    const options = { ...user, cwd: postgres.home, env: { PATH: process.env.PATH, LC_ALL: "C.UTF-8" }, stdio: "ignore" };
    const data = join(postgres.home, "data");
    execFileSync(join(programs, "initdb"), ["-D", data, "-U", "gateway", "-A", "trust", "-E", "UTF8", "--no-sync"], options);
    postgres.child = spawn(join(programs, "postgres"), ["-D", data, "-k", postgres.home, "-h", "", "-c", "fsync=off"], options);
    postgres.ended = new Promise((resolve) => postgres.child.once("exit", resolve));
    const pidFile = join(data, "postmaster.pid");
    await eventually(() => existsSync(pidFile) && readFileSync(pidFile, "utf8").split("\n")[7]?.trim() === "ready", "PostgreSQL's start");
    execFileSync(join(programs, "createdb"), ["-h", postgres.home, "-U", "gateway", "gateway"], options);
    return postgres;
  }

  // As SQLAlchemy's users write it.
  get url() { return `postgresql+asyncpg://gateway:unused@${encodeURIComponent(this.home)}/gateway`; }

  async stop() {
    this.child.kill("SIGQUIT");
    await this.ended;
    rmSync(this.home, { recursive: true, force: true });
  }
}
