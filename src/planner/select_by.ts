/**
 * Which tasks a selector means.
 *
 * @module
 */
import { wildcard } from "../base/wildcard.ts";
import type { TaskDescriptor } from "../task/descriptor.ts";
import type { Selector } from "../task/selector.ts";
import type { Descriptors } from "./descriptors.ts";
import { prepareTask } from "../task/prepared_task.ts";

/** What a selector gives. */
export interface SelectedBy {
  /** The names of the selected tasks. */
  readonly selected: ReadonlySet<string>;
  /** Names without `*` in the selector that no task has. */
  readonly unknown: readonly string[];
}

/** The tasks that a selector means. Takes O(tasks + edges) for each part of it. */
export function selectBy(descriptors: Descriptors, selector: Selector): SelectedBy {
  const unknown: string[] = [];
  const links = new Links(descriptors);
  const named = (pattern: string): Set<string> => {
    if (pattern.includes("*")) {
      const matches = wildcard(pattern);
      return where(descriptors, ({ name }) => matches(name));
    }
    if (descriptors.has(pattern)) return new Set([pattern]);
    unknown.push(pattern);
    return new Set();
  };
  const evaluate = (part: Selector): ReadonlySet<string> => {
    switch (part.kind) {
      case "name":
        return named(part.pattern);
      case "tag": {
        const matches = part.quoted ? (tag: string) => tag === part.pattern : wildcard(part.pattern);
        return where(descriptors, ({ tags }) => tags.some(matches));
      }
      case "not": {
        const others = evaluate(part.of);
        return where(descriptors, ({ name }) => !others.has(name));
      }
      case "and":
        return part.of.map(evaluate).reduce((all, one) => all.intersection(one));
      case "or":
        return part.of.map(evaluate).reduce((all, one) => all.union(one));
      case "walk": {
        const from = evaluate(part.of);
        return links.walk(from, part.upstream, "upstream").union(
          links.walk(from, part.downstream, "downstream"),
        );
      }
    }
  };
  return { selected: evaluate(selector), unknown };
}

function where(descriptors: Descriptors, fits: (task: TaskDescriptor) => boolean): Set<string> {
  const found = new Set<string>();
  for (const task of descriptors.values()) if (fits(task)) found.add(task.name);
  return found;
}

/** Steps from task to task; what feeds what is looked up once it is asked for. */
class Links {
  readonly #descriptors: Descriptors;
  #consumers: Map<string, string[]> | undefined;

  constructor(descriptors: Descriptors) {
    this.#descriptors = descriptors;
  }

  /** The tasks that are at most so many steps away, those at the start included. */
  walk(from: ReadonlySet<string>, steps: number, direction: "upstream" | "downstream"): Set<string> {
    const found = new Set(from);
    let edge: readonly string[] = [...from];
    for (let step = 0; step < steps && edge.length > 0; step++) {
      const next: string[] = [];
      for (const name of edge) {
        for (const other of direction === "upstream" ? this.#sourcesOf(name) : this.#consumersOf(name)) {
          if (found.has(other)) continue;
          found.add(other);
          next.push(other);
        }
      }
      edge = next;
    }
    return found;
  }

  #sourcesOf(name: string): string[] {
    return prepareTask(this.#descriptors.get(name)!).sources.filter((source) =>
      this.#descriptors.has(source)
    );
  }

  #consumersOf(name: string): readonly string[] {
    if (this.#consumers === undefined) {
      this.#consumers = new Map();
      for (const task of this.#descriptors.values()) {
        for (const source of prepareTask(task).sources) {
          const known = this.#consumers.get(source);
          if (known === undefined) this.#consumers.set(source, [task.name]);
          else known.push(task.name);
        }
      }
    }
    return this.#consumers.get(name) ?? [];
  }
}
