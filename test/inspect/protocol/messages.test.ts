import { describe, expect, it } from "vitest";
import {
  DRAIN_METHODS,
  encodeError,
  encodeRequest,
  encodeResult,
  type InspectorRequest,
  parseReply,
  parseRequest,
  READING_METHODS,
} from "../../../src/inspect/protocol/messages.js";

describe("a request", () => {
  it.each<InspectorRequest>([
    { id: 0, method: "tree", params: { all: false } },
    { id: Number.MAX_SAFE_INTEGER, method: "tree", params: { all: true } },
    { id: 7, method: "info", params: { actor: "<0.12>" } },
  ])("is read as it was written: %j", (request) => {
    const line = encodeRequest(request);
    expect(line.endsWith("\n")).toBe(true);
    expect(parseRequest(line.trimEnd())).toEqual({ ok: true, request });
  });

  it("for the tree needs no params", () => {
    expect(parseRequest('{"v":1,"id":3,"method":"tree"}')).toEqual({
      ok: true,
      request: { id: 3, method: "tree", params: { all: false } },
    });
  });

  it.each([
    ["GET / HTTP/1.1", null, "malformed", 'Expected a JSON object on one line, got "GET / HTTP/1.1".'],
    ["[1]", null, "malformed", "Expected a JSON object on one line, got an array of 1."],
    ["null", null, "malformed", "Expected a JSON object on one line, got null."],
    ['{"v":1,"method":"tree"}', null, "malformed", 'Expected "id" to be an integer from 0 to 2^53 - 1, got nothing.'],
    [
      '{"v":1,"id":-1,"method":"tree"}',
      null,
      "malformed",
      'Expected "id" to be an integer from 0 to 2^53 - 1, got -1.',
    ],
    [
      '{"v":1,"id":1.5,"method":"tree"}',
      null,
      "malformed",
      'Expected "id" to be an integer from 0 to 2^53 - 1, got 1.5.',
    ],
    ['{"v":1,"id":1,"method":"tree","al":1}', 1, "malformed", 'Unknown property "al" in the request.'],
    ['{"v":1,"id":1,"method":"kill"}', 1, "unknown_method", 'Expected "method" to be "tree" or "info", got "kill".'],
    [
      '{"v":1,"id":1,"method":"toString"}',
      1,
      "unknown_method",
      'Expected "method" to be "tree" or "info", got "toString".',
    ],
    [
      '{"v":1,"id":1,"method":"tree","params":[]}',
      1,
      "bad_params",
      'Expected "params" to be an object, got an array of 0.',
    ],
    [
      '{"v":1,"id":1,"method":"tree","params":{"all":"yes"}}',
      1,
      "bad_params",
      'Expected "all" to be a boolean, got "yes".',
    ],
    ['{"v":1,"id":1,"method":"tree","params":{"depth":1}}', 1, "bad_params", 'Method "tree" takes "all", got "depth".'],
    [
      '{"v":1,"id":1,"method":"info"}',
      1,
      "bad_params",
      'Expected "actor" to be a name or a reference such as "<0.12>", got nothing.',
    ],
    [
      '{"v":1,"id":1,"method":"info","params":{"actor":""}}',
      1,
      "bad_params",
      'Expected "actor" to be a name or a reference such as "<0.12>", got "".',
    ],
    [
      '{"v":1,"id":1,"method":"info","params":{"actor":"a","x":1}}',
      1,
      "bad_params",
      'Method "info" takes "actor", got "x".',
    ],
  ])("is refused with what was expected and what came: %s", (line, id, code, message) => {
    expect(parseRequest(line)).toEqual({ ok: false, id, error: { code, message } });
  });

  it("of another version is refused as such", () => {
    const parsed = parseRequest('{"v":2,"id":1,"method":"tree"}');
    expect(parsed).toMatchObject({ ok: false, id: 1, error: { code: "version" } });
  });

  it("of hostile size fills no error text", () => {
    const parsed = parseRequest(`"${"x".repeat(4_000)}"`);
    expect(parsed.ok ? "" : parsed.error.message).toHaveLength(
      'Expected a JSON object on one line, got "".'.length + 41,
    );
  });
});

describe("a request that changes something", () => {
  const open = [...READING_METHODS, ...DRAIN_METHODS];
  const start = '{"v":1,"id":1,"method":"drain.start","params":';

  it.each<InspectorRequest>([
    { id: 1, method: "drain.look", params: { endpoint: "endpoint" } },
    { id: 2, method: "drain.start", params: { endpoint: "admin", perSecond: 0.1 } },
    { id: 3, method: "drain.start", params: { endpoint: "admin", perSecond: 100_000, by: { pid: 12, uid: 0 } } },
  ])("is read where its action is open, and does not exist elsewhere: %j", (request) => {
    const line = encodeRequest(request).trimEnd();
    expect(parseRequest(line, open)).toEqual({ ok: true, request });
    const message = `Expected "method" to be "tree" or "info", got "${request.method}".`;
    expect(parseRequest(line)).toEqual({ ok: false, id: request.id, error: { code: "unknown_method", message } });
  });

  it.each([
    [`${start}{"perSecond":1}}`, 'Expected "endpoint" to be a name of at most 128 characters, got nothing.'],
    [`${start}{"endpoint":"","perSecond":1}}`, 'Expected "endpoint" to be a name of at most 128 characters, got "".'],
    [`${start}{"endpoint":"e"}}`, 'Expected "perSecond" to be a number from 0.1 to 100000, got nothing.'],
    [`${start}{"endpoint":"e","perSecond":0}}`, 'Expected "perSecond" to be a number from 0.1 to 100000, got 0.'],
    [
      `${start}{"endpoint":"e","perSecond":1e9}}`,
      'Expected "perSecond" to be a number from 0.1 to 100000, got 1000000000.',
    ],
    [
      `${start}{"endpoint":"e","perSecond":1,"by":{"pid":"1"}}}`,
      'Expected "by" to be an object with "pid" and "uid", got an object.',
    ],
    [
      `${start}{"endpoint":"e","perSecond":1,"all":true}}`,
      'Method "drain.start" takes "endpoint", "perSecond", "stayClosed" and "by", got "all".',
    ],
    [`${start}{"endpoint":"e","perSecond":1,"stayClosed":1}}`, 'Expected "stayClosed" to be a boolean, got 1.'],
    [
      '{"v":1,"id":1,"method":"drain.cancel","params":{"x":1}}',
      'Method "drain.cancel" takes "endpoint" and "by", got "x".',
    ],
    ['{"v":1,"id":1,"method":"drain.look","params":{"x":1}}', 'Method "drain.look" takes "endpoint", got "x".'],
  ])("is refused with what was expected and what came: %s", (line, message) => {
    expect(parseRequest(line, open)).toEqual({ ok: false, id: 1, error: { code: "bad_params", message } });
  });
});

describe("a reply", () => {
  it("carries the result as it was encoded", () => {
    expect(parseReply(encodeResult(4, '{"a":[1]}').trimEnd())).toEqual({ ok: true, id: 4, result: { a: [1] } });
  });

  it("carries an error, also to a request that had no id", () => {
    expect(parseReply(encodeError(null, { code: "malformed", message: "m" }).trimEnd())).toEqual({
      ok: false,
      id: null,
      code: "malformed",
      message: "m",
    });
  });

  it.each([
    ["SSH-2.0-OpenSSH", 'expected a JSON object on one line, got "SSH-2.0-OpenSSH"'],
    ['{"v":2,"id":1,"ok":true,"result":{}}', "expected protocol version 1, got 2"],
    ['{"v":1,"ok":true,"result":{}}', 'expected "id" to be the request\'s, got nothing'],
    ['{"v":1,"id":1,"ok":"yes"}', 'expected "ok" with a result or an error, got "yes"'],
    ['{"v":1,"id":1,"ok":false,"error":{"code":3}}', "expected an error with a code and a message"],
  ])("of another form is described: %s", (line, problem) => {
    expect(parseReply(line)).toBe(problem);
  });
});
