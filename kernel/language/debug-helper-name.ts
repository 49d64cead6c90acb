/** The global through which the debugger, which speaks from another thread, asks the main thread. */
export const debugHelperName = "__potstillDebug";
