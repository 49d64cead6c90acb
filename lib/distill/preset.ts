/** The letters of a name: `faster-rcnn-mmdet-resnet-50` begins as `fasterRcnn` does. */
const letters = (name: string) => name.toLowerCase().replace(/[^a-z0-9]/g, "");

/**
 * Whose published weights a method takes: the ones asked for; else those of the student's kind, which its name begins with
 * (of all detectors of two stages: Faster R-CNN's, unless they have their own); else the first of the table.
 * @throws RangeError when the table has no such entry
 */
export function presetOf<P extends object>(method: string, presets: P, { asked, student }: { readonly asked?: keyof P; readonly student: string }): keyof P & string {
  const kinds = Object.keys(presets) as (keyof P & string)[];
  if (asked !== undefined) {
    if (!Object.hasOwn(presets, asked)) throw new RangeError(`${method}: there is no preset ${JSON.stringify(asked)}; allowed: ${kinds.join(", ")}`);
    return asked as keyof P & string;
  }
  const own = kinds.find((kind) => ownsPreset(student, kind));
  return own ?? kinds.find((kind) => kind === "fasterRcnn" && letters(student).includes("rcnn")) ?? kinds[0];
}

/** Whether a preset is one for the student's own kind of detector. */
export function ownsPreset(student: string, kind: string): boolean {
  return letters(student).startsWith(letters(kind));
}
