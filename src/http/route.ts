/**
 * What a route is. Routes are data: the router, the answer to a wrong method and the index are made of them.
 *
 * @module
 */

/** One request, as a route sees it. */
export interface Call {
  /** The request; its body is read by `body` or `json`. */
  readonly request: Request;
  /** What stands behind the `?`. */
  readonly query: URLSearchParams;
  /** A part of the path, decoded; throws for one that the path has not. */
  param(name: string): string;
  /** The body as received, read once; throws `http/body-too-large`. */
  body(): Promise<Uint8Array>;
  /** The body as a JSON value, `undefined` if empty; throws problems for anything else. */
  json(): Promise<unknown>;
}

/** One route. */
export interface Route {
  /** Its method; `GET` answers `HEAD` too. */
  readonly method: "GET" | "POST";
  /** Its path; `:name` stands for one segment. */
  readonly path: string;
  /** What it does, for the index. */
  readonly summary: string;
  /** Answers; what it throws becomes a problem document. */
  handle(call: Call): Response | Promise<Response>;
}
