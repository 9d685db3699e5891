// SPDX-License-Identifier: GPL-3.0-or-later
// resources/openapi.json, and what it says of one exchange of a request and its answer.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import Ajv2020 from "ajv/dist/2020.js";
import addFormats from "ajv-formats";

const source = new URL("../../../resources/openapi.json", import.meta.url);
const methods = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

const mediaType = (text) => text.toLowerCase().replaceAll(" ", "");

export class Document {
  constructor() {
    this.content = JSON.parse(readFileSync(source, "utf8"));
    this.ajv = new Ajv2020({ strict: false, allErrors: true });
    addFormats(this.ajv);
    this.ajv.addSchema({ $id: "openapi.json", components: this.content.components });
    this.validators = new Map();
    this.called = new Set(); ///< Operations that have been answered well.
  }

  /// Every operation as { id, method, path, operation }.
  operations() {
    return Object.entries(this.content.paths).flatMap(([path, item]) =>
      methods.filter((method) => item[method]).map((method) =>
        ({ id: item[method].operationId, method: method.toUpperCase(), path, operation: item[method] })));
  }

  find(id) {
    const found = this.operations().find((operation) => operation.id === id);
    assert.ok(found, `the document has no operation '${id}'`);
    return found;
  }

  resolve(object) {
    if (!object?.$ref) return object;
    return object.$ref.slice(2).split("/").reduce((part, name) => part[name], this.content);
  }

  /// What is wrong with a value, as text; empty: nothing.
  complaints(schema, value) {
    const text = JSON.stringify(schema).replaceAll('"#/components/', '"openapi.json#/components/');
    if (!this.validators.has(text)) this.validators.set(text, this.ajv.compile(JSON.parse(text)));
    const validate = this.validators.get(text);
    return validate(value) ? "" : this.ajv.errorsText(validate.errors, { separator: "\n  " });
  }

  checkValue(schema, value, what) {
    const complaints = this.complaints(schema, value);
    assert.equal(complaints, "", `${what} is not as documented:\n  ${complaints}\n${JSON.stringify(value).slice(0, 2000)}`);
  }

  /// A request that is answered well must be one that the document allows, and one that is refused for its body must
  /// not be (`lenient`: the document can't tell).
  checkRequest({ operation, id }, body, status, lenient) {
    const schema = operation.requestBody?.content["application/json"]?.schema;
    if (!schema || body === undefined || typeof body === "string") return;
    if (status < 300) this.checkValue(schema, body, `the request of ${id}`);
    else if (status === 400 && !lenient)
      assert.notEqual(this.complaints(schema, body), "", `the document allows what ${id} refuses: ${JSON.stringify(body)}`);
  }

  /// Status, headers, content type and body of an answer.
  checkAnswer({ operation, id }, answer) {
    const { status } = answer;
    const response = this.resolve(operation.responses[status] ?? operation.responses[`${String(status)[0]}XX`]);
    assert.ok(response, `${id} answered ${status}, which is not documented:\n${answer.text.slice(0, 1000)}`);
    if (status < 400) this.called.add(id);
    assert.ok(answer.headers.get("x-request-id"), `${id}: no x-request-id`);
    assert.equal(answer.headers.get("x-content-type-options"), "nosniff");
    this.checkHeaders(response, answer, id);
    if (!response.content) return assert.equal(answer.text, "", `${id} answered ${status} with a body`);
    const type = mediaType(answer.headers.get("content-type") ?? "");
    const content = Object.entries(response.content).find(([name]) => mediaType(name) === type)?.[1];
    assert.ok(content, `${id} answered ${status} as '${type}', which is not documented`);
    if (type === "application/json") this.checkValue(content.schema, JSON.parse(answer.text), `${id}'s answer ${status}`);
    if (content["x-event-schema"]) this.checkEvents(content["x-event-schema"], answer.text, id);
  }

  checkHeaders(response, { headers }, id) {
    for (const [name, reference] of Object.entries(response.headers ?? {})) {
      const value = headers.get(name);
      const { schema } = this.resolve(reference);
      if (value !== null) this.checkValue(schema, schema.type === "integer" ? Number(value) : value, `${id}'s ${name}`);
    }
  }

  checkEvents(schema, text, id) {
    const blocks = text.split("\n\n");
    assert.equal(blocks.pop(), "", `${id}: the stream ends inside an event`);
    for (const block of blocks) {
      if (block.startsWith(":")) continue;
      assert.match(block, /^data: [^\n]*$/, `${id}: an event is one line of data`);
      const data = block.slice("data: ".length);
      if (data !== "[DONE]") this.checkValue(schema, JSON.parse(data), `an event of ${id}`);
    }
  }

  uncalled() {
    return this.operations().map(({ id }) => id).filter((id) => !this.called.has(id));
  }
}
