package io.sparkdiffusion.image;

/**
 * What a file says around its pixels.
 *
 * @param format as ImageIO calls it
 * @param widthPixels of the stored image, which may have to be turned
 * @param heightPixels of the stored image
 * @param orientation EXIF's number; 1 where it is upright or nothing is said
 * @param plain the file with what its pixels need alone
 */
@SuppressWarnings("ArrayRecordComponent") // A borrowed buffer; files are not compared.
record ImageContainer(
    String format, int widthPixels, int heightPixels, int orientation, byte[] plain) {}
