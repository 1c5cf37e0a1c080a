/**
 * A guardian: watches over the children of one actor, or of the system, and does what its policy says.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import { fromWire, MillraceError, toWire, type WireError } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import type { StopMode } from "./port.ts";
import { concerned, type Directive, type Policy, RestartBudget, type RestartType } from "./supervision.ts";

/** A child, wherever it lives. */
export interface Child {
  /** Its name. */
  readonly name: string;
  /** When it is started again. */
  readonly restart: RestartType;
  /** Goes on after a failure as if nothing had been. */
  resume(): void;
  /** Ends its incarnation and all under it; the mailbox stays. */
  halt(): Promise<void>;
  /** Starts the next incarnation; rejects if its start fails. */
  revive(): Promise<void>;
  /** Ends it for good; gives the names of those that had to be given up. */
  end(mode: StopMode, error: WireError | null): Promise<readonly string[]>;
}

/** What a guardian needs of its surroundings. */
export interface GuardianPorts {
  readonly clock: Clock;
  /** Gives a number from 0 to below 1. */
  readonly random: () => number;
  readonly log: Logger;
  /** The failure is too much for this guardian. */
  escalate(error: MillraceError<"actor/restart-limit">): void;
}

/** Watches over children. Failures are dealt with one after the other. */
export class Guardian {
  readonly #policy: Policy;
  readonly #ports: GuardianPorts;
  /** In the order in which they were started. */
  readonly #children: Child[] = [];
  readonly #budgets = new Map<Child | undefined, RestartBudget>();
  /** Children that are down already, on their way up again: their failures are known. */
  readonly #down = new Set<Child>();
  #work: Promise<void> = Promise.resolve();
  #closed = false;
  #wake: (() => void) | undefined;

  constructor(policy: Policy, ports: GuardianPorts) {
    this.#policy = policy;
    this.#ports = ports;
  }

  /** The children, in the order in which they were started. */
  get children(): readonly Child[] {
    return this.#children;
  }

  /** Takes a child in its care. */
  add(child: Child): void {
    this.#children.push(child);
  }

  /** A child is gone. */
  remove(child: Child): void {
    const index = this.#children.indexOf(child);
    if (index >= 0) this.#children.splice(index, 1);
    this.#budgets.delete(child);
    this.#down.delete(child);
  }

  /** A child has failed, and waits for what is to become of it. */
  failed(child: Child, verb: string | undefined, error: WireError): void {
    if (this.#closed || this.#down.has(child) || !this.#children.includes(child)) return;
    const directive = this.#decide(child, verb, error);
    if (directive === "resume") return child.resume();
    if (directive === "escalate") return this.#escalate(child, error, "its parent was asked to decide");
    if (directive === "stop" || child.restart === "temporary") return void this.#end(child, error);
    this.#restart(child, error);
  }

  /** A child has stopped by itself, in good order: whether it is started again. */
  left(child: Child): boolean {
    if (this.#closed || child.restart !== "permanent") return false;
    this.#restart(child, null);
    return true;
  }

  /** Ends all children, the last first; nothing is restarted any more. Gives the names of those given up. */
  async close(mode: StopMode): Promise<readonly string[]> {
    this.#closed = true;
    this.#wake?.();
    const unstopped: string[] = [];
    for (const child of this.#children.toReversed()) unstopped.push(...await child.end(mode, null));
    return unstopped;
  }

  #decide(child: Child, verb: string | undefined, error: WireError): Directive {
    try {
      return this.#policy.decide({ actor: child.name, verb, error: fromWire(error) });
    } catch (cause) {
      this.#ports.log.error("A supervision could not decide", { actor: child.name, error: toWire(cause) });
      return "escalate";
    }
  }

  #restart(child: Child, error: WireError | null): void {
    this.#down.add(child);
    this.#work = this.#work.then(() => this.#bringUp(child, error)).catch((cause) => {
      this.#ports.log.error("A guardian failed", { actor: child.name, error: toWire(cause) });
    });
  }

  /** Brings all down whom it concerns, waits, and brings them up again; as often as the budget allows. */
  async #bringUp(failed: Child, error: WireError | null): Promise<void> {
    if (this.#closed || !this.#children.includes(failed)) return;
    const { strategy } = this.#policy;
    const group = concerned(strategy, this.#children, failed);
    for (const child of group) this.#down.add(child);
    for (const child of group.toReversed()) await child.halt();
    for (let reason = error;;) {
      const budget = this.#budgetOf(strategy === "one-for-one" ? failed : undefined);
      const delayMs = budget.take(this.#ports.clock.now());
      if (delayMs === undefined) {
        for (const child of group) this.#down.delete(child);
        return this.#escalate(failed, reason, "it was restarted too often");
      }
      this.#ports.log.warn("An actor is restarted", { actor: failed.name, delayMs, error: reason });
      await this.#wait(delayMs);
      if (this.#closed) return;
      const trouble = await this.#revive(group);
      if (trouble === undefined) return;
      reason = trouble;
    }
  }

  /** Brings a group up, in order; if one does not start, all are brought down again. */
  async #revive(group: readonly Child[]): Promise<WireError | undefined> {
    const up: Child[] = [];
    for (const child of group) {
      // Temporary siblings go down with the others and stay there; some may have been told to stop meanwhile.
      if (!this.#children.includes(child)) continue;
      if (child.restart === "temporary") {
        await child.end("now", null);
        continue;
      }
      // It may fail at what waits for it before the word that it is up gets here.
      this.#down.delete(child);
      try {
        await child.revive();
        up.push(child);
      } catch (error) {
        for (const one of group) this.#down.add(one);
        for (const one of [...up, child].toReversed()) await one.halt();
        return toWire(error);
      }
    }
    return undefined;
  }

  #budgetOf(child: Child | undefined): RestartBudget {
    let budget = this.#budgets.get(child);
    if (budget === undefined) {
      this.#budgets.set(child, budget = new RestartBudget(this.#policy, this.#ports.random));
    }
    return budget;
  }

  async #end(child: Child, error: WireError): Promise<void> {
    this.#down.add(child);
    await child.end("now", error);
  }

  #escalate(child: Child, error: WireError | null, why: string): void {
    this.#ports.escalate(
      new MillraceError("actor/restart-limit", `Cannot keep actor "${child.name}" running as ${why}`, {
        details: { actor: child.name },
        ...(error === null ? {} : { cause: fromWire(error) }),
      }),
    );
  }

  #wait(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#ports.clock.after(delayMs, resolve);
      this.#wake = () => {
        cancel();
        resolve();
      };
    });
  }
}
