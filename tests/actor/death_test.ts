import { assert, assertEquals } from "@std/assert";
import { toWire } from "../../src/base/errors.ts";
import { Watchers } from "../../src/actor/death.ts";

/** A watcher that remembers what it hears. */
function listener() {
  const heard: string[] = [];
  return { heard, notify: (reason: string) => void heard.push(reason) };
}

const error = toWire(new Error("gone"));

Deno.test("Watchers say who is the first and the last to watch an actor: only then its host has to know", () => {
  const watchers = new Watchers();
  const [one, other] = [listener(), listener()];
  const actor = { host: 1, name: "a" };
  assert(watchers.add(actor, one));
  assert(!watchers.add(actor, other));
  assert(!watchers.remove(actor, one));
  assert(!watchers.remove(actor, one), "it was taken off before");
  assert(watchers.remove(actor, other));
  assert(!watchers.remove(actor, other));
  assert(watchers.add(actor, one));
});

Deno.test("Watchers hear once, and are forgotten then", () => {
  const watchers = new Watchers();
  const one = listener();
  watchers.add({ host: 1, name: "a" }, one);
  watchers.died(1, "a", "stopped", null);
  watchers.died(1, "a", "stopped", null);
  watchers.hostLost(1, error);
  assertEquals(one.heard, ["stopped"]);
});

Deno.test("Watchers of one host hear of its loss, and of no other's", () => {
  const watchers = new Watchers();
  const [one, eleven] = [listener(), listener()];
  watchers.add({ host: 1, name: "1/a" }, one);
  watchers.add({ host: 1, name: "b" }, one);
  watchers.add({ host: 11, name: "a" }, eleven);
  watchers.hostLost(1, error);
  assertEquals([one.heard, eleven.heard], [["host-lost", "host-lost"], []]);
});

Deno.test("Watchers know whom they watch in a host, children too", () => {
  const watchers = new Watchers();
  const one = listener();
  for (const name of ["a", "a/b", "1/c"]) watchers.add({ host: 1, name }, one);
  watchers.add({ host: 11, name: "d" }, one);
  assertEquals(watchers.namesOf(1), ["a", "a/b", "1/c"]);
  assertEquals(watchers.namesOf(2), []);
});

Deno.test("Watchers may watch again when they hear: that is a new watch", () => {
  const watchers = new Watchers();
  const actor = { host: 1, name: "a" };
  const heard: string[] = [];
  const again = {
    notify: (reason: string) => {
      heard.push(reason);
      watchers.add(actor, again);
    },
  };
  watchers.add(actor, again);
  watchers.died(1, "a", "stopped", null);
  assertEquals(heard, ["stopped"]);
  watchers.died(1, "a", "no-actor", null);
  assertEquals(heard, ["stopped", "no-actor"]);
});
