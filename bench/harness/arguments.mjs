/**
 * Command-line options for the bench's programs: a table of options in, values or a clear error out. Pure.
 */

/**
 * One option. `type: "flag"` takes no value. A number is a whole number from `min` (0) to `max`.
 *
 * @typedef {{ type: "flag", help: string }
 *   | { type: "number", help: string, value?: number, min?: number, max?: number }
 *   | { type: "text", help: string, value?: string }} Option
 */

/** Misuse of a command line; its message names the option, what was expected and what came. */
export class UsageError extends Error {
  /** @param {string} message */
  constructor(message) {
    super(message);
    this.name = "UsageError";
    this.code = "usage";
  }
}

/**
 * Reads a command line.
 *
 * @param {readonly string[]} words the arguments behind the program's name
 * @param {Readonly<Record<string, Option>>} options by long name
 * @returns {{ flags: Record<string, boolean>, numbers: Record<string, number>, texts: Record<string, string>, rest: string[] }}
 *   each record has a key for every option of its type that has a value or a default; `rest` holds the words without dashes
 * @throws {UsageError} for an unknown option, a missing value or one out of its range
 */
export function readArguments(words, options) {
  /** @type {Record<string, boolean>} */ const flags = {};
  /** @type {Record<string, number>} */ const numbers = {};
  /** @type {Record<string, string>} */ const texts = {};
  /** @type {string[]} */ const rest = [];
  for (const [name, option] of Object.entries(options)) {
    if (option.type === "flag") flags[name] = false;
    else if (option.type === "number" && option.value !== undefined) numbers[name] = option.value;
    else if (option.type === "text" && option.value !== undefined) texts[name] = option.value;
  }
  for (let i = 0; i < words.length; i++) {
    const word = /** @type {string} */ (words[i]);
    if (!word.startsWith("--")) {
      rest.push(word);
      continue;
    }
    const equals = word.indexOf("=");
    const name = equals === -1 ? word.slice(2) : word.slice(2, equals);
    const option = Object.hasOwn(options, name) ? options[name] : undefined;
    if (option === undefined) {
      throw new UsageError(
        `Unknown option --${name}. Known options: ${Object.keys(options)
          .map((known) => `--${known}`)
          .join(", ")}`,
      );
    }
    if (option.type === "flag") {
      if (equals !== -1)
        throw new UsageError(`--${name} takes no value, got ${JSON.stringify(word.slice(equals + 1))}`);
      flags[name] = true;
      continue;
    }
    const value = equals === -1 ? words[++i] : word.slice(equals + 1);
    if (value === undefined || value === "" || (equals === -1 && value.startsWith("--"))) {
      throw new UsageError(`--${name} expects a value: ${option.help}`);
    }
    if (option.type === "text") texts[name] = value;
    else numbers[name] = readNumber(name, value, option.min ?? 0, option.max ?? Number.MAX_SAFE_INTEGER);
  }
  return { flags, numbers, texts, rest };
}

/**
 * Writes the list of options for `--help`.
 *
 * @param {Readonly<Record<string, Option>>} options
 * @returns {string} one line per option
 */
export function describeOptions(options) {
  const names = Object.entries(options).map(([name, option]) => [
    `--${name}${option.type === "flag" ? "" : option.type === "number" ? " N" : " TEXT"}`,
    option.type !== "flag" && option.value !== undefined ? `${option.help} (default ${option.value})` : option.help,
  ]);
  const width = Math.max(...names.map(([name]) => name?.length ?? 0));
  return names.map(([name, help]) => `  ${name?.padEnd(width)}  ${help}`).join("\n");
}

/**
 * @param {string} name
 * @param {string} value
 * @param {number} min
 * @param {number} max
 */
function readNumber(name, value, min, max) {
  const number = /^\d+$/.test(value) ? Number(value) : Number.NaN;
  if (!(number >= min && number <= max)) {
    const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
    throw new UsageError(`--${name} expects a whole number ${range}, got ${JSON.stringify(value)}`);
  }
  return number;
}
