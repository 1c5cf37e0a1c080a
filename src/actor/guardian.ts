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

/** Watches over children. What concerns one child, or one group, is dealt with one after the other. */
export class Guardian {
  readonly #policy: Policy;
  readonly #ports: GuardianPorts;
  /** In the order in which they were started. */
  readonly #children: Child[] = [];
  /** What a child said before it was in this guardian's care: a start may be followed at once by a failure. */
  readonly #early = new WeakMap<Child, () => void>();
  readonly #budgets = new Map<Child | undefined, RestartBudget>();
  /** Children that are down already, on their way up again: their failures are known. */
  readonly #down = new Set<Child>();
  /** Children whose restart has not begun. */
  readonly #due = new Set<Child>();
  /** The latest restart of each child, or of the group. */
  readonly #work = new Map<Child | undefined, Promise<void>>();
  /** How to go on with those about whom somebody else was asked to decide. */
  readonly #asked = new Map<Child, () => void>();
  /** Ends the waits for restarts. */
  readonly #wakes = new Set<() => void>();
  #closed = false;

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
    this.#early.get(child)?.();
  }

  /** A child is gone. */
  remove(child: Child): void {
    const index = this.#children.indexOf(child);
    if (index >= 0) this.#children.splice(index, 1);
    else this.#early.set(child, () => this.remove(child));
    this.#budgets.delete(child);
    this.#work.delete(child);
    this.#down.delete(child);
    this.#due.delete(child);
    this.#asked.delete(child);
  }

  /** A child has failed, and waits for what is to become of it. */
  failed(child: Child, verb: string | undefined, error: WireError): void {
    if (this.#closed || this.#down.has(child)) return;
    if (!this.#children.includes(child)) {
      return void this.#early.set(child, () => this.failed(child, verb, error));
    }
    const directive = this.#decide(child, verb, error);
    if (directive === "resume") return child.resume();
    if (directive === "escalate") {
      return this.#escalate(child, error, "its parent was asked to decide", () => child.resume());
    }
    if (directive === "stop" || child.restart === "temporary") return void this.#end(child, error);
    this.#restart(child, error);
  }

  /** A child has stopped by itself, in good order: whether it is started again. */
  left(child: Child): boolean {
    if (this.#closed || child.restart !== "permanent") return false;
    if (this.#children.includes(child)) this.#restart(child, null);
    else this.#early.set(child, () => this.#restart(child, null));
    return true;
  }

  /** Whoever was asked to decide has decided to go on: so do the children that it was asked about. */
  resumed(): void {
    for (const [child, goOn] of [...this.#asked]) {
      this.#asked.delete(child);
      goOn();
    }
  }

  /** Ends all children, the last first; nothing is restarted any more. Gives the names of those given up. */
  async close(mode: StopMode): Promise<readonly string[]> {
    this.#closed = true;
    for (const wake of this.#wakes) wake();
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

  /** What a restart of this child counts for, and waits for: itself, or its group (`undefined`). */
  #scopeOf(child: Child): Child | undefined {
    return this.#policy.strategy === "one-for-one" ? child : undefined;
  }

  #restart(child: Child, error: WireError | null): void {
    this.#down.add(child);
    this.#due.add(child);
    const scope = this.#scopeOf(child);
    const before = this.#work.get(scope) ?? Promise.resolve();
    const work = before.then(() => this.#bringUp(child, error)).catch((cause) => {
      this.#ports.log.error("A guardian failed", { actor: child.name, error: toWire(cause) });
    });
    this.#work.set(scope, work);
  }

  /** Brings all down whom it concerns, waits, and brings them up again; as often as the budget allows. */
  async #bringUp(failed: Child, error: WireError | null): Promise<void> {
    // One that went down with its group meanwhile has come up with it.
    if (this.#closed || !this.#due.has(failed)) return;
    const group = concerned(this.#policy.strategy, this.#children, failed);
    await this.#takeDown(group);
    for (let reason = error;;) {
      if (this.#closed) return; // while it was brought down: nobody would wake it
      const delayMs = this.#budgetOf(failed).take(this.#ports.clock.now());
      if (delayMs === undefined) {
        for (const child of group) this.#down.delete(child);
        return this.#escalate(failed, reason, "it was restarted too often", () => {
          this.#budgets.delete(this.#scopeOf(failed));
          this.#restart(failed, reason);
        });
      }
      this.#ports.log.warn("An actor is restarted", { actor: failed.name, delayMs, error: reason });
      await this.#wait(delayMs);
      if (this.#closed) return;
      const trouble = await this.#revive(group);
      if (trouble === undefined) return;
      reason = trouble;
    }
  }

  async #takeDown(group: readonly Child[]): Promise<void> {
    for (const child of group) {
      this.#down.add(child);
      this.#due.delete(child);
    }
    for (const child of group.toReversed()) await child.halt();
  }

  /** Brings a group up, in order; if one does not start, all are brought down again. */
  async #revive(group: readonly Child[]): Promise<WireError | undefined> {
    for (const child of group) {
      // Temporary siblings go down with the others and stay there; some may have been told to stop meanwhile.
      if (!this.#children.includes(child)) continue;
      if (child.restart === "temporary") {
        await child.end("now", null);
        continue;
      }
      // It may fail before this guardian hears that it is up: at the first message that has waited for it.
      this.#down.delete(child);
      try {
        await child.revive();
      } catch (error) {
        await this.#takeDown(group.filter((one) => this.#children.includes(one)));
        return toWire(error);
      }
    }
    return undefined;
  }

  #budgetOf(child: Child): RestartBudget {
    const scope = this.#scopeOf(child);
    let budget = this.#budgets.get(scope);
    if (budget === undefined) {
      this.#budgets.set(scope, budget = new RestartBudget(this.#policy, this.#ports.random));
    }
    return budget;
  }

  async #end(child: Child, error: WireError): Promise<void> {
    this.#down.add(child);
    await child.end("now", error);
  }

  #escalate(child: Child, error: WireError | null, why: string, goOn: () => void): void {
    this.#asked.set(child, goOn);
    this.#ports.escalate(
      new MillraceError("actor/restart-limit", `Cannot keep actor "${child.name}" running as ${why}`, {
        details: { actor: child.name },
        ...(error === null ? {} : { cause: fromWire(error) }),
      }),
    );
  }

  #wait(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        cancel();
        this.#wakes.delete(wake);
        resolve();
      };
      const cancel = this.#ports.clock.after(delayMs, wake);
      this.#wakes.add(wake);
    });
  }
}
