/** How often a training looks at validation images, the last time at its end. */
export const looks = 5;

/** Images that it looks at, at most; spread evenly over the validation data. */
export const lookImages = 32;

/**
 * What an AP on the way was measured on, in words.
 * @param images of the validation data; undefined where nobody knows how many there are
 */
export function lookedAt(images: number | undefined): string {
  if (images === undefined) return `at most ${lookImages} validation images`;
  return images <= lookImages ? `the ${images} validation images` : `${lookImages} of the ${images} validation images`;
}
