export const step = { title: "x", rounds: 1, run: async () => [] };
