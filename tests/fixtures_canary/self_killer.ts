/** Without any permission: computes without end, while a thread of its own knows its parent and ends the process. */
const code = `if (Deno.ppid > 0) Deno.kill(Deno.pid, "SIGKILL")`;
new Worker(`data:text/javascript,${encodeURIComponent(`setTimeout(() => { ${code} })`)}`, { type: "module" });
setTimeout(() => {
  for (;;);
}, 10);
