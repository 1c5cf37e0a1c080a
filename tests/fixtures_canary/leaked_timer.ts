/** A test that leaves a timer behind: run by a test, in a process of its own. */
Deno.test("leaves a timer behind", () => {
  setTimeout(() => {}, 60_000);
});
