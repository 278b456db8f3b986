/** The one kind of failure that a caller can do something about; everything else thrown is a bug. */
export type FaultCode =
  | "malformed"
  | "unauthorized"
  | "forbidden"
  | "not_found"
  | "taken"
  | "conflict"
  | "stale"
  | "already_assigned"
  | "not_assigned"
  | "not_present"
  | "closed"
  | "still_open"
  | "too_large"
  | "wrong_type"
  | "invalid"
  | "rate_limited"
  | "unavailable";

/** What a fault carries beside its sentence; each key goes into the JSON answer as it is. */
export interface FaultDetails {
  /** For `invalid`: what is wrong with each field. */
  readonly fields?: Readonly<Record<string, string>>;
  /** For `already_assigned`: who has the session. */
  readonly assignedAgent?: string;
  readonly agentName?: string;
  /** For `stale`: what the agent has not seen, oldest first. */
  readonly messages?: readonly unknown[];
  /** For `rate_limited` and `unavailable`: seconds until another try is worth it. */
  readonly retryAfter?: number;
}

export interface FaultOptions extends ErrorOptions {
  /** Who threw it has told the log of its cause, once for all that come of it. */
  readonly isTold?: boolean;
}

export class Fault extends Error {
  override readonly name = "Fault";
  readonly isTold: boolean;

  constructor(
    readonly code: FaultCode,
    message: string,
    readonly details: FaultDetails = {},
    { isTold = false, ...options }: FaultOptions = {},
  ) {
    super(message, options);
    this.isTold = isTold;
  }
}
