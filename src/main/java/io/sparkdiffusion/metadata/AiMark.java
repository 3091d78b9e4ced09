package io.sparkdiffusion.metadata;

/** The machine-readable mark of images made by a model. */
public final class AiMark {

  /** XMP's packet wrapper begins with a byte order mark (ISO 16684-1, 7.3.2). */
  private static final String PACKET =
      """
      <?xpacket begin="\uFEFF" id="W5M0MpCehiHzreSzNTczkc9d"?>
      <x:xmpmeta xmlns:x="adobe:ns:meta/">
       <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
        <rdf:Description rdf:about=""
          xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
          xmlns:xmp="http://ns.adobe.com/xap/1.0/">
         <Iptc4xmpExt:DigitalSourceType>http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia</Iptc4xmpExt:DigitalSourceType>
         <xmp:CreatorTool>Spark Diffusion</xmp:CreatorTool>
        </rdf:Description>
       </rdf:RDF>
      </x:xmpmeta>
      <?xpacket end="r"?>""";

  private AiMark() {}

  /** An XMP packet whose {@code DigitalSourceType} is {@code trainedAlgorithmicMedia}. */
  public static String xmp() {
    return PACKET;
  }
}
