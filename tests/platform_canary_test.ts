/**
 * What Millrace relies on in Deno's workers and messages, one fact a test. When one of these fails after an
 * update of Deno, nothing of ours broke: the ground moved. The comment says what that lets us, or makes us, do.
 */
import { assert, assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import { runDeno } from "./fixtures_canary/children.ts";
import { locks } from "./fixtures_canary/locks.ts";
import { startWorker } from "./fixtures_canary/workers.ts";

// If a program survives now: `worker.onerror` in src/actor/worker_transport.ts need not prevent anything.
Deno.test("worker: its uncaught error ends the program, even one that listens", async () => {
  for (const attitude of ["ignores", "listens"]) {
    const { code, stderr } = await runDeno(["run", "-A", "unguarded_parent.ts", attitude]);
    assertEquals(code, 1);
    assert(stderr.includes("Unhandled error in child worker"), stderr);
  }
});

// If it dies nevertheless: there is no safe host but a process. If `error` is there now: send no fault frames.
Deno.test("worker: a program that prevents the default survives, and is told no more than a message", async () => {
  const { code, stdout } = await runDeno(["run", "-A", "unguarded_parent.ts", "prevents"]);
  assertEquals(code, 0);
  assertEquals(JSON.parse(stdout), ["Uncaught TypeError: thrown", null]);
});

// If one is not contained: a host dies by user code; `installGuards` in src/actor/worker_host.ts must learn it.
Deno.test("worker: guards inside contain whatever is thrown, and see it as it is", async () => {
  using worker = startWorker("guarded_worker.ts");
  assertEquals(await worker.ask("throw"), { name: "TypeError", message: "thrown" });
  assertEquals(await worker.ask("reject"), { name: "TypeError", message: "rejected" });
  assertEquals(await worker.ask("timer"), { name: "TypeError", message: "thrown in a timer" });
  assertEquals((await worker.ask("uncloneable") as Error).name, "DataCloneError");
  assertEquals(await worker.ask("ping"), "pong");
  assertEquals(worker.errors, []);
});

// If it is there in the main thread, or not in a worker: actors/host.ts must tell them apart otherwise.
Deno.test("worker: WorkerGlobalScope says that a module is in one", async () => {
  assert(!("WorkerGlobalScope" in globalThis));
  using worker = startWorker("plain_worker.ts");
  assertEquals(await worker.ask("where"), "in a worker");
});

// If something arrives now: src/actor/worker_transport.ts can learn of a host's end without its announcement.
Deno.test("worker: close() and Deno.exit() in it end it without a word to the parent", async () => {
  for (const deed of ["close", "exit"]) {
    using worker = startWorker("plain_worker.ts");
    assertEquals(await worker.ask({ lock: `canary ${deed}` }), "holding");
    worker.tell(deed);
    // Its lock becomes free when it is gone: the sign that all it could have said has been said.
    await locks.request(`canary ${deed}`, () => {});
    assertEquals([worker.said, worker.errors], [[], []]);
    worker.tell("ping"); // the dead are told things as if they lived
  }
});

// If the announcement is lost: `installGuards` cannot tell of a host's end any more; a heartbeat must.
Deno.test("worker: code in it can be made to announce close() and Deno.exit()", async () => {
  using closing = startWorker("guarded_worker.ts");
  assertEquals(await closing.ask("close"), "leaving by close");
  using exiting = startWorker("guarded_worker.ts");
  assertEquals(await exiting.ask("exit"), "leaving by exit 7");
  using leaving = startWorker("guarded_worker.ts");
  assertEquals(await leaving.ask("process.exit"), "leaving by exit 8");
});

// If it is deaf: src/actor/worker_host.ts needs a port of its own for its orders.
Deno.test("worker: a listener hears messages beside the handler that other code sets", async () => {
  using worker = startWorker("guarded_worker.ts");
  worker.tell("own handler");
  assertEquals(await worker.ask("ping"), "pong");
});

// If they are lost: the hello of src/actor/worker_transport.ts must wait for a sign of the worker.
Deno.test("worker: messages that come before it is loaded wait for a handler set in its first turn", async () => {
  using worker = startWorker("plain_worker.ts");
  assertEquals(await worker.ask("ping"), "pong");
});

// If they wait now: `serveWorkerHost` may be called after a top-level await.
Deno.test("worker: messages that come before a handler set after a top-level await are lost", async () => {
  using worker = startWorker("late_worker.ts");
  assertEquals(await worker.ask("early"), "ready");
  assertEquals(await worker.ask("late"), "heard late");
});

// If it stops now: a lost thread is none, and src/executor/pool.ts can give one up without counting it.
// If Deno.exit() waits for it: the command line cannot end while a lost thread computes.
Deno.test("worker: terminate() does not stop a loop, Deno.exit() ends it with the process", async () => {
  const { code, stdout } = await runDeno(["run", "-A", "terminating_parent.ts"]);
  assertEquals([stdout, code], ["spinning", 5]);
});

// If the program survives now: `memoryMb` can be kept without isolation "process".
Deno.test("worker: the end of its memory is the end of the program", async () => {
  const smallHeap = "--v8-flags=--max-old-space-size=48";
  const { code, stderr } = await runDeno(["run", "-A", smallHeap, "hungry_parent.ts"]);
  assert(code !== 0);
  assert(stderr.includes("JavaScript out of memory"), stderr);
});

// If it fails: src/base/sync_limit.ts cannot keep `timeoutMs` of synchronous tasks; use a process for them.
Deno.test("node:vm: a time-out interrupts a loop in a worker, which then goes on working", async () => {
  using worker = startWorker("interrupted_worker.ts");
  const interrupted = { outcome: "ERR_SCRIPT_EXECUTION_TIMEOUT", ran: [] };
  assertEquals(await worker.ask("loop"), interrupted);
  assertEquals(await worker.ask("block"), interrupted);
  // If its `finally` runs now: an interrupted worker need not be recycled.
  assertEquals(await worker.ask("stubborn loop"), interrupted);
});

// If it is interrupted now: `callWithin` covers whole tasks, and an executor never hangs.
Deno.test("node:vm: a time-out does not cover what comes after an await", async () => {
  using worker = startWorker("interrupted_worker.ts");
  assertEquals(await worker.ask("loop after await"), { outcome: "finished", ran: [] });
});

// If a message waits longer: `watchSilence` in src/actor/signs_of_life.ts gives up hosts that have answered.
Deno.test("MessagePort: what has come while the thread was busy is heard before four timers in a row", async () => {
  const { port1, port2 } = new MessageChannel();
  let [heard, looks] = [false, 0];
  port2.onmessage = () => heard = true;
  port1.postMessage("came");
  const { promise: looked, resolve } = Promise.withResolvers<void>();
  const look = (): void => void (++looks === 4 ? resolve() : setTimeout(look));
  setTimeout(look);
  const endMs = performance.now() + 20;
  while (performance.now() < endMs);
  await looked;
  port1.close();
  port2.close();
  assert(heard);
});

// If they differ: `plainWeight` in src/actor/weigh.ts need not tell what JSON keeps from what clones only.
Deno.test("postMessage: Map, Set, Date, bigint, undefined, -0, typed arrays and cycles arrive as they are", async () => {
  const value: Record<string, unknown> = {
    ...{ map: new Map([[1, { a: 1n }]]), set: new Set(["a"]), date: new Date(7), none: undefined, zero: -0 },
    ...{
      nan: NaN,
      bytes: new Uint8Array([1, 2]),
      floats: new Float64Array([0.5]),
      error: new RangeError("own"),
    },
  };
  value.self = value;
  const { port1, port2 } = new MessageChannel();
  const { promise: arrived, resolve } = Promise.withResolvers<typeof value>();
  port2.onmessage = ({ data }) => resolve(data);
  port1.postMessage(value);
  const { self, ...rest } = await arrived;
  port1.close();
  port2.close();
  const { self: _, ...sent } = value;
  assertEquals(rest, sent);
  assert(Object.is(rest.zero, -0) && "none" in rest && rest.error instanceof RangeError);
  assert((self as typeof value).map === rest.map);
});

// If the whole buffer no longer crosses: what a view of a part weighs in src/actor/weigh.ts is what it costs.
Deno.test("postMessage: a view of a buffer takes the whole buffer along", () => {
  const view = structuredClone(new Uint8Array(new ArrayBuffer(1_024), 8, 4));
  assertEquals([view.byteOffset, view.byteLength, view.buffer.byteLength], [8, 4, 1_024]);
});

// If they cannot: hosts in workers talk by way of the main thread, without `connect` of the transport.
Deno.test("MessagePort: its two ends may live in two workers", async () => {
  using a = startWorker("plain_worker.ts");
  using b = startWorker("plain_worker.ts");
  const { port1, port2 } = new MessageChannel();
  a.tell({ listenLater: port1 }, [port1]);
  assertEquals(await b.ask({ say: "hello", to: port2 }, [port2]), "answered heard hello");
});

// If it is thrown elsewhere or later: `actor/uncloneable` in src/actor/peer.ts has to be found another way.
Deno.test("postMessage: what cannot be cloned throws at the sender, at once", () => {
  const { port1, port2 } = new MessageChannel();
  try {
    for (const value of [() => {}, Symbol("s"), Promise.resolve()]) {
      const error = assertThrows(() => port1.postMessage({ deep: [value] }), DOMException);
      assertEquals(error.name, "DataCloneError");
    }
  } finally {
    port1.close();
    port2.close();
  }
});

// If it survives now: errors could cross as they are, without `toWire` and `fromWire` of src/base/errors.ts.
Deno.test("postMessage: an error of a class of ours arrives as a plain Error without its fields", async () => {
  class CodedError extends Error {
    override name = "CodedError";
    code = "some/code";
  }
  const { port1, port2 } = new MessageChannel();
  const { promise: arrived, resolve } = Promise.withResolvers<unknown>();
  port2.onmessage = ({ data }) => resolve(data);
  port1.postMessage(new CodedError("gone", { cause: 1 }));
  const error = await arrived;
  port1.close();
  port2.close();
  assertInstanceOf(error, Error);
  assert(!(error instanceof CodedError));
  assertEquals([error.name, error.message, error.cause], ["Error", "gone", 1]);
  assertEquals((error as { code?: unknown }).code, undefined);
});

// If they are lost: src/actor/worker_transport.ts must not let a node post before the other side listens.
Deno.test("MessagePort: what comes before onmessage is set waits, in another thread too", async () => {
  using worker = startWorker("plain_worker.ts");
  const { port1, port2 } = new MessageChannel();
  port1.postMessage("early");
  worker.tell({ listenLater: port2 }, [port2]);
  const { promise: answer, resolve } = Promise.withResolvers<unknown>();
  port1.onmessage = ({ data }) => resolve(data);
  assertEquals(await answer, "heard early");
  port1.close();
});

// If there is an event now: a peer's end can be learnt from its port, without `peer-lost` orders.
Deno.test("MessagePort: its close() has no event on the other side, and posting to it is silent", async () => {
  using worker = startWorker("plain_worker.ts");
  const { port1, port2 } = new MessageChannel();
  const events: string[] = [];
  for (const type of ["close", "messageerror", "error"]) {
    port2.addEventListener(type, () => events.push(type));
  }
  port2.start();
  port1.close();
  port2.postMessage("to nobody");
  // Two ways through another thread and back: an event would have been here before.
  for (const _ of ["one", "two"]) assertEquals(await worker.ask("ping"), "pong");
  port2.close();
  assertEquals(events, []);
});
