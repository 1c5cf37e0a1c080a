/**
 * Reads run requests: the body of an HTTP call, the data of an event on `run.request`.
 *
 * @module
 */
import { MillraceError } from "../base/errors.ts";
import { checkShape } from "../base/shape.ts";
import type { RunRequest } from "./run.ts";

/** A run request from outside; throws `run/request-invalid` with everything that is wrong with it. */
export function parseRunRequest(body: unknown): RunRequest {
  const request = parsePlanRequest(body);
  const { pipeline, names, tags, roots, select } = request;
  if ((pipeline ?? names ?? tags ?? roots ?? select) !== undefined) return request;
  // To plan everything is a question, to run everything may be an accident.
  const issue = "it must name a pipeline, or tasks by names, tags, roots or select";
  throw new MillraceError("run/request-invalid", `Cannot start a run as ${issue}`, {
    details: { issues: [issue] },
  });
}

/** The same where nothing is run: without any name all tasks are meant. */
export function parsePlanRequest(body: unknown): RunRequest {
  const checked = checkShape(body ?? {}, {
    pipeline: "string",
    names: "strings",
    tags: "strings",
    roots: "strings",
    select: "string",
    includeUpstream: "boolean",
    params: "object",
    metadata: "object",
    timeoutMs: "positive",
  });
  const issues = checked.ok ? ambiguity(checked.value) : checked.issues;
  if (checked.ok && issues.length === 0) return checked.value;
  throw new MillraceError("run/request-invalid", `Cannot start a run as ${issues.join("; ")}`, {
    details: { issues },
  });
}

/** What a request selects, without what only a run needs. */
export function selectionOf(
  { params: _, metadata: __, timeoutMs: ___, ...selection }: RunRequest,
): RunRequest {
  return selection;
}

/** A run is of a pipeline or of a selection; which of the two would win is nothing to guess. */
export function ambiguity(request: RunRequest): readonly string[] {
  if (request.pipeline === undefined) return [];
  return (["names", "tags", "roots", "select", "includeUpstream"] as const)
    .filter((key) => request[key] !== undefined)
    .map((key) => `"${key}" selects tasks, which "pipeline" excludes`);
}
