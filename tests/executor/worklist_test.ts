import { assertEquals } from "@std/assert";
import { claimRest, type Claims, createClaims } from "../../src/executor/claims.ts";
import { Worklist } from "../../src/executor/worklist.ts";

interface Outcome {
  readonly of: string;
  readonly aborted: boolean;
  readonly dirty?: true;
}

/** A worklist of words: "…" stays until it is told to end, "!" leaves something behind. */
function createRig(claims: Claims | undefined) {
  const begun: string[] = [];
  const reports: string[][] = [];
  const laters: (() => void)[] = [];
  const open = new Map<string, () => void>();
  let nowMs = 0;
  const list = new Worklist<string, Outcome>({
    run: (word, call) => {
      begun.push(word);
      const outcome = (): Outcome => ({
        of: word,
        aborted: call.signal.aborted,
        ...(word.endsWith("!") ? { dirty: true as const } : {}),
      });
      if (word.startsWith("slow")) nowMs += 5;
      if (!word.endsWith("…")) return outcome();
      return new Promise((resolve) => open.set(word, () => resolve(outcome())));
    },
    ended: (ended) =>
      void reports.push(
        ended.map(([number, { of, aborted }]) => `${number} ${of}${aborted ? " aborted" : ""}`),
      ),
    later: (fn) => void laters.push(fn),
    now: () => nowMs,
  }, claims);
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();
  };
  return {
    list,
    begun,
    reports,
    settle,
    end: (word: string) => open.get(word)!(),
    turn: async () => {
      for (const fn of laters.splice(0)) fn();
      await settle();
    },
  };
}

Deno.test("Worklist does one after the other, and reports all that ends together at once", async () => {
  const { list, begun, reports, settle, end } = createRig(createClaims());
  list.give(0, ["a", "b", "c…", "d"]);
  list.give(4, ["e"]);
  await settle();
  assertEquals(begun, ["a", "b", "c…"]);
  end("c…");
  await settle();
  assertEquals(begun, ["a", "b", "c…", "d", "e"]);
  assertEquals(reports, [["0 a", "1 b", "2 c…", "3 d", "4 e"]]);
});

Deno.test("Worklist reports what has ended while something long goes on", async () => {
  const { list, reports, settle, turn } = createRig(createClaims());
  list.give(0, ["a", "long…"]);
  await settle();
  assertEquals(reports, []);
  await turn();
  assertEquals(reports, [["0 a"]]);
});

Deno.test("Worklist lets messages in between what computes for long", async () => {
  const { list, begun, reports, turn, settle } = createRig(createClaims());
  list.give(0, ["slow a", "slow b"]);
  await settle();
  assertEquals([begun, reports], [["slow a"], [["0 slow a"]]]);
  await turn();
  assertEquals([begun, reports.length], [["slow a", "slow b"], 2]);
});

Deno.test("Worklist leaves out what was taken back", async () => {
  const claims = createClaims();
  const { list, begun, reports, settle, end } = createRig(claims);
  list.give(0, ["long…", "b", "c"]);
  assertEquals(claimRest(claims, 3), 1);
  list.give(3, ["d"]);
  end("long…");
  await settle();
  assertEquals(begun, ["long…", "d"]);
  assertEquals(reports, [["0 long…", "3 d"]]);
});

Deno.test("Worklist calls off what runs and what waits", async () => {
  const { list, begun, reports, settle, end } = createRig(createClaims());
  list.give(0, ["a…", "b", "c"]);
  list.cancel(0);
  list.cancel(2);
  list.cancel(7);
  end("a…");
  await settle();
  assertEquals(begun, ["a…", "b", "c"]);
  assertEquals(reports, [["0 a… aborted", "1 b", "2 c aborted"]]);
});

Deno.test("Worklist begins nothing more where something was left behind", async () => {
  const { list, begun, reports, settle } = createRig(createClaims());
  list.give(0, ["a!", "b"]);
  await settle();
  list.give(2, ["c"]);
  await settle();
  assertEquals([begun, reports], [["a!"], [["0 a!"]]]);
});

Deno.test("Worklist without claims does everything at once", async () => {
  const { list, begun, reports, settle, end, turn } = createRig(undefined);
  list.give(0, ["a…", "b…"]);
  list.give(2, ["c"]);
  assertEquals(begun, ["a…", "b…", "c"]);
  end("b…");
  await settle();
  await turn();
  assertEquals(reports, [["2 c", "1 b…"]]);
  list.cancel(0);
  end("a…");
  await settle();
  await turn();
  assertEquals(reports[1], ["0 a… aborted"]);
});
