import { HoldfastError } from "../../kernel/errors.js";

/** What was wrong: a value that cannot cross, or bytes that are no value. */
export type CodecErrorCode = "cannot_carry" | "bad_frame" | "unknown_version";

/**
 * A value that cannot be carried to another node, or bytes from one that cannot be read.
 *
 * `cannot_carry` names the field in its text and in `field` (`$` is the value itself: `$.items[3].done`). `bad_frame` says what was expected
 * where; nothing of such a frame is used. `unknown_version` comes from a node whose release is too far from this one's.
 */
export class CodecError extends HoldfastError {
  override readonly name = "CodecError";
  readonly code: CodecErrorCode;
  /** The field that cannot be carried; empty for bytes that cannot be read. */
  readonly field: string;

  constructor(code: CodecErrorCode, text: string, field = "") {
    super(text);
    this.code = code;
    this.field = field;
  }
}
