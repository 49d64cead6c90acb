/** What the cells below use; `kept` must survive every interrupt. */
export const endlessSetup = "let kept = 41; const pause = (ms: number) => new Promise((done) => setTimeout(done, ms)); const { once } = await import('node:events');";

/** Cells that never end by themselves. After each the session must be as it was. */
export const endless: readonly [string, string][] = [
  ["a synchronous loop", "while (true) {}"],
  ["a synchronous loop after an await", "await pause(1); while (true) {}"],
  ["a synchronous loop after input and output", "const { readFile } = await import('node:fs/promises'); await readFile('connection.json'); for (;;) {}"],
  ["an await that nothing settles", "await new Promise(() => {})"],
  ["an await inside a function", "async function waits() { await pause(1e6) }\nawait waits()"],
  ["a loop in a timer", "await new Promise(() => { setTimeout(() => { while (true) {} }, 5) })"],
  ["a loop in an immediate", "await new Promise(() => { setImmediate(() => { while (true) {} }) })"],
  ["a loop in an immediate behind another", "let after = 'lost'; await new Promise(() => { setImmediate(() => {}); setImmediate(() => { while (true) {} }); setImmediate(() => { after = 'kept' }) })"],
  ["a loop that catches everything", "while (true) { try { while (true) {} } catch {} }"],
  ["a waiting loop that catches everything", "while (true) { try { await pause(20) } catch {} }"],
  ["a loop of microtasks", "async function spin() { while (true) await null }\nawait spin()"],
  ["an asynchronous generator that never waits", "async function* busy() { let n = 0; while (true) yield n++ }\nfor await (const _ of busy()) {}"],
  ["a regular expression", "/^(a+)+$/.test('a'.repeat(40) + 'b')"],
  ["Atomics.wait", "Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)"],
  ["a child process", "require('node:child_process').execSync('sleep 30')"],
  ["a loop that prints", "for (;;) console.log('x'.repeat(50))"],
];

const loopInWebAssembly = "new WebAssembly.Instance(new WebAssembly.Module(Uint8Array.of(0,97,115,109,1,0,0,0,1,4,1,96,0,0,3,2,1,0,7,5,1,1,102,0,0,10,9,1,7,0,3,64,12,0,11,11)))";

/** Cells that never end because of something outside their own JavaScript, or that flood the event loop. */
export const busyElsewhere: readonly [string, string][] = [
  ["a loop of native work (crypto)", "for (;;) require('node:crypto').pbkdf2Sync('a', 'b', 20_000, 64, 'sha512')"],
  ["one long piece of native work", "require('node:crypto').pbkdf2Sync('a', 'b', 1_000_000, 64, 'sha512'); for (;;);"],
  ["a loop of native work (zlib)", "for (;;) require('node:zlib').gzipSync(Buffer.alloc(2e6, 'abc'))"],
  ["native work on other threads, over and over", "const { promisify } = await import('node:util'); const zip = promisify(require('node:zlib').gzip); for (;;) await zip(Buffer.alloc(2e6))"],
  ["a child process that is awaited", "const child = require('node:child_process').spawn('sleep', ['30']); try { await once(child, 'exit') } finally { child.kill() }"],
  ["an import that does not come", "await import('data:text/javascript,await new Promise(() => {})')"],
  ["a stream that stays empty", "const { PassThrough } = await import('node:stream'); for await (const _ of new PassThrough()) {}"],
  ["a web stream that stays empty", "await new Response(new ReadableStream({})).text()"],
  ["a request that is not answered", "const server = require('node:http').createServer(() => {}).listen(0); try { await fetch(`http://127.0.0.1:${server.address().port}`) } finally { server.closeAllConnections(); server.close() }"],
  ["WebAssembly", `${loopInWebAssembly}.exports.f()`],
  ["arithmetic with large integers", "const large = 3n ** 400_000n; for (;;) large % (7n ** 100_000n)"],
  ["deep recursion that catches its overflow", "function dig(n: number): number { try { return dig(n + 1) } catch { return dig(n) } }\ndig(0)"],
  ["a comparison in a sort", "[3, 1, 2].sort(() => { for (;;); })"],
  ["a flood of microtasks", "await new Promise(() => { const again = () => { Promise.resolve().then(again) }; again() })"],
  ["a flood of ticks", "await new Promise(() => { const again = () => { process.nextTick(again) }; again() })"],
  ["a flood of immediates", "let flood = true; try { await new Promise(() => { const again = () => { if (flood) setImmediate(again) }; again() }) } finally { flood = false }"],
  ["a flood of timers", "let timers = true; try { await new Promise(() => { const again = () => { if (timers) setTimeout(again, 0) }; again() }) } finally { timers = false }"],
  ["a busy worker", "const { Worker } = await import('node:worker_threads'); const worker = new Worker('for (;;);', { eval: true }); try { await once(worker, 'exit') } finally { await worker.terminate() }"],
  ["a result that shows itself for ever", "({ [Symbol.for('Jupyter.display')]() { for (;;); } })"],
  ["a result whose bundle never comes", "({ [Symbol.for('Jupyter.display')]: () => new Promise(() => {}) })"],
  ["a display whose bundle never comes", "display({ [Symbol.for('Jupyter.display')]: () => new Promise(() => {}) })"],
  ["a display that loops after a pause", "display({ async [Symbol.for('Jupyter.display')]() { await pause(1); for (;;); } })"],
  ["a thrown object whose text never comes", "throw { [Symbol.for('nodejs.util.inspect.custom')]() { for (;;); } }"],
];
