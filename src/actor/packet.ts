/**
 * Packets: what travels over the byte stream between a system and a host in a process of its own. A header of
 * nine bytes says how long a packet is, what it is, and over which link it goes; the rest is nobody's business
 * but the receiver's, so that whoever routes a packet never looks into it.
 *
 * @module
 */

/** What a packet holds. */
export const PacketType = {
  /** An order, or what a host says to its system. */
  Control: 0,
  /** A frame that is text. */
  Text: 1,
  /** A frame of parts. */
  Parts: 2,
} as const;

/** One of them. */
export type PacketType = typeof PacketType[keyof typeof PacketType];

/** A packet that has arrived; its body is valid until the next bytes are pushed. */
export interface Packet {
  readonly type: PacketType;
  /** The number of the link. */
  readonly link: number;
  readonly body: Uint8Array<ArrayBuffer>;
}

const HEADER_BYTES = 9;
/** A length beyond this is no length: something else has been written into the stream. */
const MAX_BODY_BYTES = 2 ** 31 - 1;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A packet with a body of bytes. */
export function bytesPacket(type: PacketType, link: number, body: Uint8Array): Uint8Array<ArrayBuffer> {
  const packet = new Uint8Array(HEADER_BYTES + body.length);
  packet.set(body, HEADER_BYTES);
  return withHeader(packet, type, link);
}

/** A packet with text in it. */
export function textPacket(link: number, text: string): Uint8Array<ArrayBuffer> {
  // Most text is ASCII; only where that guess fails it is encoded again.
  const packet = new Uint8Array(HEADER_BYTES + text.length);
  const { read } = encoder.encodeInto(text, packet.subarray(HEADER_BYTES));
  if (read < text.length) return bytesPacket(PacketType.Text, link, encoder.encode(text));
  return withHeader(packet, PacketType.Text, link);
}

/** The text of a body. */
export function textOf(body: Uint8Array): string {
  return decoder.decode(body);
}

function withHeader(
  packet: Uint8Array<ArrayBuffer>,
  type: PacketType,
  link: number,
): Uint8Array<ArrayBuffer> {
  const header = new DataView(packet.buffer);
  header.setUint32(0, packet.length - HEADER_BYTES);
  header.setUint8(4, type);
  header.setUint32(5, link);
  return packet;
}

/** Cuts a stream of bytes into packets, wherever it was cut up before. */
export class PacketReader {
  readonly #onPacket: (packet: Packet) => void;
  readonly #header = new Uint8Array(HEADER_BYTES);
  #headerFilled = 0;
  /** The body of a packet that has not arrived in full. */
  #body: Uint8Array<ArrayBuffer> | undefined;
  #bodyFilled = 0;

  /** @param onPacket Gets each packet as soon as it is complete. */
  constructor(onPacket: (packet: Packet) => void) {
    this.#onPacket = onPacket;
  }

  /**
   * Takes more bytes.
   *
   * @throws {RangeError} If they are no packets.
   */
  push(bytes: Uint8Array<ArrayBuffer>): void {
    let at = 0;
    while (at < bytes.length) {
      if (this.#body === undefined) at += this.#fillHeader(bytes, at);
      if (this.#headerFilled < HEADER_BYTES) return;
      at += this.#takeBody(bytes, at);
    }
  }

  #fillHeader(bytes: Uint8Array, at: number): number {
    const taken = bytes.subarray(at, at + HEADER_BYTES - this.#headerFilled);
    this.#header.set(taken, this.#headerFilled);
    this.#headerFilled += taken.length;
    return taken.length;
  }

  #takeBody(bytes: Uint8Array<ArrayBuffer>, at: number): number {
    const header = new DataView(this.#header.buffer);
    const [length, type] = [header.getUint32(0), header.getUint8(4)];
    if (type > PacketType.Parts || length > MAX_BODY_BYTES) {
      throw new RangeError(
        `Cannot read a packet as its type must be known: it is ${type}, of ${length} bytes`,
      );
    }
    const have = bytes.length - at;
    if (this.#body === undefined && have >= length) {
      this.#done(type as PacketType, header.getUint32(5), bytes.subarray(at, at + length));
      return length;
    }
    this.#body ??= new Uint8Array(length);
    const taken = bytes.subarray(at, at + length - this.#bodyFilled);
    this.#body.set(taken, this.#bodyFilled);
    this.#bodyFilled += taken.length;
    if (this.#bodyFilled === length) this.#done(type as PacketType, header.getUint32(5), this.#body);
    return taken.length;
  }

  #done(type: PacketType, link: number, body: Uint8Array<ArrayBuffer>): void {
    this.#headerFilled = 0;
    this.#body = undefined;
    this.#bodyFilled = 0;
    this.#onPacket({ type, link, body });
  }
}
