/**
 * The routes of one trigger, for an application of one's own.
 *
 * @module
 */
import type { Fired, TriggerView } from "../trigger/port.ts";
import { problemOf, problemResponse } from "./problem.ts";
import { createRouter } from "./router.ts";
import { fireRoute, statusRoute } from "./routes/triggers.ts";

/** What the routes need of a trigger; `app.scheduler.trigger(name)` gives it. */
export interface TriggerHook {
  /** Its name. */
  readonly name: string;
  /** Fires it; resolves once the event is accepted. */
  fire(data: unknown, request: { readonly headers: Headers; readonly raw: Uint8Array }): Promise<Fired>;
  /** How it does. */
  status(): Promise<TriggerView>;
}

/** The longest body that is read, in bytes. */
const MAX_BODY_BYTES = 1024 * 1024;

/**
 * Makes the routes of one trigger: `POST …/trigger` with `{"data": …}` fires it, `GET …/status` tells how it
 * does. Only the last part of the path counts, so they can be mounted under any prefix. Who may call them is
 * the application's business; `verify` of the trigger is asked as always.
 *
 * @param hook The trigger.
 * @returns What a Hono application, or any server, calls with a request; never rejects.
 * @example In a server of one's own
 * ```ts ignore
 * import { createTriggerRoutes, openPlatform } from "@millrace/millrace";
 *
 * await using app = await openPlatform({ modules: [import.meta.resolve("./pipelines.ts")] });
 * const routes = createTriggerRoutes(app.scheduler.trigger("hook"));
 * Deno.serve((request) => routes.fetch(request)); // or: hono.mount("/hooks/orders", routes.fetch)
 * ```
 */
export function createTriggerRoutes(hook: TriggerHook): { fetch(request: Request): Promise<Response> } {
  const router = createRouter([
    fireRoute("/trigger", () => hook.name, (_name, data, request) => hook.fire(data, request)),
    statusRoute("/status", () => hook.name, () => hook.status()),
  ], MAX_BODY_BYTES);
  return {
    async fetch(request) {
      const url = new URL(request.url);
      url.pathname = url.pathname.slice(url.pathname.replace(/\/+$/, "").lastIndexOf("/"));
      try {
        return await router(new Request(url, request));
      } catch (error) {
        return problemResponse(problemOf(error));
      }
    },
  };
}
