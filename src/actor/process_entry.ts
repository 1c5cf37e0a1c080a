/**
 * How a process is told that it is to be a host.
 *
 * @module
 */

/** The first argument of a process that is to be a host. */
export const PROCESS_HOST = "--millrace-host";
