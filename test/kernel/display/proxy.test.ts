import { describe, expect, it } from "vitest";
import { withoutProxy } from "../../../kernel/display/proxy.ts";

const traps = (): ProxyHandler<object> => new Proxy({}, { get: (_, trap) => () => { throw new Error(`ran ${String(trap)}`); } });

describe("what stands behind a proxy", () => {
  it("is found without running a trap, through several proxies, objects, arrays and functions", () => {
    for (const target of [{ a: 1 }, [1], () => 1, new Map()]) {
      expect(withoutProxy(new Proxy(new Proxy(target, traps()), traps()))).toBe(target);
    }
  });

  it("is nothing once the proxy is revoked, and anything else itself", () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    expect(withoutProxy(proxy)).toBeUndefined();
    const plain = {};
    expect([withoutProxy(plain), withoutProxy(5), withoutProxy(null)]).toEqual([plain, 5, null]);
  });

  it("leaves nothing behind", () => {
    const before = Reflect.ownKeys(globalThis).length;
    withoutProxy(new Proxy({}, {}));
    expect(Reflect.ownKeys(globalThis).length).toBe(before);
  });
});
