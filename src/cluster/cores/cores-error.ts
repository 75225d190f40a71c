import { HoldfastError } from "../../kernel/errors.js";

/**
 * Why the cores of a machine could not be used. `comedy_missing`: the package that hosts their processes is not installed. `core_failed`: a core
 * did not start, or ended again and again, until the host gave up.
 */
export type CoresErrorCode = "comedy_missing" | "core_failed";

/** The cores of a machine could not be used. */
export class CoresError extends HoldfastError {
  override readonly name = "CoresError";
  readonly code: CoresErrorCode;

  constructor(code: CoresErrorCode, text: string, options?: ErrorOptions) {
    super(text, options);
    this.code = code;
  }
}
