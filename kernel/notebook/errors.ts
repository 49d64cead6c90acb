/** The file is no notebook of nbformat 4. */
export class NotebookFormatError extends Error {
  override name = "NotebookFormatError";
}

/** A parameter is unknown to the notebook, has an impossible name, or a value its language cannot say. */
export class ParameterError extends Error {
  override name = "ParameterError";
}
