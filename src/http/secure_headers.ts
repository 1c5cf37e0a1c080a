/**
 * The header fields that every answer carries.
 *
 * @module
 */

const FIELDS: readonly (readonly [name: string, value: string])[] = [
  ["cache-control", "no-store"],
  // For everything but the page, which has a policy of its own: nothing in it may be run or framed.
  ["content-security-policy", "default-src 'none'; frame-ancestors 'none'"],
  ["cross-origin-opener-policy", "same-origin"],
  ["cross-origin-resource-policy", "same-origin"],
  ["referrer-policy", "no-referrer"],
  ["x-content-type-options", "nosniff"],
  ["x-frame-options", "DENY"],
];

/** Sets the fields that the response has not set itself. */
export function secure(response: Response): Response {
  for (const [name, value] of FIELDS) {
    if (!response.headers.has(name)) response.headers.set(name, value);
  }
  return response;
}
