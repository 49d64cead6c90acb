export const dispatch = { title: "x", rounds: 1, run: async () => [] };
