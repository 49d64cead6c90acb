import * as tf from "@tensorflow/tfjs-core";

type ConvInfo = tf.backend_util.Conv2DInfo;

/**
 * dL/dfilter[i, j] = Xᵢⱼᵀ · dY with Xᵢⱼ [B·OH·OW, I] the inputs that tap (i, j) has seen and dY [B·OH·OW, O]: one slice
 * and one matrix product a tap, so no more memory than the input once over.
 * @param x [B, H, W, I]
 * @param dy [B, OH, OW, O]
 * @returns [kh, kw, I, O]; the caller disposes it
 */
export function filterGradient(x: tf.Tensor4D, dy: tf.Tensor4D, info: ConvInfo): tf.Tensor4D {
  return tf.tidy(() => {
    const padded = pad(x, info);
    const rows = dy.shape[0] * info.outHeight * info.outWidth;
    const dyRows = tf.reshape(dy, [rows, info.outChannels]);
    const taps: tf.Tensor[] = [];
    for (let i = 0; i < info.filterHeight; i++) {
      for (let j = 0; j < info.filterWidth; j++) {
        taps.push(tf.tidy(() => tf.matMul(tf.reshape(seenByTap(padded, info, i, j), [rows, info.inChannels]), dyRows, true, false)));
      }
    }
    return tf.reshape<tf.Rank.R4>(tf.stack(taps), info.filterShape);
  });
}

function pad(x: tf.Tensor4D, { padInfo: { top, bottom, left, right } }: ConvInfo): tf.Tensor4D {
  return top + bottom + left + right === 0 ? x : tf.pad(x, [[0, 0], [top, bottom], [left, right], [0, 0]]);
}

function seenByTap(padded: tf.Tensor4D, info: ConvInfo, i: number, j: number): tf.Tensor4D {
  const { strideHeight, strideWidth, dilationHeight, dilationWidth, outHeight, outWidth } = info;
  const [top, left] = [i * dilationHeight, j * dilationWidth];
  const height = (outHeight - 1) * strideHeight + 1;
  const width = (outWidth - 1) * strideWidth + 1;
  const [batch, , , channels] = padded.shape;
  if (strideHeight === 1 && strideWidth === 1) return tf.slice(padded, [0, top, left, 0], [batch, height, width, channels]);
  return tf.stridedSlice(padded, [0, top, left, 0], [batch, top + height, left + width, channels], [1, strideHeight, strideWidth, 1]) as tf.Tensor4D;
}

/**
 * The filter with dilation − 1 zeros between its taps.
 * @param filter [kh, kw, I, O]
 * @returns [(kh − 1)·dh + 1, (kw − 1)·dw + 1, I, O]
 */
export function zeroStuffed(filter: tf.Tensor4D, dh: number, dw: number): tf.Tensor4D {
  const [kh, kw, inputs, outputs] = filter.shape;
  return tf.tidy(() => {
    const columns = tf.pad(tf.reshape(filter, [kh * kw, 1, inputs * outputs]), [[0, 0], [0, dw - 1], [0, 0]]);
    const rows = tf.pad(tf.reshape(columns, [kh, 1, kw * dw * inputs * outputs]), [[0, 0], [0, dh - 1], [0, 0]]);
    return tf.slice(tf.reshape<tf.Rank.R4>(rows, [kh * dh, kw * dw, inputs, outputs]), [0, 0, 0, 0], [(kh - 1) * dh + 1, (kw - 1) * dw + 1, inputs, outputs]);
  });
}
