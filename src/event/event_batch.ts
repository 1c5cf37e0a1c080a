/**
 * Many events in one message: what they are, in columns, beside the data of all of them as one text. Whoever only
 * routes events reads the columns and cuts the text; whoever reads events parses all of it at once.
 *
 * @module
 */
import type { EncodedEvent, MillraceEvent } from "./event.ts";

/** Events as they travel between threads. */
export interface EventBatch {
  /** The columns, as JSON. */
  readonly heads: string;
  /** A JSON array of the data of each event. */
  readonly data: string;
}

/** Values of one field: a single one if all are the same, else distinct ones and which of them each event has. */
type Column = readonly [value: unknown] | readonly [values: readonly unknown[], of: readonly number[]];

/** Ids, times less the first one, the first one, lengths of data, then a column for each of {@linkcode FIELDS}. */
type Heads = readonly [
  ids: readonly string[],
  times: readonly number[],
  firstMs: number,
  lengths: readonly number[],
  columns: readonly Column[],
];

/** Fields that many events share; those from `hops` on may be absent. */
const FIELDS = ["topic", "source", "hops", "key", "traceparent", "sequence"] as const;
const OPTIONAL = 2;

/** Packs events, in order. */
export function encodeBatch(events: readonly EncodedEvent[]): EventBatch {
  const count = events.length;
  const firstMs = events[0]?.timeMs ?? 0;
  const ids = new Array<string>(count);
  const times = new Array<number>(count);
  const lengths = new Array<number>(count);
  const data = new Array<string>(count);
  for (let index = 0; index < count; index++) {
    const event = events[index]!;
    ids[index] = event.id;
    times[index] = event.timeMs - firstMs;
    lengths[index] = event.data.length;
    data[index] = event.data;
  }
  const columns = FIELDS.map((field) => columnOf(events, field));
  return {
    heads: JSON.stringify([ids, times, firstMs, lengths, columns] satisfies Heads),
    data: `[${data.join(",")}]`,
  };
}

/** Unpacks events whose data stays encoded. */
export function decodeBatch({ heads, data }: EventBatch): EncodedEvent[] {
  const read: Heads = JSON.parse(heads);
  const lengths = read[3];
  let end = 0;
  return eventsOf(read, (index) => {
    const start = end + 1; // after the bracket or the comma
    end = start + lengths[index]!;
    return data.slice(start, end);
  });
}

/** The ids alone. */
export function idsOf({ heads }: EventBatch): readonly string[] {
  return (JSON.parse(heads) as Heads)[0];
}

/** Unpacks events for their reader. */
export function readBatch({ heads, data }: EventBatch): MillraceEvent[] {
  const values: readonly unknown[] = JSON.parse(data);
  return eventsOf(JSON.parse(heads), (index) => values[index]);
}

function eventsOf<Data>([ids, times, firstMs, , columns]: Heads, dataOf: (index: number) => Data) {
  const [topics, sources] = columns as readonly Column[] & readonly [Column, Column];
  const optional: (readonly [field: string, column: Column])[] = [];
  for (let index = OPTIONAL; index < FIELDS.length; index++) {
    const column = columns[index]!;
    if (column.length === 2 || column[0] !== null) optional.push([FIELDS[index]!, column]);
  }
  const events = new Array<MillraceEvent<Data>>(ids.length);
  for (let index = 0; index < events.length; index++) {
    const event: { -readonly [Field in keyof MillraceEvent<Data>]: MillraceEvent<Data>[Field] } = {
      id: ids[index]!,
      topic: valueIn(topics, index) as string,
      timeMs: firstMs + times[index]!,
      source: valueIn(sources, index) as string,
      data: dataOf(index),
    };
    for (const [field, column] of optional) {
      const value = valueIn(column, index);
      if (value !== null) (event as unknown as Record<string, unknown>)[field] = value;
    }
    events[index] = event;
  }
  return events;
}

function columnOf(events: readonly EncodedEvent[], field: typeof FIELDS[number]): Column {
  const first = events[0]?.[field];
  let same = 1;
  while (same < events.length && events[same]![field] === first) same++;
  if (same >= events.length) return [first ?? null];
  const numbers = new Map<unknown, number>();
  const of = new Array<number>(events.length);
  for (let index = 0; index < events.length; index++) {
    const value = events[index]![field];
    let number = numbers.get(value);
    if (number === undefined) numbers.set(value, number = numbers.size);
    of[index] = number;
  }
  return [[...numbers.keys()].map((value) => value ?? null), of];
}

function valueIn(column: Column, index: number): unknown {
  return column.length === 1 ? column[0] : column[0][column[1][index]!];
}
