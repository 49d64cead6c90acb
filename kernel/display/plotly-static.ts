export async function plotlyToSvg(_f: unknown, _s: { width: number; height: number }): Promise<string> { throw new Error("x"); }
export async function plotlyToPng(_f: unknown, _s: { width: number; height: number }): Promise<Buffer> { throw new Error("x"); }
