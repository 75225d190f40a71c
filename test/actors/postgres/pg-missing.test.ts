import { PostgresConnection, postgresConnections } from "holdfast/actors";
import { expect, test, vi } from "vitest";

test("without the package pg the error says how to install it", async () => {
  vi.doMock("pg", () => {
    throw new Error("Cannot find package 'pg'");
  });
  const opening = PostgresConnection.open({}, new AbortController().signal);
  await expect(opening).rejects.toMatchObject({
    code: "pg_missing",
    message: expect.stringContaining('Install it with "npm install pg"'),
  });
  vi.doUnmock("pg");
});

test("options that cannot be used are refused at once", () => {
  const untyped: (options: object) => unknown = postgresConnections;
  expect(() => untyped({ config: "postgres://localhost" })).toThrow("Expected config to be an object as pg takes it");
  expect(() => untyped({ prepare: "select 1" })).toThrow("Expected prepare to be a function");
  expect(() => untyped({ checkQuery: "" })).toThrow("Expected checkQuery to be a text that is not empty");
});
