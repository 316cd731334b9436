// Smaller copies of an image, by libvips in its own threads: decoded once, turned upright, without metadata, never enlarged.
import type { Metadata } from 'sharp'

/** The image is at fault, and its message is for whoever sent it. */
export class ImageFault extends Error {
  override readonly name = 'ImageFault'
}

/** sharp's own default, 0x3FFF × 0x3FFF: the largest area that a WebP can have. */
export const imagePixelsMax = 16_383 ** 2
/** What a decoder may hold that cannot work in rows: room for 67 million pixels of 8-bit RGBA, and small beside a server's memory. */
const wholeBytesMax = 256 * 2 ** 20
/** The largest images that pass take about five seconds of one core; a slow machine gets ten times that. */
const secondsMax = 60
/** sharp's default too: the smallest files that people do not tell from the original at these sizes. */
const webpQuality = 80

let sharpOnce: ReturnType<typeof loadSharp> | null = null

/** Answers a WebP for each of `sides`, the longest side in pixels. Throws an ImageFault. The file is not read into memory as a whole. */
export async function shrinkImage<Name extends string>(
  path: string,
  sides: Readonly<Record<Name, number>>,
): Promise<{ name: Name; webp: Buffer }[]> {
  sharpOnce ??= loadSharp()
  const sharp = await sharpOnce
  const within = (side: number) => ({ width: side, height: side, fit: 'inside', withoutEnlargement: true }) as const
  try {
    // Of an animation, the first picture. Nothing is guessed where the bytes end too soon.
    const image = sharp(path, { limitInputPixels: imagePixelsMax, failOn: 'error', sequentialRead: true })
    refuseHuge(await image.metadata())
    const { data, info } = await image
      .timeout({ seconds: secondsMax })
      .autoOrient()
      .resize(within(Math.max(...Object.values<number>(sides))))
      .toColourspace('srgb')
      .raw()
      .toBuffer({ resolveWithObject: true })
    const raw = { width: info.width, height: info.height, channels: info.channels }
    const copies: { name: Name; webp: Buffer }[] = []
    for (const [name, side] of Object.entries<number>(sides))
      copies.push({
        name: name as Name,
        webp: await sharp(data, { raw }).resize(within(side)).webp({ quality: webpQuality }).toBuffer(),
      })
    return copies
  } catch (error) {
    throw error instanceof ImageFault ? error : toFault(error)
  }
}

async function loadSharp() {
  const { default: sharp } = await import('sharp')
  // One thread an image, and memory goes back after each instead of into a cache.
  sharp.concurrency(1)
  sharp.cache(false)
  // Every other decoder would be one more way in: libvips goes by the bytes, not by the type that was declared.
  sharp.block({ operation: ['VipsForeignLoad'] })
  sharp.unblock({
    operation: ['VipsForeignLoadJpeg', 'VipsForeignLoadPng', 'VipsForeignLoadWebp', 'VipsForeignLoadNsgif'],
  })
  return sharp
}

function refuseHuge({ width, height, depth, format, isProgressive }: Metadata): void {
  const whole = isProgressive || format === 'gif' || format === 'webp'
  const bytes = width * height * 4 * (depth === 'uchar' ? 1 : 2)
  if (whole && bytes > wholeBytesMax)
    throw new ImageFault(
      `The image has ${width} × ${height} pixels, too many for ${isProgressive ? 'an interlaced' : `a ${format}`} image.`,
    )
}

function toFault(error: unknown): ImageFault {
  const reason = error instanceof Error ? error.message : String(error)
  if (/pixel limit/.test(reason)) return new ImageFault(`The image has more than ${imagePixelsMax} pixels.`, { cause: error })
  if (/timeout/.test(reason))
    return new ImageFault(`The image took longer than ${secondsMax} seconds to decode.`, { cause: error })
  return new ImageFault('The image is broken: its bytes could not be decoded.', { cause: error })
}
