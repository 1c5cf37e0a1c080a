import { assertEquals } from "@std/assert";
import { Room } from "../../src/broker/room.ts";
import { Tickets } from "../../src/broker/tickets.ts";

function room(missing = 1): Room {
  const room = new Room();
  for (let n = 0; n < missing; n++) room.wait();
  return room;
}

Deno.test("Room is free once every subscription that had none has taken the event", async () => {
  const two = room(2);
  let free = false;
  two.onFree(() => free = true);
  two.admit();
  assertEquals(free, false);
  two.admit();
  assertEquals(free, true);
  await two.free;
});

Deno.test("Tickets tell which events had room since they were asked last, all of one moment at once", async () => {
  const tickets = new Tickets();
  const [a, b, c] = [room(), room(), room()];
  const ticket = tickets.issue([[3, a], [5, b], [9, c]]);
  const news = tickets.news(ticket);
  b.admit();
  c.admit();
  assertEquals(await news, { free: [5, 9], ended: false });
  a.admit();
  assertEquals(tickets.size, 0, "nothing is left behind, whether anybody asks or not");
  assertEquals(await tickets.news(ticket), { free: [], ended: true });
});

Deno.test("Tickets tell of what had room before anybody asked", async () => {
  const tickets = new Tickets();
  const [a, b] = [room(), room()];
  const ticket = tickets.issue([[0, a], [1, b]]);
  a.admit();
  assertEquals(await tickets.news(ticket), { free: [0], ended: false });
  const last = tickets.news(ticket);
  b.admit();
  assertEquals(await last, { free: [1], ended: true });
});
