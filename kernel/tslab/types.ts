/** The versions a notebook runs with. */
export interface Versions {
  /** The release of tslab whose interface is provided. */
  tslab: string;
  typescript: string;
  node: string;
}

/** Shows contents of one MIME type each below the cell. */
export interface Display {
  /** Runs JavaScript in the page (JupyterLab runs it in trusted notebooks only). */
  javascript(content: string): void;
  /** Shows HTML as it is; values are not escaped. */
  html(content: string): void;
  markdown(content: string): void;
  /** Shows a formula, with its delimiters: `$x^2$`. */
  latex(content: string): void;
  svg(content: string): void;
  /** Shows a PNG file's bytes. */
  png(content: Uint8Array): void;
  /** Shows a JPEG file's bytes. */
  jpeg(content: Uint8Array): void;
  /** Shows a GIF file's bytes. */
  gif(content: Uint8Array): void;
  /** Shows a PDF file's bytes. */
  pdf(content: Uint8Array): void;
  text(content: string): void;
  /** Shows content of any MIME type; bytes are sent as base64. */
  raw(contentType: string, content: string | Uint8Array): void;
}
