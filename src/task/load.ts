/**
 * What a module defines. The loader imports the module; here is decided what of its exports counts.
 *
 * @module
 */
import { MillraceError } from "../base/errors.ts";
import { isPipeline, type Pipeline } from "./pipeline.ts";
import { duplicateTask } from "./registry.ts";
import { brandOf, isEdge, isTask, type Task } from "./task.ts";
import { isTrigger, type Trigger } from "./trigger.ts";

/** Definitions, each kind with unique names, in the order in which they were found. */
export interface Definitions {
  /** Tasks, also those that others only refer to. */
  readonly tasks: readonly Task[];
  /** Pipelines. */
  readonly pipelines: readonly Pipeline[];
  /** Triggers. */
  readonly triggers: readonly Trigger[];
}

/**
 * The definitions that a module exports, by itself or in arrays, and the tasks that they refer to. Other
 * exports are left alone.
 *
 * @param namespace The imported module.
 * @param moduleUrl Where it came from, for messages.
 * @throws {MillraceError} `task/duplicate`, `pipeline/duplicate` or `trigger/duplicate` for two different
 *   definitions of one name; `module/definition-invalid` for an export that only looks like a definition.
 */
export function collectDefinitions(namespace: object, moduleUrl: string): Definitions {
  const found = new Collection();
  for (const [name, value] of Object.entries(namespace)) {
    for (const item of Array.isArray(value) ? value : [value]) {
      assertComplete(item, moduleUrl, name);
      if (isTask(item)) found.addTask(item);
      else if (isPipeline(item)) found.addPipeline(item);
      else if (isTrigger(item)) found.addTrigger(item);
    }
  }
  return found.definitions();
}

/** The definitions of several modules as one; the very same definition twice is fine. Throws as above. */
export function mergeDefinitions(...parts: readonly Definitions[]): Definitions {
  const found = new Collection();
  for (const { tasks, pipelines, triggers } of parts) {
    for (const task of tasks) found.addTask(task);
    for (const pipeline of pipelines) found.addPipeline(pipeline);
    for (const trigger of triggers) found.addTrigger(trigger);
  }
  return found.definitions();
}

/** Definitions by name. */
class Collection {
  readonly #tasks = new Map<string, Task>();
  readonly #pipelines = new Map<string, Pipeline>();
  readonly #triggers = new Map<string, Trigger>();

  /** Adds a task and all it refers to, without recursion: a chain may be long. */
  addTask(first: Task): void {
    const waiting = [first];
    for (let task = waiting.pop(); task !== undefined; task = waiting.pop()) {
      const known = this.#tasks.get(task.name);
      if (known === task) continue;
      if (known !== undefined) throw duplicateTask(task.name);
      this.#tasks.set(task.name, task);
      waiting.push(...upstream(task));
    }
  }

  addPipeline(pipeline: Pipeline): void {
    const { name } = pipeline;
    if ((this.#pipelines.get(name) ?? pipeline) !== pipeline) {
      throw new MillraceError(
        "pipeline/duplicate",
        `Cannot register a pipeline as its name must be unique: "${name}" is another pipeline already`,
        { details: { pipeline: name } },
      );
    }
    this.#pipelines.set(name, pipeline);
    for (const task of pipeline.tasks ?? []) this.addTask(task);
  }

  addTrigger(trigger: Trigger): void {
    const { name } = trigger;
    if ((this.#triggers.get(name) ?? trigger) !== trigger) {
      throw new MillraceError(
        "trigger/duplicate",
        `Cannot register a trigger as its name must be unique: "${name}" is another trigger already`,
        { details: { trigger: name } },
      );
    }
    this.#triggers.set(name, trigger);
  }

  definitions(): Definitions {
    return {
      tasks: [...this.#tasks.values()],
      pipelines: [...this.#pipelines.values()],
      triggers: [...this.#triggers.values()],
    };
  }
}

/** The tasks that a task refers to by themselves, not by name. */
function upstream(task: Task): Task[] {
  const sources = Object.values(task.inputs).map((source) => isEdge(source) ? source.task : source);
  return [...sources, ...task.after].filter(isTask);
}

/** A definition has a name, and what makes it one of its kind: an object written by hand may have neither. */
function assertComplete(value: unknown, moduleUrl: string, exportName: string): void {
  const { name, run, inputs, after, on, kind, topic } = (value ?? {}) as Record<string, unknown>;
  const complete = {
    task: typeof run === "function" && typeof inputs === "object" && Array.isArray(after),
    pipeline: Array.isArray(on),
    trigger: typeof kind === "string" && typeof topic === "string",
  }[String(brandOf(value))];
  if (complete === undefined || (complete && typeof name === "string")) return;
  throw new MillraceError(
    "module/definition-invalid",
    `Cannot load export "${exportName}" as a definition must be made by defineTask(), definePipeline() or ` +
      `defineTrigger(): ${moduleUrl}`,
    { details: { module: moduleUrl, export: exportName } },
  );
}
