/** The actors of the contracts, and where every host finds them. */
import { inWorker } from "../../../src/actor/placement.ts";
import { driver } from "./fixtures_driver.ts";
import { referrer } from "./fixtures_referrer.ts";
import { relay, wideRelay } from "./fixtures_relay.ts";
import { source } from "./fixtures_source.ts";
import { light, narrow, slow, subject, wide } from "./fixtures_subject.ts";

const subjects = import.meta.resolve("./fixtures_subject.ts");
const subjectModule = () => import("./fixtures_subject.ts");
const relays = import.meta.resolve("./fixtures_relay.ts");
const relayModule = () => import("./fixtures_relay.ts");
const sources = import.meta.resolve("./fixtures_source.ts");
const sourceModule = () => import("./fixtures_source.ts");
const referrers = import.meta.resolve("./fixtures_referrer.ts");
const referrerModule = () => import("./fixtures_referrer.ts");
const drivers = import.meta.resolve("./fixtures_driver.ts");
const driverModule = () => import("./fixtures_driver.ts");

export const placedSubject = {
  definition: subject,
  placement: inWorker(subjects, "subject", subjectModule),
};
export const placedWide = { definition: wide, placement: inWorker(subjects, "wide", subjectModule) };
export const placedNarrow = { definition: narrow, placement: inWorker(subjects, "narrow", subjectModule) };
export const placedLight = { definition: light, placement: inWorker(subjects, "light", subjectModule) };
export const placedSlow = { definition: slow, placement: inWorker(subjects, "slow", subjectModule) };
export const placedDriver = { definition: driver, placement: inWorker(drivers, "driver", driverModule) };
export const placedRelay = { definition: relay, placement: inWorker(relays, "relay", relayModule) };
export const placedWideRelay = {
  definition: wideRelay,
  placement: inWorker(relays, "wideRelay", relayModule),
};
export const placedSource = { definition: source, placement: inWorker(sources, "source", sourceModule) };
export const placedReferrer = {
  definition: referrer,
  placement: inWorker(referrers, "referrer", referrerModule),
};
