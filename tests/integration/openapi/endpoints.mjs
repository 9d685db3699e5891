// SPDX-License-Identifier: GPL-3.0-or-later
// Which endpoints the program has: paths are taken from its sources, and the program itself is asked for their methods.
import { readFileSync, readdirSync } from "node:fs";

const folder = new URL("../../../src/api/", import.meta.url);

/// Every string in the sources of the endpoints that looks like a path, by its spelling in the document.
function candidates(pattern) {
  const found = new Set();
  for (const name of readdirSync(folder).filter((file) => file.endsWith(".cpp")))
    for (const match of readFileSync(new URL(name, folder), "utf8").matchAll(pattern))
      found.add(match[1].replace("...}", "}"));
  return [...found];
}

/// The sources' paths that `url` answers, as "METHOD /path".
export async function endpointsOf(url) {
  const endpoints = [];
  for (const path of candidates(/"(\/[a-z][\w./{}-]*)"/g)) {
    const response = await fetch(url + path.replace(/\{\w+\}/g, "x"), { method: "OPTIONS" });
    const allowed = (response.headers.get("allow") ?? "").split(/, */);
    for (const method of allowed.filter((name) => name && name !== "OPTIONS" && name !== "HEAD"))
      endpoints.push(`${method} ${path}`);
  }
  return endpoints;
}

export const socketPaths = () => candidates(/addWebSocket\(\s*"([^"]+)"/g);
