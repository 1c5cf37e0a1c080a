import { assertEquals, assertStringIncludes } from "@std/assert";
import { deniedRight } from "../../src/executor/denied_right.ts";

const attempt = { task: "t", attempt: 2 };

function refusal(message: string, name = "NotCapable"): Error {
  return Object.assign(new Error(message), { name });
}

Deno.test("deniedRight names the right, its target and how to grant it", () => {
  for (
    const [message, right, target, how] of [
      [
        'Requires net access to "a.example:443", run again with the --allow-net flag',
        "net",
        "a.example:443",
        'net: ["a.example:443"]',
      ],
      ["Requires sys access, run again with the --allow-sys flag", "sys", "", "sys: true"],
      [
        'Requires read access to "/a, b/c", run again with the --allow-read flag',
        "read",
        "/a, b/c",
        'read: ["/a, b/c"]',
      ],
    ] as const
  ) {
    const error = deniedRight(refusal(message), attempt, true)!;
    assertEquals([error.code, error.details], [
      "task/permission-denied",
      { task: "t", attempt: 2, right, target },
    ]);
    assertStringIncludes(error.message, `add ${how} to the permissions of the task`);
  }
});

Deno.test("deniedRight speaks of the flags of the program where the task has no rights of its own", () => {
  const error = deniedRight(refusal('Requires env access to "HOME", run again'), attempt, false)!;
  assertStringIncludes(error.message, "start the program with --allow-env=HOME");
});

Deno.test("deniedRight finds a refusal among causes, and that of a dynamic import", () => {
  const inner = refusal('Requires read access to "/x.ts", run again with the --allow-read flag', "TypeError");
  assertEquals(
    deniedRight(new Error("outer", { cause: inner }), attempt, true)?.code,
    "task/permission-denied",
  );
});

Deno.test("deniedRight leaves every other error alone", () => {
  for (
    const thrown of [
      new Error('Requires net access to "x"'),
      new TypeError("Requires care"),
      "text",
      undefined,
    ]
  ) {
    assertEquals(deniedRight(thrown, attempt, true), undefined);
  }
});
