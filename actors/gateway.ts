/**
 * The gateway: serves the HTTP application. It talks to the rest of the cast by the same refs as any program.
 *
 * @module
 */
import { z } from "zod";
import { defineActor } from "../src/actor/define_actor.ts";
import { protocol } from "../src/actor/protocol.ts";
import type { HttpApp } from "../src/http/app.ts";
import { serveHttp } from "../src/http/serve.ts";

/** What the gateway is given. */
export interface GatewayOptions {
  /** The application. */
  readonly app: HttpApp;
  /** The port to start looking at; 0 for any. */
  readonly port: number;
  /** The address to listen on. */
  readonly hostname: string;
}

/** The gateway's protocol. */
export const gatewayProtocol = protocol("gateway", {
  /** Where it serves, and whether the wanted port was taken. */
  where: { in: z.void(), out: z.object({ url: z.string(), moved: z.boolean() }) },
});

/** The gateway. */
export const gateway = defineActor(gatewayProtocol, async (ctx, { app, port, hostname }: GatewayOptions) => {
  const server = await serveHttp((request) => app.fetch(request), {
    hostname,
    port,
    close: () => app.close(),
  });
  ctx.onStop(() => server.shutdown());
  const url = server.url.replace(/\/$/, "");
  return { where: () => ({ url, moved: server.moved }) };
});
