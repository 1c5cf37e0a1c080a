/** Where a module touches the machine: its time, its timers, its chance, its files and processes. */

/** Modules of Node that compute and nothing else. */
const PURE_NODE_MODULES: readonly string[] = ["node:crypto"];

const USES: readonly string[] = [
  'MemberExpression[object.name="Deno"]',
  'MemberExpression[object.name="globalThis"][property.name=/^(Deno|crypto|performance|(set|clear)[A-Z]\\w+)$/]',
  "CallExpression[callee.name=/^(setTimeout|setInterval|setImmediate)$/]",
  'CallExpression[callee.object.name="AbortSignal"][callee.property.name="timeout"]',
  'MemberExpression[object.name=/^(Date|performance)$/][property.name="now"]',
  'NewExpression[callee.name="Date"][arguments.length=0]',
  'MemberExpression[object.name="Math"][property.name="random"]',
  'MemberExpression[object.name="crypto"][property.name=/^(random|getRandom)/]',
  'ImportDeclaration[source.value="node:crypto"] ImportSpecifier[imported.name=/^random/]',
];

/** How such a use looks as text. Parsing, which tells code from comments, strings and types, is the slow part. */
const LOOKS_LIKE_USE =
  /\bDeno\.|\bglobalThis\.|\bset(Timeout|Interval|Immediate)\(|AbortSignal\.timeout|(Date|performance)\.now|new Date\(\)|Math\.random|crypto\.(random|getRandom)|"node:/;

/** What in a module's source touches the machine, as it is written there. */
export function machineUsesOf(path: string, source: string): readonly string[] {
  if (!LOOKS_LIKE_USE.test(source)) return [];
  return Deno.lint.runPlugin(plugin, path, source).map(({ message }) => message);
}

const plugin: Deno.lint.Plugin = {
  name: "house",
  rules: {
    "machine-use": {
      create(context) {
        const report = (node: Deno.lint.Node): void =>
          context.report({ node, message: context.sourceCode.getText(node) });
        return {
          ...Object.fromEntries(USES.map((use) => [use, report])),
          ImportDeclaration(node) {
            const from = node.source.value;
            if (node.importKind === "type" || !from.startsWith("node:")) return;
            if (!PURE_NODE_MODULES.includes(from)) report(node.source);
          },
        };
      },
    },
  },
};
