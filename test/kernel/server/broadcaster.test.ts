import { afterEach, expect, it } from "vitest";
import { Subscriber, XPublisher } from "zeromq";
import { Broadcaster } from "../../../kernel/server/broadcaster.ts";

const sockets: { close(): void }[] = [];
afterEach(() => { for (const socket of sockets.splice(0)) socket.close(); });

let made = 0;

/** A publisher whose queues hold four messages, and a way to subscribe to it. */
async function publisher(stalled: () => void, patience: number): Promise<{ broadcaster: Broadcaster; subscribe: () => Promise<Subscriber> }> {
  const socket = new XPublisher({ sendHighWaterMark: 4, noDrop: true, linger: 0, verbosity: "allSubs" });
  sockets.push(socket);
  const address = `inproc://broadcaster-${++made}`;
  await socket.bind(address);
  const subscribe = async (): Promise<Subscriber> => {
    const subscriber = new Subscriber({ receiveHighWaterMark: 1, linger: 0 });
    sockets.push(subscriber);
    subscriber.connect(address);
    subscriber.subscribe();
    await socket.receive();
    return subscriber;
  };
  return { broadcaster: new Broadcaster(socket, stalled, patience), subscribe };
}

const number = (value: number): Uint8Array[] => [Buffer.from(String(value))];

it("waits for a subscriber that is slow, so that nothing is lost", async () => {
  const { broadcaster, subscribe } = await publisher(() => undefined, 60_000);
  const slow = await subscribe();
  for (let k = 0; k < 100; k++) broadcaster.send(number(k));
  const received: number[] = [];
  while (received.length < 100) received.push(Number((await slow.receive())[0].toString()));
  expect(received).toEqual(Array.from({ length: 100 }, (_, k) => k));
});

it("passes over a subscriber that does not read, once, and the others lose nothing; it is heard again when it reads", async () => {
  let stalls = 0;
  const { broadcaster, subscribe } = await publisher(() => { stalls++; }, 50);
  const [stalled, good] = [await subscribe(), await subscribe()];
  const received: number[] = [];
  void (async () => { for await (const [frame] of good) received.push(Number(frame.toString())); })().catch(() => undefined);
  for (let k = 0; k < 100; k++) broadcaster.send(number(k));
  await broadcaster.idle();
  expect(stalls).toBe(1);
  const late: number[] = [];
  for (let last = -1; last < 100; last = late.at(-1)!) {
    if (late.length < 5) late.push(Number((await stalled.receive())[0].toString()));
    else { broadcaster.send(number(100)); late.push(Number((await stalled.receive())[0].toString())); }
  }
  expect(late.slice(0, 5)).toEqual([0, 1, 2, 3, 4]);
  expect(late.at(-1)).toBe(100);
  expect(received.slice(0, 100)).toEqual(Array.from({ length: 100 }, (_, k) => k));
});

it("waits for nobody when it is closed", async () => {
  const { broadcaster, subscribe } = await publisher(() => undefined, 60_000);
  await subscribe();
  for (let k = 0; k < 20; k++) broadcaster.send(number(k));
  await broadcaster.close();
});
