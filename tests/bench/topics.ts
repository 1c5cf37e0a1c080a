/** Topics matched a second, beside another library and a bare Map; and what the patterns take of memory. */
import { createTopicMatcher, type TopicMatcher } from "../../src/event/matcher.ts";
import { matchTopic, parsePattern } from "../../src/event/topic.ts";
import { TopicIndex } from "../../src/event/topic_index.ts";
import { assertCount, type Bench, type OpenBench } from "./figure.ts";
import { openPeer, type Peer } from "./peers/peer.ts";
import { type Draw, type TopicLoad, topicLoad } from "./topic_load.ts";

const uncached = "index alone: every topic as if it were new";
const cached = "matcher: index and cache";
const full = "matcher: index and full cache";
const qlobber = "npm qlobber: QlobberDedup";
const bare = "raw: Map.get";

/** Fills each matcher when it is first measured. */
export async function topics(quick: boolean): Promise<OpenBench> {
  const [sizes, times] = quick ? [[1_000], 2_000] as const : [[1_000, 10_000, 100_000], 100_000] as const;
  const stack = new AsyncDisposableStack();
  const opened = await openPeer("matchers.ts");
  const peer = "missing" in opened ? undefined : opened;
  if ("missing" in opened) {
    // deno-lint-ignore no-console -- whoever looks for the figures must know why they are not there
    console.error(`Without qlobber, which cannot be had: ${opened.missing}`);
  } else stack.use(opened);
  const subjects = sizes.map((size) => new Subjects(size, times, peer));
  return {
    benches: [
      ...subjects.map((subject) => subject.match("uniform")),
      ...subjects.map((subject) => subject.match("zipf")),
      ...subjects.map((subject) => subject.change()),
      ...(peer === undefined ? [] : sizes.map((size) => memoryBench(size, peer))),
      hostileBench(times),
      singleBench(times),
    ],
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** What is measured at one number of patterns. */
class Subjects {
  readonly #name: string;
  #load: TopicLoad | undefined;
  #matcher: TopicMatcher<number> | undefined;
  #index: TopicIndex<number> | undefined;
  #map: Map<string, number> | undefined;

  constructor(readonly size: number, readonly times: number, readonly peer: Peer | undefined) {
    this.#name = `${size.toLocaleString("en")} patterns`;
  }

  match(draw: Draw): Bench {
    return {
      name: `topics matched, ${this.#name}, ${draw}`,
      unit: "topics/s",
      subjects: {
        [uncached]: () => this.#rate(draw, (topic) => this.#indexed().match(topic).length),
        [cached]: () => this.#rate(draw, (topic) => this.#filled().match(topic).length),
        ...(this.peer && { [qlobber]: () => this.#ask(draw) }),
        [bare]: () => this.#rate(draw, (topic) => this.#bare().has(topic) ? 1 : 0),
      },
      compare: [
        ...(this.peer ? [[uncached, qlobber], [cached, qlobber]] as const : []),
        [cached, bare],
      ],
    };
  }

  change(): Bench {
    return {
      name: `topics matched, ${this.#name}, zipf, one of them changing every 100 topics`,
      unit: "topics/s",
      subjects: {
        [cached]: () => {
          const matcher = this.#filled();
          const { patterns } = this.#loaded();
          let asked = 0;
          let remove: (() => void) | undefined;
          let add = 0;
          return this.#rate("zipf", (topic) => {
            if (asked++ % 100 === 0) {
              if (remove === undefined) remove = matcher.add(patterns[add++ % this.size]!, -1);
              else {
                remove();
                remove = undefined;
              }
            }
            return matcher.match(topic).length;
          });
        },
        ...(this.peer && { [qlobber]: () => this.#ask("changing") }),
      },
      compare: this.peer ? [[cached, qlobber]] : [],
    };
  }

  /** Draws the topics first. */
  #rate(draw: Draw, match: (topic: string) => number): Promise<number> {
    const topics = this.#loaded().draw(draw, this.times);
    match(topics[0]!);
    const startedMs = performance.now();
    let found = 0;
    for (const topic of topics) if (match(topic) > 0) found++;
    const tookMs = performance.now() - startedMs;
    if (found < this.times / 2) assertCount("topics that are matched", found, this.times);
    return Promise.resolve(this.times / tookMs * 1_000);
  }

  async #ask(subject: string): Promise<number> {
    return this.times / await this.peer!.ask(subject, this.size, this.times) * 1_000;
  }

  #loaded(): TopicLoad {
    return this.#load ??= topicLoad(this.size);
  }

  #filled(): TopicMatcher<number> {
    if (this.#matcher !== undefined) return this.#matcher;
    const matcher = createTopicMatcher<number>();
    for (const [value, pattern] of this.#loaded().patterns.entries()) matcher.add(pattern, value);
    return this.#matcher = matcher;
  }

  #indexed(): TopicIndex<number> {
    return this.#index ??= indexOf(this.#loaded().patterns);
  }

  #bare(): Map<string, number> {
    return this.#map ??= new Map(this.#loaded().patterns.map((pattern, value) => [pattern, value]));
  }
}

function indexOf(patterns: readonly string[]): TopicIndex<number> {
  const index = new TopicIndex<number>();
  for (const [value, pattern] of patterns.entries()) {
    index.add(parsePattern(pattern).alternatives[0]!, pattern, value, value);
  }
  return index;
}

function memoryBench(size: number, peer: Peer): Bench {
  return {
    name: `memory of ${size.toLocaleString("en")} patterns`,
    unit: "bytes/pattern",
    subjects: {
      [cached]: () => peer.ask("bytes-millrace", size, 1),
      [full]: () => peer.ask("bytes-millrace-asked", size, 1),
      [qlobber]: () => peer.ask("bytes-qlobber", size, 1),
    },
    compare: [[cached, qlobber], [full, qlobber]],
  };
}

function hostileBench(times: number): Bench {
  const topic = Array(16).fill("a").join(".");
  const [hostile, literal] = ["**.a.**.a.**", "a literal"];
  const rate = (pattern: string): Promise<number> => {
    const index = indexOf([pattern]);
    const startedMs = performance.now();
    let found = 0;
    for (let time = 0; time < times; time++) found += index.match(topic).length;
    assertCount("topics that are matched", found, times);
    return Promise.resolve(times / (performance.now() - startedMs) * 1_000);
  };
  return {
    name: "a topic of 16 segments matched, one pattern",
    unit: "topics/s",
    subjects: { [hostile]: () => rate(hostile), [literal]: () => rate(topic) },
    compare: [[hostile, literal]],
  };
}

/** Of the system in Python that this replaces, measured on such a machine: a fixed figure, no part of this run. */
const PYTHON_MATCHES_PER_SECOND = 600_000;

function singleBench(times: number): Bench {
  const [ours, python] = ["matchTopic", "Python system that this replaces, as measured once"];
  const pattern = "sales.*.eu.**";
  return {
    name: "one topic matched against one pattern",
    unit: "matches/s",
    subjects: {
      [ours]: () => {
        const topics = topicLoad(1_000).draw("uniform", times).map((topic) => `sales.x.eu.${topic}`);
        const startedMs = performance.now();
        let found = 0;
        for (const topic of topics) if (matchTopic(pattern, topic)) found++;
        assertCount("topics that are matched", found, times);
        return Promise.resolve(times / (performance.now() - startedMs) * 1_000);
      },
      [python]: () => Promise.resolve(PYTHON_MATCHES_PER_SECOND),
    },
    compare: [[ours, python]],
  };
}
