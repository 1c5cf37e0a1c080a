/** Other libraries that run under Node: their packages are installed beside them on first use. */
import { connectPeer, type Peer } from "./peer.ts";

const folder = new URL("./", import.meta.url);

/** Starts one of the programs in this folder; resolves with the reason where it cannot be had. */
export async function openNodePeer(
  program: "pools.mjs" | "flows.mjs",
): Promise<Peer | { readonly missing: string }> {
  try {
    const install = await new Deno.Command("npm", {
      args: ["install", "--no-audit", "--no-fund", "--no-package-lock", "--silent"],
      cwd: folder,
      stdout: "null",
      stderr: "piped",
    }).output();
    if (!install.success) return { missing: new TextDecoder().decode(install.stderr).trim() || "npm failed" };
    return await connectPeer(new Deno.Command("node", { args: [program], cwd: folder, ...PIPED }).spawn());
  } catch (error) {
    return { missing: error instanceof Error ? error.message : String(error) };
  }
}

const PIPED = { stdin: "piped", stdout: "piped", stderr: "piped" } as const;
